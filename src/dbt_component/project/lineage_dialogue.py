"""Asks dbt's process for what the lineage of a project's columns needs, while a state is prepared."""

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import msgspec

from dbt_component.dbt_process.events import DbtEvent, SelectionsResolved
from dbt_component.dbt_process.requests import Describe, Finish, Render, Request
from dbt_component.lineage.project_lineage import ColumnSource, ProjectLineage
from dbt_component.lineage.tracer import LineageTracer, RenderedSql, is_traced
from dbt_component.manifest.index import ManifestIndex
from dbt_component.project.collector import frozen_heap
from dbt_component.project.known_columns import KnownColumns

_AT_ONCE = 50
"""How many nodes dbt renders while those before them are traced."""


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
        self._waiting: list[str] = []

    def next_requests(self, event: DbtEvent) -> Iterator[Request]:
        """Yields the request after the one that ``event`` completes, and then traces what was answered."""
        manifest, index = self._read_manifest()
        if self._columns_from == "database" and isinstance(event, SelectionsResolved):
            used = {
                parent.unique_id: None
                for node in index.nodes
                if is_traced(node)
                for parent in index.upstream_assets(node)
                if not is_traced(parent)
            }
            yield Describe(list(used), str(self._columns_path))
            return
        if self._tracer is None:
            described = self._read_columns()
            self._tracer = LineageTracer(
                index, KnownColumns(manifest, described).of, self._previous
            )
            self._waiting = self._tracer.stale_ids()
            answer = None
        else:
            answer = self._sql_path.read_bytes()
        part, self._waiting = self._waiting[:_AT_ONCE], self._waiting[_AT_ONCE:]
        yield Render(part, str(self._sql_path)) if part else Finish()
        if answer is not None:
            with frozen_heap():
                self._tracer.trace(msgspec.json.decode(answer, type=dict[str, RenderedSql]))

    def _read_columns(self) -> dict[str, list[str]]:
        if self._columns_from != "database":
            return {}
        return msgspec.json.decode(self._columns_path.read_bytes(), type=dict[str, list[str]])

    def lineage(self) -> ProjectLineage:
        """The project's lineage, after the last answer."""
        assert self._tracer is not None
        return msgspec.structs.replace(self._tracer.lineage(), columns_from=self._columns_from)
