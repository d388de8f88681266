"""Gives the tables of a query names that only they have, so that they are told from each other and from CTEs."""

import re
from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any

from dbt_component.lineage.queried_table import QueriedTable

_PREFIX = "_dbt_component_table_"
_NAME = re.compile(_PREFIX + r"(\d+)")


class RenamedTables:
    """The tables that a query may read, under new names.

    Args:
        tables: The tables. If several have the same name, the first one counts.
        dialect: From ``find_dialect``.
    """

    def __init__(self, tables: Sequence[QueriedTable], dialect: Any) -> None:
        self._tables = tables
        self._dialect = dialect

    @cached_property
    def _by_name(self) -> Mapping[tuple[str, ...], int]:
        found: dict[tuple[str, ...], int] = {}
        for position, table in enumerate(self._tables):
            for name in table.relation_names:
                parts = relation_parts(name, self._dialect)
                if parts:
                    found.setdefault(parts, position)
        return found

    def replace_expressions(self, sql: str) -> str:
        """Writes the new names for relations that are no tables but calls or queries, such as files in DuckDB."""
        for position, table in enumerate(self._tables):
            for name in table.relation_names:
                if name and not relation_parts(name, self._dialect):
                    sql = sql.replace(name, f"{_PREFIX}{position}")
        return sql

    def rename_in(self, query: Any) -> None:
        """Renames the tables in a parsed query; what they are called in it stays, as an alias."""
        from sqlglot import exp

        by_name = self._by_name
        ctes = {cte.alias_or_name.lower() for cte in query.find_all(exp.CTE)}
        renamed = set()
        for table in list(query.find_all(exp.Table)):
            parts = tuple(part.name.lower() for part in table.parts)
            position = by_name.get(parts)
            if position is None or (len(parts) == 1 and parts[0] in ctes):
                continue
            if not table.alias:
                table.set("alias", exp.TableAlias(this=exp.to_identifier(parts[-1], quoted=True)))
            table.set("this", exp.to_identifier(f"{_PREFIX}{position}"))
            table.set("db", None)
            table.set("catalog", None)
            renamed.add(parts)
        for column in query.find_all(exp.Column):
            if column.args.get("db") is None:
                continue
            qualifier = tuple(part.name.lower() for part in column.parts[:-1])
            if any(parts[-len(qualifier) :] == qualifier for parts in renamed):
                column.set("db", None)
                column.set("catalog", None)

    def schema(self) -> dict[str, dict[str, str]]:
        """The known columns under the new names, in lower case."""
        return {
            f"{_PREFIX}{position}": {column.lower(): "unknown" for column in table.columns}
            for position, table in enumerate(self._tables)
            if table.columns
        }

    def find(self, name: str) -> QueriedTable | None:
        """The table under a new name; ``None`` if it is no such name."""
        match = _NAME.fullmatch(name.lower())
        return None if match is None else self._tables[int(match[1])]


def relation_parts(relation_name: str, dialect: Any) -> tuple[str, ...]:
    """Database, schema and table in lower case, as far as the name has them; empty if it names no table."""
    from sqlglot import exp
    from sqlglot.errors import SqlglotError

    if "(" in relation_name:
        return ()
    try:
        table = exp.to_table(relation_name, dialect=dialect)
    except (SqlglotError, ValueError):
        return ()
    if not isinstance(table.this, exp.Identifier):
        return ()
    return tuple(part.name.lower() for part in table.parts)
