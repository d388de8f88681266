"""Finds the table behind a ``*`` that sqlglot could not expand, because the table's columns are unknown."""

from functools import cached_property
from typing import Any

from dbt_component.lineage.qualified_columns import only_source
from dbt_component.lineage.queried_table import QueriedTable
from dbt_component.lineage.renamed_tables import RenamedTables


class Stars:
    """The stars of one query.

    Args:
        query: The parsed query.
        tables: Its tables.
    """

    def __init__(self, query: Any, tables: RenamedTables) -> None:
        self._query = query
        self._tables = tables

    def table_behind(self, node: Any, column: str) -> QueriedTable | None:
        """The table from which a column behind a star comes, under the same name.

        ``None`` if the star stands for several tables, for one that is not among those of the query, or renames
        columns.

        Args:
            node: A node of sqlglot's graph whose column is behind a star.
            column: The column, in lower case.
        """
        from sqlglot import exp

        source = node.source
        seen: set[int] = set()
        while isinstance(source, exp.Select) and id(source) not in seen:
            seen.add(id(source))
            source = self._source_of_star(source, column)
        return self._tables.find(source.name) if isinstance(source, exp.Table) else None

    def _source_of_star(self, select: Any, column: str) -> Any:
        """What the only star of a query stands for, or ``None``: a table, or the query of another name."""
        from sqlglot import exp

        stars = [projection for projection in select.selects if projection.is_star]
        named = {projection.alias_or_name.lower() for projection in select.selects}
        if len(stars) != 1 or column in named or _renames(stars[0]):
            return None
        source = only_source(select)
        if isinstance(source, exp.Subquery):
            return source.this
        if isinstance(source, exp.Table) and not source.args.get("db"):
            return self._common_tables.get(source.name.lower(), source)
        return source

    @cached_property
    def _common_tables(self) -> dict[str, Any]:
        from sqlglot import exp

        return {cte.alias_or_name.lower(): cte.this for cte in self._query.find_all(exp.CTE)}

    @cached_property
    def recursive_names(self) -> frozenset[str]:
        """The names under which common table expressions read themselves, in lower case."""
        from sqlglot import exp

        return frozenset(
            table.alias_or_name.lower()
            for cte in self._query.find_all(exp.CTE)
            for table in cte.this.find_all(exp.Table)
            if table.name.lower() == cte.alias_or_name.lower()
        )


def _renames(projection: Any) -> bool:
    from sqlglot import exp

    return any(star.args.get("rename") for star in projection.find_all(exp.Star))
