"""A schedule that has nothing to launch until its definitions load again."""

from collections.abc import Mapping, Sequence

import dagster as dg


def build_idle_schedule(
    name: str,
    *,
    job: dg.JobDefinition,
    reason: str,
    cron_schedule: str | Sequence[str],
    execution_timezone: str | None = None,
    default_status: dg.DefaultScheduleStatus = dg.DefaultScheduleStatus.STOPPED,
    tags: Mapping[str, str] | None = None,
    description: str | None = None,
) -> dg.ScheduleDefinition:
    """Builds a schedule whose ticks are skipped. It keeps its name, so a schedule that was turned on stays on.

    Args:
        name: The schedule's name.
        job: A job, which is not launched.
        reason: Why its ticks are skipped.
        cron_schedule: A cron expression, or several.
        execution_timezone: Time zone of the cron expression. Default: UTC.
        default_status: Whether it runs until someone turns it on or off.
        tags: Tags of the runs.
        description: Shown in Dagster's UI.
    """
    return dg.ScheduleDefinition(
        name=name,
        job=job,
        cron_schedule=cron_schedule,
        execution_timezone=execution_timezone,
        default_status=default_status,
        execution_fn=lambda _context: dg.SkipReason(reason),
        description=description,
        tags=dict(tags or {}),
    )
