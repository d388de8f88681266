"""``build_schedule_from_dbt_selection``: a schedule and a job of what dbt selects in a definition."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import dagster as dg

from dbt_component.api.asset_specs import criteria_of
from dbt_component.api.assets_selection import DbtAssetsSelection
from dbt_component.api.bound_assets import BoundAssets, single_bound_assets
from dbt_component.definitions.idle_job import build_idle_job
from dbt_component.definitions.idle_schedule import build_idle_schedule
from dbt_component.definitions.job_selection import JobSelection
from dbt_component.definitions.jobs import refuse_nothing
from dbt_component.definitions.op_registry import bound_ops
from dbt_component.definitions.schedules import schedule_job
from dbt_component.selection.criteria import DEFAULT_SELECT, SelectionCriteria


def build_schedule_from_dbt_selection(
    dbt_assets: Sequence[dg.AssetsDefinition],
    job_name: str,
    cron_schedule: str | Sequence[str],
    dbt_select: str = DEFAULT_SELECT,
    dbt_exclude: str | None = None,
    dbt_selector: str | None = None,
    schedule_name: str | None = None,
    tags: Mapping[str, Any] | None = None,
    config: dg.RunConfig | Mapping[str, Any] | None = None,
    execution_timezone: str | None = None,
    default_status: dg.DefaultScheduleStatus = dg.DefaultScheduleStatus.STOPPED,
) -> dg.ScheduleDefinition:
    """A schedule whose job runs exactly what dbt selects in a definition.

    The selection is that of ``build_dbt_asset_selection``. The job also runs the selected tests that are checks
    of no asset. If the assets have partitions, each tick requests a run of the partition that is the latest at
    the time of the tick, or one of each partition if they are static, like
    ``dagster.build_schedule_from_partitioned_job``.

    If nothing matches a selection that compares with another environment, such as ``state:modified``, the ticks
    are skipped.

    dbt is asked at once (seconds; nothing for ``fqn:*``), once for all equal selections of a project.

    Args:
        dbt_assets: One definition, from ``@dbt_assets`` or a component, in a list.
        job_name: The job's name.
        cron_schedule: A cron expression, or several.
        dbt_select: Nodes to include, in dbt's syntax.
        dbt_exclude: Nodes to leave out, in dbt's syntax.
        dbt_selector: A selector of selectors.yml, instead of the two others.
        schedule_name: The schedule's name. Default: the job's name followed by ``_schedule``.
        tags: Tags of the job and its runs. Values other than text become JSON.
        config: Run config of the job and of the launched runs.
        execution_timezone: Time zone of the cron expression. Default: UTC.
        default_status: Whether it runs until someone turns it on or off.

    Raises:
        dagster.DagsterInvariantViolationError: There is not exactly one definition, or it was not made from a
            dbt project.
        SelectionError: dbt does not accept the selection.
        DefinitionError: It selects neither assets nor checks, or assets whose partitions have no latest one.
    """
    criteria = criteria_of(dbt_select, dbt_exclude, dbt_selector)
    bound = single_bound_assets(dbt_assets)
    name = schedule_name or f"{job_name}_schedule"
    selection = _selection_of(bound, criteria)
    if selection.is_empty and bound.op.prepared.compares(criteria):
        return build_idle_schedule(
            name,
            job=build_idle_job(job_name),
            reason=f"Nothing that the definition contains matches {criteria} now.",
            cron_schedule=cron_schedule,
            execution_timezone=execution_timezone,
            default_status=default_status,
        )
    refuse_nothing(f"Schedule {name!r}", selection, criteria=criteria, whole="the definition's")
    nodes = bound.op.nodes.with_job(job_name, selection.unique_ids)
    bound_ops.register(bound.assets_def.node_def, replace(bound.op, nodes=nodes))
    job = dg.define_asset_job(
        job_name, selection=DbtAssetsSelection(bound, criteria), tags=tags, config=config
    )
    return schedule_job(
        name,
        job,
        partitions_defs=selection.partitions.values(),
        cron_schedule=cron_schedule,
        execution_timezone=execution_timezone,
        default_status=default_status,
        run_config=config,
        may_be_static=True,
    )


def _selection_of(bound: BoundAssets, criteria: SelectionCriteria) -> JobSelection:
    ids = bound.op.prepared.select(criteria)
    asset_keys = [key for unique_id, key in bound.keys.items() if unique_id in ids]
    return JobSelection(
        asset_keys=asset_keys,
        check_keys=[key for unique_id, key in bound.check_keys.items() if unique_id in ids],
        loose_tests=sorted(ids & bound.op.nodes.loose_tests),
        partitions={key: bound.assets_def.specs_by_key[key].partitions_def for key in asset_keys},
        unique_ids=ids & bound.op.nodes.all_ids,
    )
