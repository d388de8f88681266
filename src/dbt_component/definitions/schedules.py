"""Schedules, each with a job that runs exactly what dbt selects."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import dagster as dg

from dbt_component._dagster import UnresolvedAssetJobDefinition
from dbt_component.definitions.job_selection import JobSelection
from dbt_component.definitions.jobs import build_job
from dbt_component.definitions.scheduled_partitions import (
    latest_partition_keys,
    partitions_of_schedule,
)
from dbt_component.selection.criteria import SelectionCriteria

WHERE = "schedules in defs.yaml"
"""The place of a component's schedules, for errors of their ticks."""


def build_schedule(
    name: str,
    selection: JobSelection,
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

    If assets of the job have partitions, each tick requests a run of the partition that is the latest at the
    time of the tick.

    Args:
        name: The schedule's name.
        selection: What dbt selects.
        criteria: The selection in dbt's syntax, for errors.
        cron_schedule: A cron expression, or several.
        execution_timezone: Time zone of the cron expression. Default: UTC.
        default_status: Whether it runs until someone turns it on or off.
        tags: Tags of the runs.
        job_name: The job's name. Default: the schedule's name followed by ``_job``.
        description: Shown in Dagster's UI, for schedule and job.
        run_config: Run config of the launched runs.

    Raises:
        DefinitionError: There are neither assets nor checks, or it is not known which partition to request.
    """
    job = build_job(
        job_name or f"{name}_job",
        selection,
        criteria=criteria,
        tags=tags,
        description=description,
        owner="schedule",
        owner_name=name,
    )
    return schedule_job(
        name,
        job,
        partitions_defs=selection.partitions.values(),
        cron_schedule=cron_schedule,
        execution_timezone=execution_timezone,
        default_status=default_status,
        tags=tags,
        description=description,
        run_config=run_config,
        where=WHERE,
    )


def schedule_job(
    name: str,
    job: UnresolvedAssetJobDefinition,
    *,
    partitions_defs: Iterable[dg.PartitionsDefinition | None],
    cron_schedule: str | Sequence[str],
    execution_timezone: str | None = None,
    default_status: dg.DefaultScheduleStatus = dg.DefaultScheduleStatus.STOPPED,
    tags: Mapping[str, str] | None = None,
    description: str | None = None,
    run_config: dg.RunConfig | Mapping[str, Any] | None = None,
    where: str | None = None,
    may_be_static: bool = False,
) -> dg.ScheduleDefinition:
    """Builds a schedule of a job.

    Args:
        name: The schedule's name.
        job: The job.
        partitions_defs: Those of its assets, as far as they are known.
        cron_schedule: A cron expression, or several.
        execution_timezone: Time zone of the cron expression. Default: UTC.
        default_status: Whether it runs until someone turns it on or off.
        tags: Tags of the runs.
        description: Shown in Dagster's UI.
        run_config: Run config of the launched runs.
        where: The place where the schedule is written, for errors.
        may_be_static: Whether a tick requests all partitions if they are static; otherwise they are refused.

    Raises:
        DefinitionError: It is not known which partition to request.
    """
    known = partitions_of_schedule(name, partitions_defs, may_be_static=may_be_static)

    def requests(context: dg.ScheduleEvaluationContext) -> Iterator[dg.RunRequest | dg.SkipReason]:
        partitions_def = _partitions_now(context, job.name, known)
        if partitions_def is None:
            yield dg.RunRequest(run_config=run_config, tags=tags)
            return
        partitions_of_schedule(name, [partitions_def], where=where, may_be_static=may_be_static)
        keys = latest_partition_keys(partitions_def, context)
        if not keys:
            yield dg.SkipReason("There is no partition yet at the time of this tick.")
        for key in keys:
            yield dg.RunRequest(partition_key=key, run_key=key, run_config=run_config, tags=tags)

    return dg.ScheduleDefinition(
        name=name,
        job=job,
        cron_schedule=cron_schedule,
        execution_timezone=execution_timezone,
        default_status=default_status,
        execution_fn=requests,
        description=description,
        tags=dict(tags or {}),
    )


def _partitions_now(
    context: dg.ScheduleEvaluationContext, job_name: str, known: dg.PartitionsDefinition | None
) -> dg.PartitionsDefinition | None:
    """The partitions of the job, which may differ from ``known``: ``post_processing`` may change them."""
    try:
        repository = context.repository_def
    except dg.DagsterInvariantViolationError:  # evaluated without one, as a test may do
        return known
    return repository.get_job(job_name).partitions_def
