"""One node's end, as reported by dbt -> the one Dagster event that tells of it."""

from collections.abc import Iterator
from typing import Any

import dagster as dg

from dbt_component._dagster import ProjectCheckResult
from dbt_component.dbt_process.events import BUILT_STATUSES, PASSED_STATUSES, NodeFinished
from dbt_component.definitions.node_keys import NodeKeys
from dbt_component.definitions.op_nodes import OpNodes
from dbt_component.manifest.dbt_test import DbtTest
from dbt_component.manifest.index import ManifestIndex
from dbt_component.manifest.node import Node

DagsterEvent = dg.Output[None] | dg.AssetCheckResult | dg.AssetObservation


class NodeEvents:
    """Turns finished nodes of one step into Dagster events.

    ``outputs`` are those selected in the step: an event for any other would be an error to Dagster.
    """

    def __init__(
        self,
        index: ManifestIndex,
        nodes: OpNodes,
        keys: NodeKeys,
        *,
        outputs: frozenset[str],
    ) -> None:
        self._index = index
        self._nodes = nodes
        self._keys = keys
        self._outputs = outputs

    def of(self, finished: NodeFinished, *, reason: str | None = None) -> Iterator[DagsterEvent]:
        """The event of one node: an output, a check result, or an observation of what went wrong.

        Args:
            finished: dbt's report.
            reason: Why a node was skipped, where dbt told so separately.
        """
        test = self._index.test_by_id.get(finished.unique_id)
        node = self._index.node_by_id.get(finished.unique_id)
        if test is not None:
            yield from self._of_test(test, finished)
        elif node is not None and node.is_asset:
            yield from self._of_asset(node, finished, reason)

    def _of_asset(
        self, node: Node, finished: NodeFinished, reason: str | None
    ) -> Iterator[DagsterEvent]:
        output = self._nodes.output_of.get(node.unique_id)
        if output is None or output not in self._outputs:
            return
        metadata = _common_metadata(finished)
        if finished.status in BUILT_STATUSES:
            metadata.update(_relation_metadata(node, finished))
            yield dg.Output(None, output_name=output, metadata=metadata)
            return
        message = reason or finished.message
        if message:
            metadata["message"] = dg.MetadataValue.text(message)
        yield dg.AssetObservation(
            asset_key=self._keys.key_of[node.unique_id],
            description=f"Not materialized: dbt reported {finished.status!r}."
            + (f" {message}" if message else ""),
            metadata=metadata,
        )

    def _of_test(self, test: DbtTest, finished: NodeFinished) -> Iterator[DagsterEvent]:
        if finished.status == "skipped":
            return  # a check that was not evaluated has no result; the step's log names it
        metadata = _common_metadata(finished)
        if finished.failures is not None:
            metadata["dagster_dbt/failed_row_count"] = finished.failures
        if finished.status not in PASSED_STATUSES:
            if finished.message:
                metadata["message"] = dg.MetadataValue.text(finished.message)
            if finished.compiled_code:
                metadata["compiled_sql"] = dg.MetadataValue.md(
                    f"```sql\n{finished.compiled_code.strip()}\n```"
                )
        output = self._nodes.output_of.get(test.unique_id)
        if output is not None and output in self._outputs:
            key = self._keys.check_key_of[test.unique_id]
            yield ProjectCheckResult(
                asset_key=key.asset_key,
                check_name=key.name,
                passed=finished.status in PASSED_STATUSES,
                severity=dg.AssetCheckSeverity.WARN
                if finished.status == "warn"
                else dg.AssetCheckSeverity.ERROR,
                metadata=metadata,
            )
            return
        for asset_key in self._upstream_keys(test):
            yield dg.AssetObservation(
                asset_key=asset_key,
                description=f"dbt test {test.name} reported {finished.status!r}."
                " It is a check of no single asset; `meta.dagster.ref` makes it one.",
                metadata=metadata,
            )

    def _upstream_keys(self, test: DbtTest) -> list[dg.AssetKey]:
        keys: dict[dg.AssetKey, None] = {}
        for parent_id in test.depends_on:
            for node in self._index.nearest_assets(parent_id):
                key = self._keys.key_of.get(node.unique_id)
                if key is not None:
                    keys[key] = None
        return list(keys)


def _common_metadata(finished: NodeFinished) -> dict[str, Any]:
    metadata: dict[str, Any] = {
        "unique_id": finished.unique_id,
        "invocation_id": finished.invocation_id or "",
        "Execution Duration": finished.execution_time_seconds,
        "status": finished.status,
    }
    rows = finished.adapter_response.get("rows_affected")
    if (
        isinstance(rows, (int, float))
        and rows >= 0
        and finished.resource_type in ("model", "snapshot")
    ):
        metadata["rows_affected"] = int(rows)
    for name in ("bytes_processed", "slot_ms", "query_id"):
        if finished.adapter_response.get(name) not in (None, ""):
            metadata[name] = finished.adapter_response[name]
    return metadata


def _relation_metadata(node: Node, finished: NodeFinished) -> dict[str, Any]:
    relation = finished.relation
    if relation is None:
        return {}
    metadata: dict[str, Any] = {}
    if relation.row_count is not None:
        metadata["dagster/row_count"] = relation.row_count
    if relation.columns:
        documented = {column.name.lower(): column for column in node.columns}
        columns = []
        for column in relation.columns:
            known = documented.get(column.name.lower())
            columns.append(
                dg.TableColumn(
                    name=column.name,
                    type=column.type,
                    description=(known.description or None) if known else None,
                    tags=dict.fromkeys(known.tags, "") if known else None,
                )
            )
        metadata["dagster/column_schema"] = dg.TableSchema(columns=columns)
    return metadata
