"""Describes the query of a node that was just built, so that the parent can trace its columns."""

from __future__ import annotations

from typing import Any, Optional

from .child_describer import connect, end_transaction
from .child_manifest import find_relation_node
from .child_metadata import column_names

_WITH_RELATION = ("model", "seed", "snapshot", "source")


class QueryDescriber:
    """Describes queries, in threads of a ``Describer``; the columns of each relation are fetched once for all of them.

    Two threads may fetch the same ones at the same time, which is harmless.
    """

    def __init__(self) -> None:
        self._columns: dict[str, list[str]] = {}

    def describe(self, manifest: Any, node: Any, known: Optional[list[str]]) -> dict[str, Any]:
        """The SQL of a node, its columns, and the names and columns of the relations that it may read.

        A relation whose columns can't be read has none.

        Args:
            manifest: dbt's manifest.
            node: A model or snapshot that was just built.
            known: Its columns, if they were fetched already.
        """
        adapter = connect()
        if known is not None:
            self._columns[node.unique_id] = known
        else:
            self._columns.pop(node.unique_id, None)
        tables = []
        for parent in upstream_relations(manifest, node):
            relations = [adapter.Relation.create_from(adapter.config, parent)]
            deferred = getattr(parent, "defer_relation", None)
            if deferred is not None:
                relations.append(adapter.Relation.create_from(adapter.config, deferred))
            tables.append(
                {
                    "unique_id": parent.unique_id,
                    "relation_names": [str(relation) for relation in relations],
                    "columns": self._columns_of(adapter, parent.unique_id, relations),
                }
            )
        own = adapter.Relation.create_from(adapter.config, node)
        return {
            "sql": node.compiled_code,
            "relation_name": str(own),
            "columns": self._columns_of(adapter, node.unique_id, [own]),
            "tables": tables,
        }

    def _columns_of(self, adapter: Any, unique_id: str, relations: list[Any]) -> list[str]:
        known = self._columns.get(unique_id)
        if known is not None:
            return known
        found: list[str] = []
        for relation in relations:
            try:
                found = column_names(adapter, relation)
            except Exception:  # each adapter raises its own errors
                end_transaction()
                connect()
            if found:
                break
        self._columns[unique_id] = found
        return found


def upstream_relations(manifest: Any, node: Any) -> list[Any]:
    """The models, seeds, snapshots and sources that a node reads, also through ephemeral models."""
    found: dict[str, Any] = {}
    seen: set[str] = set()
    waiting = list(reversed(node.depends_on.nodes))
    while waiting:
        unique_id = waiting.pop()
        parent = find_relation_node(manifest, unique_id)
        if parent is None or unique_id in seen or str(parent.resource_type) not in _WITH_RELATION:
            continue
        seen.add(unique_id)
        if getattr(parent.config, "materialized", None) == "ephemeral":
            waiting.extend(reversed(parent.depends_on.nodes))
        else:
            found[unique_id] = parent
    return list(found.values())
