"""The age of each source that `dbt source freshness` measures; dbt's own events do not contain it."""

from __future__ import annotations

from datetime import timezone
from typing import Any, Optional


def watch_freshness(measured: dict[str, dict[str, Any]]) -> None:
    """Fills ``measured`` with the age of each source by its unique id, before dbt reports the end of the source."""
    try:
        from dbt.task.freshness import FreshnessRunner

        original = FreshnessRunner.after_execute
    except (ImportError, AttributeError):
        return

    def after_execute(self: Any, result: Any) -> Any:
        if getattr(result, "max_loaded_at", None) is not None:
            measured[self.node.unique_id] = describe_freshness(result)
        return original(self, result)

    FreshnessRunner.after_execute = after_execute


def describe_freshness(result: Any) -> dict[str, Any]:
    """The fields of ``SourceAge``."""
    criteria = result.node.freshness
    return {
        "max_loaded_at": in_utc(result.max_loaded_at),
        "snapshotted_at": in_utc(result.snapshotted_at),
        "age_seconds": result.age,
        "warn_after": describe_limit(criteria.warn_after),
        "error_after": describe_limit(criteria.error_after),
        "filter": criteria.filter,
    }


def in_utc(time: Any) -> str:
    """A time in ISO format. dbt's times are in UTC, with or without saying so."""
    if time.tzinfo is None:
        time = time.replace(tzinfo=timezone.utc)
    return str(time.astimezone(timezone.utc).isoformat())


def describe_limit(limit: Any) -> Optional[str]:
    """An age such as ``12 hours``; ``None`` if the source has no such limit."""
    if limit is None or limit.count is None or limit.period is None:
        return None
    period = getattr(limit.period, "value", limit.period)
    return "%d %s%s" % (limit.count, period, "" if limit.count == 1 else "s")
