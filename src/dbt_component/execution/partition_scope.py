"""The run's partition as names for ``cli_args`` templates."""

import contextlib
from typing import Any

import dagster as dg

from dbt_component._dagster import DagsterInvalidPropertyError
from dbt_component.errors import CliArgsError
from dbt_component.execution.run_partition import RunPartition

NO_PARTITION = "\x00no partition\x00"
"""The text of a NoPartition, which marks the text around it as depending on a partition."""


def no_partition_scope() -> dict[str, Any]:
    """The names for the partition of a run that has none."""
    names = ("partition", "partition_key", "partition_key_range", "partition_time_window")
    return dict.fromkeys(names, NoPartition())


def partition_scope(
    context: dg.AssetExecutionContext, partitions_def: dg.PartitionsDefinition | None = None
) -> dict[str, Any]:
    """Names for the run's partition; each is a ``NoPartition`` where it does not apply.

    Args:
        context: The context of the run, or one that a test made with ``dg.build_asset_context``.
        partitions_def: The partitions of the op. A context that a test made does not know them.
    """
    scope = no_partition_scope()
    if not context.has_partition_key and not context.has_partition_key_range:
        return scope
    key_range = context.partition_key_range
    scope["partition_key_range"] = key_range
    scope["partition"] = _run_partition(context, key_range, partitions_def)
    if context.has_partition_key and key_range.start == key_range.end:
        scope["partition_key"] = context.partition_key
    elif key_range.start == key_range.end:
        scope["partition_key"] = key_range.start
    else:
        scope["partition_key"] = RangeHasNoKey(key_range)
    not_time_windows = (
        ValueError,
        dg.DagsterInvariantViolationError,
        dg.DagsterInvalidDefinitionError,
    )
    try:
        with contextlib.suppress(*not_time_windows):
            scope["partition_time_window"] = context.partition_time_window
    except DagsterInvalidPropertyError:  # the context was made by dg.build_asset_context
        if isinstance(partitions_def, dg.TimeWindowPartitionsDefinition):
            scope["partition_time_window"] = dg.TimeWindow(
                partitions_def.time_window_for_partition_key(key_range.start).start,
                partitions_def.time_window_for_partition_key(key_range.end).end,
            )
    return scope


def _run_partition(
    context: dg.AssetExecutionContext,
    key_range: dg.PartitionKeyRange,
    partitions_def: dg.PartitionsDefinition | None,
) -> "RunPartition | NoPartition":
    """The partitions of the run; ``NoPartition`` in a step whose assets have none, in a run of a partition."""
    with contextlib.suppress(DagsterInvalidPropertyError):
        partitions_def = context.assets_def.partitions_def
    if partitions_def is None:
        return NoPartition()
    if key_range.start == key_range.end:
        return RunPartition([key_range.start], partitions_def)
    with dg.partition_loading_context(dynamic_partitions_store=context.instance):
        return RunPartition(partitions_def.get_partition_keys_in_range(key_range), partitions_def)


class NoPartition:
    """Stands for the partition of an unpartitioned run. Every attribute, item, call and sum of it is itself."""

    def __getattr__(self, name: str) -> "NoPartition":
        if name.startswith("__"):
            raise AttributeError(name)
        return self

    def __getitem__(self, key: object) -> "NoPartition":
        return self

    def __call__(self, *args: object, **kwargs: object) -> "NoPartition":
        return self

    def __add__(self, other: object) -> "NoPartition":
        return self

    __radd__ = __sub__ = __rsub__ = __mod__ = __add__

    def __str__(self) -> str:
        return NO_PARTITION

    def __bool__(self) -> bool:
        return False


class RangeHasNoKey:
    """Stands for ``partition_key`` on a run over several partitions. Using it raises CliArgsError."""

    def __init__(self, key_range: dg.PartitionKeyRange) -> None:
        self._range = key_range

    def _refuse(self) -> Any:
        raise CliArgsError(
            f"partition_key has no single value: the run covers {self._range.start!r} to"
            f" {self._range.end!r}.",
            key="cli_args",
            hint="Use partition_key_range or partition_time_window, or set `op.backfill_policy:"
            " {type: multi_run}`.",
        )

    def __str__(self) -> str:
        return str(self._refuse())

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return self._refuse()
