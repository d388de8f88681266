"""Fetches metadata about a relation that was just built, by kind."""

from __future__ import annotations

from typing import Any, Callable, Collection


def fetch_columns(adapter: Any, relation: Any, materialized: str) -> dict[str, Any]:
    """The columns, as the database describes them."""
    return {
        "columns": [
            {"name": column.name, "type": column.data_type}
            for column in adapter.get_columns_in_relation(relation)
        ]
    }


def fetch_row_count(adapter: Any, relation: Any, materialized: str) -> dict[str, Any]:
    """The number of rows. Views are not counted, as that would run their query."""
    if materialized == "view":
        return {}
    _, table = adapter.execute(f"select count(*) as row_count from {relation}", fetch=True)
    return {"row_count": int(table.rows[0][0])}


KINDS: dict[str, Callable[[Any, Any, str], dict[str, Any]]] = {
    "column_metadata": fetch_columns,
    "row_count": fetch_row_count,
}
"""Kind -> function that fetches it: (adapter, relation, materialization) -> fields of the event's ``relation``."""


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
        for kind, fetch in KINDS.items():
            if kind in kinds:
                described.update(fetch(adapter, relation, node.config.materialized))
