"""The partitions of an input, as conditions on the columns that its metadata names."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

import dagster as dg

from dbt_component.api.io.relation_query import PartitionCondition, Partitions
from dbt_component.errors import RelationLoadError

PARTITION_EXPR = "partition_expr"
"""The key of Dagster's own database IO managers: an SQL expression, or one for each dimension."""


def partitions_of(context: dg.InputContext, partition_expr: Any) -> Partitions | None:
    """The partitions of the input asset that the run loads; ``None`` for all of the relation.

    Args:
        context: The input. Its partitions follow from the run's partitions and the partition mapping.
        partition_expr: The value of ``partition_expr``; ``None`` if there is none.

    Raises:
        RelationLoadError: ``partition_expr`` does not fit the partitions.
    """
    if partition_expr is None or not context.has_asset_partitions:
        return None
    definition = context.asset_partitions_def
    keys = context.asset_partition_keys
    if isinstance(definition, dg.MultiPartitionsDefinition):
        return _multi(definition, keys, _expressions(definition, partition_expr))
    if not isinstance(partition_expr, str):
        raise RelationLoadError(
            f"`{PARTITION_EXPR}` is {partition_expr!r}, and the asset has one dimension of partitions.",
            hint="Write the SQL expression as text, for example `order_date`.",
        )
    return ((_condition(definition, keys, partition_expr),),) if keys else ()


def _expressions(
    definition: dg.MultiPartitionsDefinition, partition_expr: Any
) -> Mapping[str, str]:
    names = [dimension.name for dimension in definition.partitions_defs]
    given = partition_expr if isinstance(partition_expr, Mapping) else {}
    if set(names) != set(given) or not all(isinstance(text, str) for text in given.values()):
        raise RelationLoadError(
            f"`{PARTITION_EXPR}` is {partition_expr!r}, and the partitions have the dimensions"
            f" {', '.join(map(repr, names))}.",
            hint="Write a mapping with an SQL expression for each dimension.",
        )
    return given


def _multi(
    definition: dg.MultiPartitionsDefinition, keys: Sequence[str], expressions: Mapping[str, str]
) -> Partitions:
    parts = [definition.get_partition_key_from_str(key).keys_by_dimension for key in keys]
    definitions = {d.name: d.partitions_def for d in definition.partitions_defs}
    values = {name: list(dict.fromkeys(part[name] for part in parts)) for name in definitions}
    is_complete = math.prod(map(len, values.values())) == len(parts)
    alternatives = (
        [values]
        if is_complete
        else [{name: [part[name]] for name in definitions} for part in parts]
    )
    return tuple(
        tuple(
            _condition(definitions[name], chosen, expressions[name])
            for name, chosen in alternative.items()
        )
        for alternative in (alternatives if keys else [])
    )


def _condition(
    definition: dg.PartitionsDefinition[Any], keys: Sequence[str], expression: str
) -> PartitionCondition:
    windows = None
    if isinstance(definition, dg.TimeWindowPartitionsDefinition):
        windows = _merged([definition.time_window_for_partition_key(key) for key in keys])
    return PartitionCondition(expression, tuple(keys), windows)


def _merged(windows: Sequence[dg.TimeWindow]) -> Any:
    """The windows in order, with those that touch each other as one."""
    merged: list[tuple[Any, Any]] = []
    for window in sorted(windows, key=lambda window: window.start):
        if merged and merged[-1][1] == window.start:
            merged[-1] = (merged[-1][0], window.end)
        else:
            merged.append((window.start, window.end))
    return tuple(merged)
