"""Fetches metadata about a relation that was just built, by kind. Imported by the parent too.

The kinds are the values that ``include_metadata`` of defs.yaml accepts.
"""

from __future__ import annotations

from typing import Any, Callable, Collection, NamedTuple


class Kind(NamedTuple):
    """One kind of metadata.

    ``summary`` describes it for the schema of defs.yaml. ``fetch`` is called with the adapter, the relation
    and its materialization, and returns values by metadata key. A value is a number, text, or a table's
    columns, each with ``name`` and ``type``.
    """

    summary: str
    fetch: Callable[[Any, Any, str], dict[str, Any]]


def fetch_columns(adapter: Any, relation: Any, materialized: str) -> dict[str, Any]:
    """The columns, as the database describes them."""
    columns = [
        {"name": column.name, "type": column.data_type}
        for column in adapter.get_columns_in_relation(relation)
    ]
    return {"dagster/column_schema": columns} if columns else {}


def fetch_row_count(adapter: Any, relation: Any, materialized: str) -> dict[str, Any]:
    """The number of rows. Views are not counted, as that would run their query."""
    if materialized == "view":
        return {}
    _, table = adapter.execute(f"select count(*) as row_count from {relation}", fetch=True)
    return {"dagster/row_count": int(table.rows[0][0])}


KINDS = {
    "column_metadata": Kind("names and types of columns", fetch_columns),
    "row_count": Kind("number of rows, for tables only", fetch_row_count),
}
"""All kinds, by name."""


def describe_relation(node: Any, kinds: Collection[str], described: dict[str, Any]) -> None:
    """Queries the database about the relation of ``node``, through the adapter that dbt has open.

    Args:
        node: dbt's node, just built.
        kinds: Keys of ``KINDS``.
        described: Receives the results one by one, so it keeps those from before a failure.
    """
    from dbt.adapters.factory import FACTORY

    adapter = next(iter(FACTORY.adapters.values()))
    relation = adapter.Relation.create_from(adapter.config, node)
    with adapter.connection_named("describe_" + node.unique_id):
        for name, kind in KINDS.items():
            if name in kinds:
                described.update(kind.fetch(adapter, relation, node.config.materialized))
