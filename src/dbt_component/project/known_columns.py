"""The columns of nodes as far as they are known without running their SQL."""

import csv
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from dbt_component.manifest.node import Node

_OF_SNAPSHOTS = ("dbt_scd_id", "dbt_updated_at", "dbt_valid_from", "dbt_valid_to")
_OF_DELETED_ROWS = "dbt_is_deleted"


class KnownColumns:
    """Columns from documentation, seed files, what dbt adds to snapshots, and the database if it was asked.

    Args:
        manifest: manifest.json, decoded.
        described: Columns in the database, by unique id. They replace all others.
    """

    def __init__(
        self, manifest: Mapping[str, Any], described: Mapping[str, Sequence[str]] | None = None
    ) -> None:
        self._entries = manifest.get("nodes") or {}
        self._described = described or {}
        self._known: dict[str, tuple[str, ...]] = {}

    def of(self, node: Node) -> tuple[str, ...]:
        """The columns of a node, without duplicates; empty if none is known."""
        known = self._known.get(node.unique_id)
        if known is None:
            known = self._known[node.unique_id] = self._find(node)
        return known

    def _find(self, node: Node) -> tuple[str, ...]:
        described = self._described.get(node.unique_id)
        if described is not None:
            return tuple(described)
        entry = self._entries.get(node.unique_id) or {}
        names = [column.name for column in node.columns]
        if node.resource_type == "seed":
            names = [*_header_of(entry), *names]
        elif node.resource_type == "snapshot":
            names += _added_to_snapshot(entry.get("config") or {})
        return tuple({name.lower(): name for name in reversed(names)}.values())[::-1]


def _header_of(entry: Mapping[str, Any]) -> list[str]:
    """The column names in the first line of a seed's file; empty if the file can't be read."""
    path = Path(entry.get("root_path") or "") / (entry.get("original_file_path") or "")
    delimiter = str((entry.get("config") or {}).get("delimiter") or ",")
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            header = next(csv.reader(file, delimiter=delimiter), [])
    except (OSError, ValueError, TypeError, csv.Error):
        return []
    return [name.strip() for name in header if name.strip()]


def _added_to_snapshot(config: Mapping[str, Any]) -> list[str]:
    names = list(_OF_SNAPSHOTS)
    if config.get("hard_deletes") == "new_record":
        names.append(_OF_DELETED_ROWS)
    renamed = config.get("snapshot_meta_column_names") or {}
    return [renamed.get(name) or name for name in names]
