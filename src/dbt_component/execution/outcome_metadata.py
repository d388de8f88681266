"""An outcome's metadata in Dagster's terms."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import dagster as dg

from dbt_component.dbt_process.events import BuiltColumn, NodeFinished
from dbt_component.execution.event_text import cut
from dbt_component.execution.outcomes import Built, Checked, NotBuilt
from dbt_component.manifest.node import Node

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
    if finished.compiled_code:
        sql = cut(finished.compiled_code.strip(), whole=finished.compiled_path or log_path)
        metadata["compiled_sql"] = dg.MetadataValue.md(f"```sql\n{sql}\n```")
    return metadata


def _of_relation(node: Node, finished: NodeFinished) -> dict[str, Any]:
    return {
        key: _schema(node, value) if isinstance(value, list) else value
        for key, value in finished.relation.items()
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
