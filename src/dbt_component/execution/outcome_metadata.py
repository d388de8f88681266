"""An outcome's metadata in Dagster's terms."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import dagster as dg

from dbt_component.dbt_process.child.child_metadata import ADAPTER_RESPONSE, FAILED_ROWS
from dbt_component.dbt_process.events import BuiltColumn, NodeFinished
from dbt_component.execution.event_text import cut
from dbt_component.execution.outcomes import Built, Checked, NotBuilt
from dbt_component.manifest.dbt_test import DbtTest
from dbt_component.manifest.node import Node

_MAX_CELL_CHARACTERS = 500
_ADAPTER_FIELDS = ("bytes_processed", "slot_ms", "query_id")


def metadata_of(
    outcome: Built | NotBuilt | Checked, *, log_path: Path | None = None
) -> dict[str, Any]:
    """Metadata of any event that reports this outcome. Long texts are cut.

    Args:
        outcome: The outcome.
        log_path: dbt's log, which holds messages that are cut.
    """
    metadata = {**_common(outcome.finished), **_of_attempts(outcome.earlier, log_path)}
    if isinstance(outcome, Built):
        metadata.update(_of_relation(outcome.node, outcome.finished))
    elif isinstance(outcome, NotBuilt):
        if outcome.message:
            metadata["message"] = dg.MetadataValue.text(cut(outcome.message, whole=log_path))
        metadata.update(_where_to_look(outcome.node, outcome.finished, log_path))
    else:
        metadata.update(_of_test(outcome, log_path))
    return metadata


def _of_attempts(earlier: Sequence[NodeFinished], log_path: Path | None) -> dict[str, Any]:
    """The number of attempts and what came of the earlier ones; empty if there was only one."""
    if not earlier:
        return {}
    lines = [
        f"{number}. {finished.status}: {cut(finished.message or 'no message', whole=log_path, limit=1_000)}"
        for number, finished in enumerate(earlier, start=1)
    ]
    return {
        "attempts": len(earlier) + 1,
        "earlier_attempts": dg.MetadataValue.text("\n".join(lines)),
    }


def _common(finished: NodeFinished) -> dict[str, Any]:
    metadata: dict[str, Any] = {
        "unique_id": finished.unique_id,
        "invocation_id": finished.invocation_id or "",
        "Execution Duration": finished.execution_time_seconds,
        "status": finished.status,
    }
    response = finished.adapter_response
    rows = response.get("rows_affected")
    is_table = finished.resource_type in ("model", "snapshot")
    if isinstance(rows, (int, float)) and rows >= 0 and is_table:
        metadata["rows_affected"] = int(rows)
    metadata.update({n: response[n] for n in _ADAPTER_FIELDS if response.get(n) not in (None, "")})
    complete = finished.relation.get(ADAPTER_RESPONSE)
    if isinstance(complete, str):
        metadata[ADAPTER_RESPONSE] = dg.MetadataValue.json(json.loads(complete))
    return metadata


def _of_test(checked: Checked, log_path: Path | None) -> dict[str, Any]:
    finished = checked.finished
    metadata: dict[str, Any] = {}
    if finished.failures is not None:
        metadata["dagster_dbt/failed_row_count"] = finished.failures
    if checked.passed:
        return metadata
    if finished.message:
        metadata["message"] = dg.MetadataValue.text(cut(finished.message, whole=log_path))
    metadata["test"] = checked.test.test_type
    if checked.test.column_name:
        metadata["column"] = checked.test.column_name
    metadata.update(_where_to_look(checked.test, finished, log_path))
    if finished.relation_name:
        metadata["failures_relation"] = finished.relation_name
    rows = finished.relation.get(FAILED_ROWS)
    if isinstance(rows, str):
        metadata[FAILED_ROWS] = _table_of(rows, log_path)
    return metadata


def _where_to_look(
    node: Node | DbtTest, finished: NodeFinished, log_path: Path | None
) -> dict[str, Any]:
    """The file of a node that failed, and the SQL that dbt ran; the SQL is unknown for one that was skipped."""
    metadata: dict[str, Any] = {}
    if node.original_file_path:
        metadata["file"] = node.original_file_path
    if finished.compiled_code:
        sql = cut(finished.compiled_code.strip(), whole=finished.compiled_path or log_path)
        metadata["compiled_sql"] = dg.MetadataValue.md(f"```sql\n{sql}\n```")
    return metadata


def _table_of(text: str, log_path: Path | None) -> dg.TableMetadataValue:
    """Rows that failed a test, as ``child_metadata.describe_failed_test`` gives them."""
    found = json.loads(text)
    columns = [str(column) for column in found["columns"]]

    def shown(value: Any) -> Any:
        if isinstance(value, str):
            return cut(value, whole=log_path, limit=_MAX_CELL_CHARACTERS)
        return "null" if value is None else value

    return dg.MetadataValue.table(
        records=[
            dg.TableRecord(
                {column: shown(value) for column, value in zip(columns, row, strict=True)}
            )
            for row in found["rows"]
        ],
        schema=dg.TableSchema(columns=[dg.TableColumn(column) for column in columns]),
    )


def _of_relation(node: Node, finished: NodeFinished) -> dict[str, Any]:
    return {
        key: _schema(node, value) if isinstance(value, list) else value
        for key, value in finished.relation.items()
        if key != ADAPTER_RESPONSE
    }


def _schema(node: Node, columns: Sequence[BuiltColumn]) -> dg.TableSchema:
    """The columns in the database, with what the node documents about them."""
    documented = {column.name.lower(): column for column in node.columns}
    described = []
    for column in columns:
        known = documented.get(column.name.lower())
        described.append(
            dg.TableColumn(
                name=column.name,
                type=column.type,
                description=(known.description or None) if known else None,
                tags=dict.fromkeys(known.tags, "") if known else None,
            )
        )
    return dg.TableSchema(columns=described)
