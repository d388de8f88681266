"""Traces the columns of a whole project from rendered SQL, before anything is built.

A node is traced again only if something that its lineage follows from has changed. See docs/lineage.md.
"""

import hashlib
from collections.abc import Callable, Iterable, Mapping
from functools import cached_property
from typing import Any

import msgspec

from dbt_component.lineage.column_lineage import ColumnLineage
from dbt_component.lineage.dialect import find_dialect, sqlglot_version
from dbt_component.lineage.project_lineage import NodeLineage, ProjectLineage
from dbt_component.lineage.queried_table import QueriedTable, queried_table
from dbt_component.lineage.query import UntraceableError, trace_query
from dbt_component.manifest.index import ManifestIndex
from dbt_component.manifest.node import Node

ColumnsOf = Callable[[Node], tuple[str, ...]]
"""A node -> its columns as far as they are known without its SQL; in any order."""


class RenderedSql(msgspec.Struct, frozen=True):
    """The SQL of a node after dbt rendered its templates; without it, ``error`` is the reason."""

    sql: str | None = None
    error: str | None = None


class LineageTracer:
    """Traces the nodes of a project whose lineage is not known from an earlier preparation.

    Args:
        index: The project's nodes.
        columns_of: Columns that are known from documentation, seed files, or the database.
        previous: The lineage in the previous state.
    """

    def __init__(
        self, index: ManifestIndex, columns_of: ColumnsOf, previous: ProjectLineage | None
    ) -> None:
        self._index = index
        self._columns_of = columns_of
        self._previous = {} if previous is None else previous.nodes
        self._inputs = {n.unique_id: self._inputs_of(n) for n in index.nodes if is_traced(n)}
        self._stale = self._find_stale()
        self._found = {
            unique_id: self._previous[unique_id]
            for unique_id in self._inputs
            if unique_id not in self._stale
        }

    @cached_property
    def _dialect(self) -> Any:
        return find_dialect(self._index.adapter_type)

    def stale_ids(self) -> list[str]:
        """Nodes that dbt must render, parents first: those whose inputs changed, and what is downstream of them."""
        return list(self._stale)

    def _find_stale(self) -> dict[str, Node]:
        stale: dict[str, Node] = {}
        for node in self._index.nodes:
            inputs = self._inputs.get(node.unique_id)
            if inputs is None:
                continue
            before = self._previous.get(node.unique_id)
            is_same = before is not None and before.inputs == inputs
            parents = self._index.upstream_assets(node)
            if not is_same or any(parent.unique_id in stale for parent in parents):
                stale[node.unique_id] = node
        return stale

    def trace(self, rendered: Mapping[str, RenderedSql]) -> None:
        """Traces some of the stale nodes; those before them must have been traced.

        Args:
            rendered: The SQL of nodes by unique id, in the order of ``stale_ids``.
        """
        for unique_id, new in rendered.items():
            self._found[unique_id] = self._trace(self._stale[unique_id], new)

    def lineage(self) -> ProjectLineage:
        """The lineage of all nodes. Stale nodes that were not traced have a problem instead."""
        missing = {
            unique_id: NodeLineage(self._inputs[unique_id], problem="dbt did not render it.")
            for unique_id in self._stale
            if unique_id not in self._found
        }
        return ProjectLineage({**self._found, **missing})

    def _trace(self, node: Node, new: RenderedSql) -> NodeLineage:
        inputs = self._inputs[node.unique_id]
        if new.sql is None:
            return NodeLineage(inputs, problem=new.error)
        tables = [self._table_of(parent) for parent in self._index.upstream_assets(node)]
        own = queried_table(node, self._columns_of(node))
        query = query_digest(new.sql, tables)
        before = self._previous.get(node.unique_id)
        known = known_lineage(before, query, own.columns, is_built=False)
        if known is not None:
            return NodeLineage(inputs, query, known)
        try:
            lineage = trace_query(new.sql, dialect=self._dialect, tables=tables, own=own)
        except UntraceableError as error:
            return NodeLineage(inputs, query, problem=str(error))
        return NodeLineage(inputs, query, lineage)

    def _table_of(self, node: Node) -> QueriedTable:
        known = self._found.get(node.unique_id)
        lineage = known.lineage if known is not None else None
        return queried_table(node, _columns_after(lineage, self._columns_of(node)))

    def _inputs_of(self, node: Node) -> str:
        parents = self._index.upstream_assets(node)
        return _digest(
            [
                sqlglot_version(),
                self._index.adapter_type,
                node.code_version or "",
                node.relation_name or "",
                *sorted(self._columns_of(node)),
                *(part for parent in parents for part in self._identity(parent)),
            ]
        )

    def _identity(self, parent: Node) -> Iterable[str]:
        return (parent.unique_id, parent.relation_name or "", *sorted(self._columns_of(parent)))


def is_traced(node: Node) -> bool:
    """Whether a node is built by a query of its own."""
    is_query = node.resource_type in ("model", "snapshot") and node.is_asset
    return is_query and not node.original_file_path.endswith(".py")


def query_digest(sql: str, tables: Iterable[QueriedTable]) -> str:
    """A digest of all that the lineage of a query without stars over unknown columns follows from, except spelling."""
    parts = [sqlglot_version(), sql]
    for table in sorted(tables, key=lambda table: table.unique_id):
        parts += [table.unique_id, *table.relation_names, *sorted(table.columns)]
    return _digest(parts)


def known_lineage(
    known: NodeLineage | None, query: str, own: Iterable[str], *, is_built: bool
) -> ColumnLineage | None:
    """The lineage that was traced before, if it is still that of the query; its columns are spelled as in ``own``.

    Args:
        known: What was traced before.
        query: The digest of the query now.
        own: The columns of the relation that the query builds.
        is_built: Whether ``own`` are all of them; otherwise they are those that are documented.
    """
    if known is None or known.lineage is None or known.query != query:
        return None
    lineage = known.lineage
    names = {column.lower() for column in (*lineage.columns, *lineage.unknown)}
    spelling = {column.lower(): column for column in own}
    if not lineage.is_complete or (is_built and names != spelling.keys()):
        return None
    return ColumnLineage(
        {spelling.get(name.lower(), name): parents for name, parents in lineage.columns.items()},
        tuple(spelling.get(name.lower(), name) for name in lineage.unknown),
    )


def _columns_after(lineage: ColumnLineage | None, known: tuple[str, ...]) -> tuple[str, ...]:
    """The columns of a node: those of its query, then those that are known besides."""
    if lineage is None:
        return known
    traced = [*lineage.columns, *lineage.unknown]
    if not lineage.is_complete and not known:
        return ()
    seen = {column.lower() for column in traced}
    return (*traced, *(column for column in known if column.lower() not in seen))


def _digest(parts: Iterable[str]) -> str:
    digest = hashlib.sha1(usedforsecurity=False)
    for part in parts:
        digest.update(part.encode())
        digest.update(b"\0")
    return digest.hexdigest()
