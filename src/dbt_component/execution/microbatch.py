"""Partitions as the event times of dbt's microbatch models.

See: https://docs.getdbt.com/docs/build/incremental-microbatch
"""

from collections.abc import Mapping
from datetime import datetime, time, timezone
from typing import Any

import dagster as dg

from dbt_component.errors import DefinitionError
from dbt_component.execution.run_partition import RunPartition

_FAR_AWAY = datetime(9000, 1, 1, tzinfo=timezone.utc)  # the first partition may lie in the future
_UTC = frozenset({"UTC", "Etc/UTC"})


def event_times(partition: object) -> Mapping[str, Any]:
    """The bounds of a run's partitions as run options; empty for a run without partitions.

    Args:
        partition: ``partition`` of the run's scope.
    """
    if not isinstance(partition, RunPartition):
        return {}
    return {
        "event_time_start": partition.start.for_dbt(),
        "event_time_end": partition.end.for_dbt(),
    }


def refuse_other_partitions(partitions_def: dg.PartitionsDefinition | None) -> None:
    """Refuses partitions whose bounds dbt can't take as event times.

    Raises:
        DefinitionError: There are no partitions of time, or days do not begin at midnight in UTC, as dbt's batches do.
    """
    times = _time_partitions(partitions_def)
    if times is None:
        raise DefinitionError(
            "`microbatch` needs partitions of time.",
            key="microbatch",
            hint="Set `partitions_def`, for example `{type: daily, start_date: …}`.",
        )
    with dg.partition_loading_context(_FAR_AWAY):
        window = times.get_first_partition_window()
    if window is None or times.timezone in _UTC:
        return
    if window.start.time() == time() and window.end.time() == time():
        raise DefinitionError(
            f"`microbatch` needs partitions in UTC, because dbt's batches are; these are in {times.timezone}.",
            key="partitions_def.timezone",
            hint="Remove `timezone`, or pass the bounds to models of your own with `vars`.",
        )


def _time_partitions(
    partitions_def: dg.PartitionsDefinition | None,
) -> dg.TimeWindowPartitionsDefinition | None:
    if isinstance(partitions_def, dg.TimeWindowPartitionsDefinition):
        return partitions_def
    if isinstance(partitions_def, dg.MultiPartitionsDefinition):
        for dimension in partitions_def.partitions_defs:
            if isinstance(dimension.partitions_def, dg.TimeWindowPartitionsDefinition):
                return dimension.partitions_def
    return None
