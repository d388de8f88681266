"""Asks dbt's process for what the lineage of a project's columns needs, while a state is prepared."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import msgspec

from dbt_component.dbt_process.events import DbtEvent
from dbt_component.dbt_process.requests import Describe, Finish, Render, Request
from dbt_component.lineage.project_lineage import ColumnSource, ProjectLineage
from dbt_component.lineage.tracer import LineageTracer, RenderedSql, is_traced
from dbt_component.manifest.index import ManifestIndex
from dbt_component.project.known_columns import KnownColumns


class LineageDialogue:
    """What is asked after dbt has parsed: columns in the database if wanted, then the SQL of what changed.

    Args:
        read_manifest: Reads what dbt parsed: manifest.json, decoded, and its index.
        previous: The lineage in the previous state.
        columns_from: Whether to ask the database for the columns of what has no query of its own.
        scratch: A folder for dbt's answers.
    """

    def __init__(
        self,
        read_manifest: Callable[[], tuple[Mapping[str, Any], ManifestIndex]],
        previous: ProjectLineage | None,
        *,
        columns_from: ColumnSource,
        scratch: Path,
    ) -> None:
        self._read_manifest = read_manifest
        self._previous = previous
        self._columns_from = columns_from
        self._columns_path = scratch / "columns.json"
        self._sql_path = scratch / "sql.json"
        self._tracer: LineageTracer | None = None
        self._described: dict[str, list[str]] | None = None

    def next_request(self, event: DbtEvent) -> Request:
        """The next request after the one that ``event`` completes."""
        manifest, index = self._read_manifest()
        if self._columns_from == "database" and self._described is None:
            self._described = {}
            used = {
                parent.unique_id: None
                for node in index.nodes
                if is_traced(node)
                for parent in index.upstream_assets(node)
                if not is_traced(parent)
            }
            if used:
                return Describe(list(used), str(self._columns_path))
        if self._tracer is not None:
            return Finish()
        if self._columns_path.exists():
            self._described = msgspec.json.decode(
                self._columns_path.read_bytes(), type=dict[str, list[str]]
            )
        known = KnownColumns(manifest, self._described)
        self._tracer = LineageTracer(index, known.of, self._previous)
        stale = self._tracer.stale_ids()
        return Render(stale, str(self._sql_path)) if stale else Finish()

    def lineage(self) -> ProjectLineage:
        """The project's lineage, after the last answer."""
        assert self._tracer is not None
        rendered = (
            msgspec.json.decode(self._sql_path.read_bytes(), type=dict[str, RenderedSql])
            if self._sql_path.exists()
            else {}
        )
        lineage = self._tracer.trace(rendered)
        return msgspec.structs.replace(lineage, columns_from=self._columns_from)
