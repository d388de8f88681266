"""``schedules:`` of defs.yaml: each a job that launches exactly dbt's selection, and its schedule."""

from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass, field
from functools import reduce
from operator import or_
from typing import Any

import dagster as dg

from dbt_component.definitions.node_map import NodeMap
from dbt_component.errors import DefinitionError
from dbt_component.selection.criteria import SelectionCriteria


@dataclass(frozen=True)
class ScheduleSettings:
    """One entry of ``schedules:``."""

    name: str
    cron_schedule: str | Sequence[str]
    criteria: SelectionCriteria
    job_name: str
    execution_timezone: str | None = None
    default_status: dg.DefaultScheduleStatus = dg.DefaultScheduleStatus.STOPPED
    tags: Mapping[str, str] = field(default_factory=dict)
    description: str | None = None
    run_config: Mapping[str, Any] | None = None


def asset_selection_of(node_map: NodeMap, unique_ids: Set[str]) -> dg.AssetSelection:
    """The Dagster selection of exactly these nodes: their assets, and those of their checks chosen."""
    keys = [key for key, unique_id in node_map.asset_ids.items() if unique_id in unique_ids]
    checks = [key for key, unique_id in node_map.check_ids.items() if unique_id in unique_ids]
    parts: list[dg.AssetSelection] = []
    if keys:
        parts.append(dg.AssetSelection.assets(*keys).without_checks())
    if checks:
        parts.append(dg.AssetSelection.checks(*checks))
    return reduce(or_, parts) if parts else dg.AssetSelection.assets()


def build_schedule(
    settings: ScheduleSettings, node_map: NodeMap, unique_ids: Set[str]
) -> dg.ScheduleDefinition:
    """Builds job and schedule.

    Raises:
        DefinitionError: The selection holds nothing that this component defines.
    """
    selection = asset_selection_of(node_map, unique_ids & node_map.selected_ids)
    if not (unique_ids & ({*node_map.asset_ids.values()} | {*node_map.check_ids.values()})):
        raise DefinitionError(
            f"Schedule {settings.name!r} selects nothing: {settings.criteria}.",
            where="schedules in defs.yaml",
            hint="Check the selection with `dbt ls`; it is intersected with the component's own.",
        )
    job = dg.define_asset_job(
        settings.job_name,
        selection=selection,
        tags=dict(settings.tags),
        description=settings.description,
    )
    return dg.ScheduleDefinition(
        name=settings.name,
        job=job,
        cron_schedule=settings.cron_schedule,
        execution_timezone=settings.execution_timezone,
        default_status=settings.default_status,
        run_config=dict(settings.run_config) if settings.run_config else None,
        description=settings.description,
        tags=dict(settings.tags),
    )
