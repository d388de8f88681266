"""The freshness of one source as plain values, before any Dagster event."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from dbt_component.dbt_process.child.child_statuses import PASSED_STATUSES, WARNED
from dbt_component.dbt_process.events import NodeFinished
from dbt_component.manifest.node import Node

_STALE = "error"
_UNITS = ((86_400, "day"), (3_600, "hour"), (60, "minute"), (1, "second"))


def is_stale(finished: NodeFinished) -> bool:
    """Whether dbt measured the age of a source, and it is beyond ``error_after``."""
    return finished.freshness is not None and finished.status == _STALE


@dataclass(frozen=True)
class Measurement:
    """What dbt reported about a source; ``finished`` is ``None`` if it reported nothing.

    ``error`` says why nothing was measured; ``None`` if the age is known.
    """

    node: Node
    finished: NodeFinished | None
    error: str | None = None

    @classmethod
    def of(cls, node: Node, finished: NodeFinished) -> "Measurement":
        """The measurement that dbt reported."""
        if finished.freshness is not None:
            return cls(node, finished)
        return cls(node, finished, finished.message or f"dbt reported {finished.status!r}")

    @property
    def passed(self) -> bool:
        """Whether the source is fresh."""
        return self.finished is not None and self.finished.status in PASSED_STATUSES

    @property
    def is_warning(self) -> bool:
        """Whether the source is older than ``warn_after``, but not than ``error_after``."""
        return self.finished is not None and self.finished.status == WARNED

    @property
    def age(self) -> str | None:
        """The age for people; ``None`` if it is unknown or there is no row."""
        freshness = None if self.finished is None else self.finished.freshness
        if freshness is None or is_empty(freshness.max_loaded_at):
            return None
        return readable(freshness.age_seconds)

    @property
    def summary(self) -> str:
        """What is known, as the end of a sentence that begins with the source."""
        age = None if self.finished is None else self.finished.freshness
        if age is None:
            return f"has an unknown age: {self.error}"
        limits = {"warn_after": age.warn_after, "error_after": age.error_after}
        shown = ", ".join(f"{name}: {limit}" for name, limit in limits.items() if limit)
        state = "is fresh" if self.passed else "is old" if self.is_warning else "is stale"
        loaded = f"the last row was loaded {self.age} ago" if self.age else "no row has a time"
        return f"{state}: {loaded} ({shown})"


def is_empty(max_loaded_at: str) -> bool:
    """Whether dbt found no row, for which it reports the first time that Python knows."""
    return datetime.fromisoformat(max_loaded_at).year == 1


def readable(seconds: float) -> str:
    """An age by its two largest units, such as ``2 days 3 hours``; a time in the future has none."""
    left = int(timedelta(seconds=max(seconds, 0)).total_seconds())
    parts: list[str] = []
    for size, unit in _UNITS:
        number, left = divmod(left, size)
        if number:
            parts.append(f"{number} {unit}{'' if number == 1 else 's'}")
    return " ".join(parts[:2]) or "0 seconds"
