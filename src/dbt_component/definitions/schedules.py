"""Schedules, each with a job that runs exactly what dbt selects."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

import dagster as dg

from dbt_component.definitions.jobs import build_job
from dbt_component.selection.criteria import SelectionCriteria


def build_schedule(
    name: str,
    asset_keys: Collection[dg.AssetKey],
    check_keys: Collection[dg.AssetCheckKey],
    *,
    criteria: SelectionCriteria,
    cron_schedule: str | Sequence[str],
    execution_timezone: str | None = None,
    default_status: dg.DefaultScheduleStatus = dg.DefaultScheduleStatus.STOPPED,
    tags: Mapping[str, str] | None = None,
    job_name: str | None = None,
    description: str | None = None,
    run_config: Mapping[str, Any] | None = None,
) -> dg.ScheduleDefinition:
    """Builds a schedule and its job.

    Args:
        name: The schedule's name.
        asset_keys: The assets of the selected nodes.
        check_keys: The checks of the selected tests.
        criteria: The selection that they come from, for errors.
        cron_schedule: A cron expression, or several.
        execution_timezone: Time zone of the cron expression. Default: UTC.
        default_status: Whether it runs until someone turns it on or off.
        tags: Tags of the runs.
        job_name: The job's name. Default: the schedule's name followed by ``_job``.
        description: Shown in Dagster's UI, for schedule and job.
        run_config: Run config of the launched runs.

    Raises:
        DefinitionError: There are neither assets nor checks.
    """
    job = build_job(
        job_name or f"{name}_job",
        asset_keys,
        check_keys,
        criteria=criteria,
        tags=tags,
        description=description,
        subject=f"Schedule {name!r}",
    )
    return dg.ScheduleDefinition(
        name=name,
        job=job,
        cron_schedule=cron_schedule,
        execution_timezone=execution_timezone,
        default_status=default_status,
        run_config=dict(run_config) if run_config else None,
        description=description,
        tags=dict(tags or {}),
    )
