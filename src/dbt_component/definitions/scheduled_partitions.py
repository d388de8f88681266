"""The partitions that a schedule requests: the latest at the time of its tick."""

from collections.abc import Iterable, Sequence

import dagster as dg

from dbt_component.errors import DefinitionError

_HINT = (
    "Leave these assets out with `exclude`, and schedule them in Python: a `dg.schedule` that requests runs with"
    " a `partition_key`, over `component.get_asset_selection(…)`."
)


def partitions_of_schedule(
    name: str,
    partitions_defs: Iterable[dg.PartitionsDefinition | None],
    *,
    where: str | None = None,
    may_be_static: bool = False,
) -> dg.PartitionsDefinition | None:
    """The partitions that the schedule's runs are of; ``None`` if no asset has partitions.

    Args:
        name: The schedule's name, for errors.
        partitions_defs: Those of its assets.
        where: The place where the schedule is written, for errors.
        may_be_static: Whether static partitions are accepted, all of which a tick then requests.

    Raises:
        DefinitionError: They have no latest partition, or the assets have different ones.
    """
    different = [found for found in dict.fromkeys(partitions_defs) if found is not None]
    if not different:
        return None
    if len(different) > 1:
        raise DefinitionError(
            f"Schedule {name!r} selects assets with different partitions, but a run is of one partition:"
            f" {', '.join(map(str, different))}.",
            where=where,
            hint="Write one schedule for each, with a `select` of its own.",
        )
    (only,) = different
    if isinstance(only, dg.TimeWindowPartitionsDefinition):
        return only
    if may_be_static and isinstance(only, dg.StaticPartitionsDefinition):
        return only
    if isinstance(only, dg.MultiPartitionsDefinition):
        dimensions = [dimension.partitions_def for dimension in only.partitions_defs]
        times = [d for d in dimensions if isinstance(d, dg.TimeWindowPartitionsDefinition)]
        if len(times) == 1:
            return only
    raise DefinitionError(
        f"Schedule {name!r} selects assets whose partitions have no latest one, so there is none to request:"
        f" {only}.",
        where=where,
        hint=_HINT,
    )


def latest_partition_keys(
    partitions_def: dg.PartitionsDefinition, context: dg.ScheduleEvaluationContext
) -> Sequence[str]:
    """The key of the latest partition at the time of the tick; of partitions with several dimensions all keys
    with the latest time; all keys of static partitions. Empty if there is none yet.

    As everywhere in Dagster, a partition exists once its time has passed, or earlier by its ``end_offset``.
    """
    store = context.instance if context.instance_ref is not None else None
    with dg.partition_loading_context(context.scheduled_execution_time, store):
        if isinstance(partitions_def, dg.StaticPartitionsDefinition):
            return partitions_def.get_partition_keys()
        if not isinstance(partitions_def, dg.MultiPartitionsDefinition):
            return [key] if (key := partitions_def.get_last_partition_key()) else []
        time = partitions_def.time_window_dimension
        latest = time.partitions_def.get_last_partition_key()
        if latest is None:
            return []
        return partitions_def.get_multipartition_keys_with_dimension_value(time.name, latest)
