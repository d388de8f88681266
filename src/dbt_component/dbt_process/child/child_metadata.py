"""Fetches metadata about a relation that was just built, or a test that just failed, by kind. Imported by the parent too.

The kinds are the values that ``include_metadata`` of defs.yaml accepts.
"""

from __future__ import annotations

import json
from typing import Any, Callable, Collection, NamedTuple

from .child_cursor import fetch_all
from .child_describer import connect

ADAPTER_RESPONSE = "adapter_response"
COLUMN_LINEAGE = "column_lineage"
TIMELINE = "timeline"
COLUMN_SCHEMA = "dagster/column_schema"
FAILED_ROWS = "failed_rows"
MAX_FAILED_ROWS = 5


class Kind(NamedTuple):
    """One kind of metadata.

    ``summary`` describes it for the schema of defs.yaml. ``fetch`` is called with the adapter, the relation
    and its materialization, and returns values by metadata key. A value is a number, text, or a table's
    columns, each with ``name`` and ``type``.
    """

    summary: str
    fetch: Callable[[Any, Any, str], dict[str, Any]]


def fetch_columns(adapter: Any, relation: Any, materialized: str) -> dict[str, Any]:
    """The columns, with their types as the database names them."""
    if adapter.type() == "postgres":
        named = _columns_of_postgres(adapter, relation)
    else:
        columns = adapter.get_columns_in_relation(relation)
        named = [(column.name, type_name(column)) for column in columns]
    described = [{"name": name, "type": type_} for name, type_ in named]
    return {COLUMN_SCHEMA: described} if described else {}


def column_names(adapter: Any, relation: Any) -> list[str]:
    """The names of the columns, in the order of the relation."""
    if adapter.type() == "postgres":
        return [name for name, _ in _columns_of_postgres(adapter, relation)]
    return [column.name for column in adapter.get_columns_in_relation(relation)]


def type_name(column: Any) -> str:
    """The type of dbt's ``column`` as its database names it.

    That is what the database reported, with length or precision where it reports these apart. dbt's own
    ``data_type`` is meant for creating columns and names every text ``character varying(256)``; it is right
    where the adapter has a ``data_type`` of its own (BigQuery's nested types).
    """
    from dbt.adapters.base import Column

    if type(column).data_type is not Column.data_type:
        return str(column.data_type)
    name = str(column.dtype)
    if "(" in name:
        return name
    if column.is_string() and column.char_size is not None:
        return "%s(%d)" % (name, int(column.char_size))
    if column.is_numeric() and None not in (column.numeric_precision, column.numeric_scale):
        return "%s(%s,%s)" % (name, column.numeric_precision, column.numeric_scale)
    return name


def _columns_of_postgres(adapter: Any, relation: Any) -> list[tuple[str, str]]:
    # dbt reads information_schema, where every array is an ARRAY and every enum USER-DEFINED.
    rows = fetch_all(
        adapter,
        "select attname, pg_catalog.format_type(atttypid, atttypmod) from pg_catalog.pg_attribute"
        " where attrelid = '%s'::regclass and attnum > 0 and not attisdropped order by attnum"
        % str(relation).replace("'", "''"),
    )
    return [(str(name), str(type_)) for name, type_ in rows]


def fetch_row_count(adapter: Any, relation: Any, materialized: str) -> dict[str, Any]:
    """The number of rows, and the database. Views are not counted, as that would run their query."""
    return {} if materialized == "view" else _count_rows(adapter, relation)


def fetch_view_row_count(adapter: Any, relation: Any, materialized: str) -> dict[str, Any]:
    """The number of rows of a view, which runs its query, and the database."""
    return _count_rows(adapter, relation) if materialized == "view" else {}


def _count_rows(adapter: Any, relation: Any) -> dict[str, Any]:
    rows = int(fetch_all(adapter, f"select count(*) as row_count from {relation}")[0][0])
    return {"dagster/row_count": rows, "dagster/storage_kind": str(adapter.type())}


KINDS = {
    "column_metadata": Kind("names and types of columns", fetch_columns),
    "row_count": Kind("number of rows, for tables only", fetch_row_count),
    "view_row_count": Kind("number of rows of views, by running their query", fetch_view_row_count),
}
"""The kinds of metadata of a relation, by name."""

SUMMARIES = {
    **{name: kind.summary for name, kind in KINDS.items()},
    COLUMN_LINEAGE: "the upstream columns that each column is computed from, also before the first run",
    FAILED_ROWS: "up to %d of the rows that fail a test, which are then in Dagster's event log"
    % MAX_FAILED_ROWS,
    TIMELINE: "a picture of when each node ran and what determined the end, in the log of the run",
    ADAPTER_RESPONSE: "everything that the database's adapter says about the query, such as bytes and credits",
}
"""What each kind is, of relations, of tests and of both, by name."""


def describe_failed_test(node: Any) -> dict[str, Any]:
    """Rows that fail a data test, as JSON: ``columns``, and ``rows`` of numbers, text and null.

    Args:
        node: dbt's node, which has just returned rows.
    """
    adapter = connect()
    stored = node.relation_name if is_stored(node) else None
    sql = "select * from %s" % stored if stored else node.compiled_code.strip().rstrip(";")
    _, table = adapter.execute(sql, fetch=True, limit=MAX_FAILED_ROWS)
    rows = [[_plain(value) for value in row] for row in table.rows]
    return {FAILED_ROWS: json.dumps({"columns": list(table.column_names), "rows": rows})}


def is_stored(node: Any) -> bool:
    """Whether the rows that fail a test are in a relation of their own (``store_failures``)."""
    return bool(getattr(node, "should_store_failures", False) and node.relation_name)


def _plain(value: Any) -> Any:
    return value if value is None or isinstance(value, (bool, int, float)) else str(value)


def describe_relation(node: Any, kinds: Collection[str], described: dict[str, Any]) -> None:
    """Queries the database about the relation of ``node``, through dbt's adapter, in a thread of a ``Describer``.

    Args:
        node: dbt's node, just built.
        kinds: Keys of ``KINDS``.
        described: Receives the results one by one, so it keeps those from before a failure.
    """
    adapter = connect()
    relation = adapter.Relation.create_from(adapter.config, node)
    for name, kind in KINDS.items():
        if name in kinds:
            described.update(kind.fetch(adapter, relation, node.config.materialized))
