"""Whether an event of a run on the dbt platform is in Dagster's event log already.

It may be if the cursor was lost, or if Dagster's daemon ended between storing the events of a tick and its cursor.
"""

from collections.abc import Iterator, Mapping
from typing import Any

import dagster as dg

from dbt_component.cloud.run_metadata import COMPLETED_AT
from dbt_component.cloud.sensor.runless_events import RunlessEvent

_EVENTS_LOOKED_AT = 100
_IDENTITY = ("unique_id", "invocation_id", "run_url", COMPLETED_AT)


def is_reported(instance: dg.DagsterInstance, event: RunlessEvent) -> bool:
    """Whether one of the newest events of the same asset or check is about the same node of the same dbt command.

    Costs one query.
    """
    wanted = _identity(event.metadata)
    return any(_identity(metadata) == wanted for metadata in _newest(instance, event))


def _newest(
    instance: dg.DagsterInstance, event: RunlessEvent
) -> Iterator[Mapping[str, dg.MetadataValue[Any]]]:
    if isinstance(event, dg.AssetCheckEvaluation):
        history = instance.event_log_storage.get_asset_check_execution_history(
            event.asset_check_key, limit=_EVENTS_LOOKED_AT
        )
        for execution in history:
            if execution.evaluation is not None:
                yield execution.evaluation.metadata
    elif isinstance(event, dg.AssetMaterialization):
        found = instance.fetch_materializations(event.asset_key, limit=_EVENTS_LOOKED_AT)
        for record in found.records:
            if record.asset_materialization is not None:
                yield record.asset_materialization.metadata
    else:
        found = instance.fetch_observations(event.asset_key, limit=_EVENTS_LOOKED_AT)
        for record in found.records:
            if record.asset_observation is not None:
                yield record.asset_observation.metadata


def _identity(metadata: Mapping[str, dg.MetadataValue[Any]]) -> tuple[object, ...]:
    return tuple(metadata[key].value if key in metadata else None for key in _IDENTITY)
