"""Rows of a query, through dbt's adapter, without the table that dbt makes of them."""

from __future__ import annotations

from typing import Any, Iterable, Iterator

_ROWS = 10_000


def fetch(adapter: Any, query: str) -> tuple[list[str], Iterable[list[Any]]]:
    """The names of the columns, and the rows in lists."""
    from dbt.adapters.sql import SQLConnectionManager

    if isinstance(adapter.connections, SQLConnectionManager):
        _, cursor = adapter.connections.add_query(query, auto_begin=False)
        return [str(column[0]) for column in cursor.description], _chunks(cursor)
    _, table = adapter.execute(query, fetch=True)
    return list(table.column_names), [list(table.rows)]


def _chunks(cursor: Any) -> Iterator[list[Any]]:
    while True:
        rows = cursor.fetchmany(_ROWS)
        if not rows:
            return
        yield rows


def fetch_all(adapter: Any, query: str) -> list[Any]:
    """All rows. For PostgreSQL without dbt's events, which take longer than a small query does."""
    if adapter.type() == "postgres":
        with adapter.connections.get_thread_connection().handle.cursor() as cursor:
            cursor.execute(query)
            return list(cursor.fetchall())
    _, chunks = fetch(adapter, query)
    return [row for chunk in chunks for row in chunk]
