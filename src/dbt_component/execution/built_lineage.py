"""Traces the columns of what a run built."""

import logging

from dbt_component.dbt_process.events import BuiltQuery
from dbt_component.lineage.column_lineage import ColumnLineage
from dbt_component.lineage.dialect import find_dialect
from dbt_component.lineage.project_lineage import ProjectLineage
from dbt_component.lineage.queried_table import QueriedTable
from dbt_component.lineage.query import UntraceableError, trace_query
from dbt_component.lineage.tracer import known_lineage, query_digest


class BuiltLineage:
    """Traces queries of one run. A query that the state has traced with the same columns is not traced again.

    Args:
        adapter_type: The project's adapter.
        prepared: The lineage in the project's state.
        log: Receives each reason for a missing lineage once, with the first node that it holds for.
    """

    def __init__(
        self, adapter_type: str, prepared: ProjectLineage | None, log: logging.Logger
    ) -> None:
        self._adapter_type = adapter_type
        self._prepared = prepared
        self._log = log
        self._reasons: set[str] = set()

    def of(self, unique_id: str, query: BuiltQuery) -> ColumnLineage | None:
        """The lineage of a node that was built; ``None`` if it can't be told, which is logged.

        Args:
            unique_id: The node.
            query: Its query, as dbt's process describes it.
        """
        own = QueriedTable(unique_id, (query.relation_name,), tuple(query.columns))
        tables = [
            QueriedTable(table.unique_id, tuple(table.relation_names), tuple(table.columns))
            for table in query.tables
        ]
        if self._prepared is not None:
            digest = query_digest(query.sql, tables)
            before = self._prepared.nodes.get(unique_id)
            known = known_lineage(before, digest, own.columns, is_built=True)
            if known is not None:
                return known
        dialect = find_dialect(self._adapter_type)
        try:
            return trace_query(query.sql, dialect=dialect, tables=tables, own=own)
        except UntraceableError as error:
            self._warn(unique_id, str(error))
            return None

    def _warn(self, unique_id: str, reason: str) -> None:
        if reason not in self._reasons:
            self._reasons.add(reason)
            self._log.warning("No column lineage for %s: %s", unique_id, reason)
