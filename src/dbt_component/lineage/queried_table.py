"""A table that a query may read."""

from collections.abc import Iterable

import msgspec

from dbt_component.manifest.node import Node


class QueriedTable(msgspec.Struct, frozen=True):
    """A table that a query may read.

    ``relation_names`` are its names in SQL, for example ``"db"."schema"."orders"``. ``columns`` are its known
    columns, or empty; case does not matter, and lineage spells them as they are here.
    """

    unique_id: str
    relation_names: tuple[str, ...]
    columns: tuple[str, ...] = ()


def queried_table(node: Node, columns: Iterable[str]) -> QueriedTable:
    """A node as a table that queries read.

    Args:
        node: The node.
        columns: Its columns.
    """
    names = (node.relation_name,) if node.relation_name else ()
    return QueriedTable(node.unique_id, names, tuple(columns))
