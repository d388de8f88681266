"""Reads the columns of a query from the graph that sqlglot traces."""

import re
from collections.abc import Mapping
from functools import cached_property
from typing import Any

from dbt_component.lineage.column_lineage import ColumnLineage, ColumnParent
from dbt_component.lineage.queried_table import QueriedTable
from dbt_component.lineage.renamed_tables import RenamedTables
from dbt_component.lineage.stars import Stars

_UNKNOWN = ColumnParent("", "")
_STAR = "*"
_UNNAMED = re.compile(r"_col_\d+")


class TracedNodes:
    """Collects the origins of columns; each node of the graph, which columns may share, is visited once.

    Args:
        tables: The tables of the query.
        own: The relation that the query builds.
        stars: The stars of the query.
    """

    def __init__(self, tables: RenamedTables, own: QueriedTable, stars: Stars) -> None:
        self._tables = tables
        self._own = own
        self._stars = stars
        self._origins: dict[tuple[int, str], frozenset[ColumnParent]] = {}

    def lineage_of(self, nodes: Mapping[str, Any]) -> ColumnLineage:
        """The lineage of a query.

        Args:
            nodes: The node of each column of the query, by name in lower case. ``*`` is a star that stands
                for unknown columns.
        """
        spelling = {column.lower(): column for column in self._own.columns}
        star = nodes.get(_STAR)
        named = self._named({name: node for name, node in nodes.items() if name != _STAR})
        columns: dict[str, tuple[ColumnParent, ...]] = {}
        unknown: list[str] = []
        for name, node in named.items():
            self._add(columns, unknown, spelling.get(name, name), self._origins_of(node, name))
        if star is not None:
            for name in [name for name in spelling if name not in named]:
                self._add(columns, unknown, spelling[name], self._starred(star, name))
        return ColumnLineage(columns, tuple(unknown), is_complete=star is None)

    def _named(self, nodes: Mapping[str, Any]) -> dict[str, Any]:
        """The nodes by name. For a column without one the database chose it: known columns fill these, in order."""
        own = [column.lower() for column in self._own.columns]
        free = iter([name for name in own if name not in nodes])
        unnamed = [name for name in nodes if _UNNAMED.fullmatch(name) and name not in own]
        chosen = (
            dict(zip(unnamed, free, strict=True))
            if len(nodes) == len(own)
            and _STAR not in nodes
            and not set(nodes) - set(unnamed) - set(own)
            else {}
        )
        return {
            chosen.get(name, name): node
            for name, node in nodes.items()
            if name not in unnamed or name in chosen
        }

    @staticmethod
    def _add(
        columns: dict[str, tuple[ColumnParent, ...]],
        unknown: list[str],
        name: str,
        origins: frozenset[ColumnParent],
    ) -> None:
        if _UNKNOWN in origins:
            unknown.append(name)
        else:
            columns[name] = tuple(sorted(origins))

    def _origins_of(self, node: Any, column: str) -> frozenset[ColumnParent]:
        key = (id(node), column)
        known = self._origins.get(key)
        if known is not None:
            return known
        self._origins[key] = frozenset()  # a recursive query adds nothing to itself
        if node.downstream:
            found: set[ColumnParent] = set()
            for parent in node.downstream:
                if parent.name == _STAR:
                    found |= self._starred(node, column)
                else:
                    found |= self._origins_of(parent, _column_in(parent.name) or column)
            origins = frozenset(found)
        else:
            origins = self._leaf(node, column)
        if node.name.rpartition(".")[0].strip('"').lower() in self._stars.recursive_names:
            origins -= {_UNKNOWN}  # what a recursive query starts with is in its other part
        self._origins[key] = origins
        return origins

    def _leaf(self, node: Any, column: str) -> frozenset[ColumnParent]:
        from sqlglot import exp

        if isinstance(node.expression, exp.Placeholder):
            return frozenset({_UNKNOWN})
        if not isinstance(node.expression, exp.Table):
            return frozenset()  # a constant
        return self._of_table(self._tables.find(node.expression.name), column)

    def _of_table(self, table: QueriedTable | None, column: str) -> frozenset[ColumnParent]:
        if table is None or table.unique_id == self._own.unique_id:
            return frozenset()
        return frozenset({ColumnParent(table.unique_id, self._spelled(table, column))})

    def _starred(self, node: Any, column: str) -> frozenset[ColumnParent]:
        """The origin of a column behind a ``*``, which is known if the star stands for one table alone."""
        found = self._stars.table_behind(node, column)
        return frozenset({_UNKNOWN}) if found is None else self._of_table(found, column)

    def _spelled(self, table: QueriedTable, column: str) -> str:
        known = self._spellings.setdefault(
            table.unique_id, {name.lower(): name for name in table.columns}
        )
        return known.get(column.lower(), column)

    @cached_property
    def _spellings(self) -> dict[str, dict[str, str]]:
        return {}


def _column_in(name: str) -> str:
    """The column in a name such as ``orders.id`` or ``"my orders"."the id"``; empty for a position in a union."""
    if '"' not in name:
        return "" if name.isdecimal() else name.rpartition(".")[2]
    from sqlglot import exp

    return exp.to_column(name).name
