"""A relation and the part of it to load."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True)
class PartitionCondition:
    """The partitions of one dimension, as a condition on an SQL expression.

    ``windows`` are the times of the partitions, each from a start to an end that is not part of it, with the
    zone of the partitions; ``None`` unless partitions are time windows.
    """

    expression: str
    keys: tuple[str, ...]
    windows: tuple[tuple[datetime, datetime], ...] | None = None


Partitions = tuple[tuple[PartitionCondition, ...], ...]
"""Alternatives, each a list of conditions that must all hold. Empty for no partition, thus no row."""


@dataclass(frozen=True)
class RelationQuery:
    """What to load.

    Args:
        relation: The relation as SQL, quoted as dbt does.
        columns: Names of columns in the order wanted; empty for all, in their own order.
        partitions: The partitions to load; ``None`` for the entire relation.
    """

    relation: str
    columns: tuple[str, ...] = ()
    partitions: Partitions | None = None
