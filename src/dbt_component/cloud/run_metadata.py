"""Metadata about a run on the dbt platform, for each event that reports a node of it."""

from datetime import datetime, timezone
from typing import Any

import dagster as dg
import msgspec

from dbt_component.cloud.client.run import CloudRun
from dbt_component.dbt_process.events import NodeFinished

COMPLETED_AT = "dagster_dbt/completed_at_timestamp"
"""When the node ended. Events of the sensor have the time at which they are reported."""


def run_metadata(run: CloudRun) -> dict[str, Any]:
    """The run's page, job, environment and commit."""
    metadata: dict[str, Any] = {
        "run_url": dg.MetadataValue.url(run.url),
        "job": run.job_name or str(run.job_id),
        "environment": run.environment_name or str(run.environment_id),
    }
    if run.git_sha:
        metadata["commit"] = run.git_sha
    return metadata


def completed_at(finished: NodeFinished, *, otherwise: datetime | None) -> dict[str, Any]:
    """The time at which a node ended.

    Args:
        finished: dbt's report.
        otherwise: The time to use if dbt's report has none, as it does for skipped nodes.
    """
    time = _time(finished.finished_at) or otherwise
    return {} if time is None else {COMPLETED_AT: dg.MetadataValue.timestamp(time)}


def _time(text: str | None) -> datetime | None:
    """A time in UTC as ``NodeFinished`` has it: ISO without a zone; ``None`` if it is none."""
    try:
        found = msgspec.convert(text, datetime)
    except msgspec.ValidationError:
        return None
    return found if found.tzinfo else found.replace(tzinfo=timezone.utc)
