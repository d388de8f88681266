"""Converts dbt's events and results into ours."""

from __future__ import annotations

import json
import traceback
from typing import AbstractSet, Any, Callable, Optional

from .child_lineage import QueryDescriber
from .child_manifest import find_node
from .child_metadata import (
    ADAPTER_RESPONSE,
    COLUMN_LINEAGE,
    COLUMN_SCHEMA,
    FAILED_ROWS,
    KINDS,
    describe_failed_test,
    describe_relation,
    is_stored,
)
from .child_pipe import EventPipe, plain, plain_message
from .child_raw import RawEvents
from .child_statuses import BUILT_STATUSES, UNREMARKABLE_STATUSES, counted_rows


class NodeWatcher:
    """The only callback given to dbt; converts its events into ours.

    Args:
        pipe: Receives the events.
        metadata: Kinds of metadata to fetch of each relation that was built.
        raw_events: Sends dbt's own events too; ``None`` if they are not wanted.
    """

    def __init__(
        self,
        pipe: EventPipe,
        metadata: AbstractSet[str],
        raw_events: Optional[RawEvents] = None,
    ) -> None:
        self._pipe = pipe
        self._metadata = metadata
        self._raw_events = raw_events
        self._queries = QueryDescriber()
        self._printed: set[str] = set()
        self.reported: set[str] = set()
        self.manifest: Optional[Any] = None

    def __call__(self, message: Any) -> None:
        try:
            if self._raw_events is not None:
                self._raw_events.send(message)
            self._handle(message)
        except Exception:  # an exception raised here would become the node's error
            self._pipe.emit(
                "log", level="warn", name="DbtComponent", message=traceback.format_exc()
            )

    def _handle(self, message: Any) -> None:
        name = message.info.name
        if name == "NodeStart":
            info = message.data.node_info
            self._pipe.emit("node_started", unique_id=info.unique_id)
        elif name == "NodeFinished":
            self._finished(message.data, message.info.invocation_id)
        elif name in ("LogModelResult", "LogFunctionResult"):
            self._printed.add(message.data.node_info.unique_id)
        elif message.info.level in ("error", "warn"):
            info = getattr(message.data, "node_info", None)
            self._pipe.emit(
                "log",
                level=message.info.level,
                name=name,
                message=plain(message.info.msg),
                unique_id=getattr(info, "unique_id", None) or None,
            )

    def _finished(self, data: Any, invocation_id: str) -> None:
        from google.protobuf.json_format import MessageToDict

        info = data.node_info
        result = data.run_result
        status = str(result.status).lower()
        # Each batch of a microbatch model also finishes, under the model's id, and may be skipped. Only the
        # model has a LogModelResult; a model that is skipped entirely is in dbt's final result.
        if (
            info.resource_type == "model"
            and info.unique_id not in self._printed
            and self._is_microbatch(info.unique_id)
        ):
            return
        fields = {
            "unique_id": info.unique_id,
            "resource_type": info.resource_type,
            "status": status,
            "invocation_id": invocation_id,
            "message": plain_message(result.message),
            "execution_time_seconds": result.execution_time,
            "started_at": info.node_started_at or None,
            "finished_at": info.node_finished_at or None,
            "thread": result.thread or None,
            "failures": counted_rows(info.resource_type, status, result.num_failures),
            "adapter_response": MessageToDict(result.adapter_response),
        }
        if (
            status in BUILT_STATUSES
            and not self._metadata.isdisjoint(KINDS)
            and info.resource_type in ("model", "seed", "snapshot")
            and info.materialized != "ephemeral"
        ):
            fields["relation"] = self._describe_relation(info.unique_id)
        if COLUMN_LINEAGE in self._metadata and status in BUILT_STATUSES:
            fields["query"] = self._describe_query(info.unique_id, fields.get("relation", {}))
        if status not in UNREMARKABLE_STATUSES and self.manifest is not None:
            node = find_node(self.manifest, info.unique_id)
            fields["compiled_code"] = getattr(node, "compiled_code", None)
            fields["compiled_path"] = getattr(node, "compiled_path", None)
            if node is not None and info.resource_type == "test" and status in ("fail", "warn"):
                fields["relation_name"] = node.relation_name if is_stored(node) else None
                if FAILED_ROWS in self._metadata:
                    fields["relation"] = self._described(node, describe_failed_test)
        if ADAPTER_RESPONSE in self._metadata and fields["adapter_response"]:
            response = json.dumps(fields["adapter_response"], default=str)
            fields["relation"] = {**fields.get("relation", {}), ADAPTER_RESPONSE: response}
        if info.unique_id in self.reported:
            return
        self.reported.add(info.unique_id)
        self._pipe.emit("node_finished", **fields)

    def _is_microbatch(self, unique_id: str) -> bool:
        node = find_node(self.manifest, unique_id)
        return (
            node is not None and getattr(node.config, "incremental_strategy", None) == "microbatch"
        )

    def _describe_relation(self, unique_id: str) -> dict[str, Any]:
        described: dict[str, Any] = {}

        def describe(node: Any) -> dict[str, Any]:
            describe_relation(node, self._metadata, described)
            return described

        # What was described before a failure stays.
        return self._described(find_node(self.manifest, unique_id), describe) or described

    def _describe_query(self, unique_id: str, relation: dict[str, Any]) -> Optional[dict[str, Any]]:
        node = find_node(self.manifest, unique_id)
        if (
            node is None
            or str(node.resource_type) not in ("model", "snapshot")
            or node.language != "sql"
            or not getattr(node, "compiled_code", None)
        ):
            return None
        schema = relation.get(COLUMN_SCHEMA)
        known = [column["name"] for column in schema] if schema else None
        found = self._described(
            node, lambda node: self._queries.describe(self.manifest, node, known)
        )
        return found or None

    def _described(self, node: Any, describe: Callable[[Any], dict[str, Any]]) -> dict[str, Any]:
        try:
            return describe(node)
        except Exception as error:
            self._pipe.emit(
                "log",
                level="warn",
                name="DbtComponent",
                message="No metadata for %s: %s" % (getattr(node, "unique_id", node), error),
                unique_id=getattr(node, "unique_id", None),
            )
            return {}


def describe_result(result: Any) -> dict[str, Any]:
    """One node of dbt's final result, for nodes without an event."""
    node = getattr(result, "node", None)
    resource_type = str(getattr(node, "resource_type", "") or "")
    status = str(result.status).lower()
    return {
        "unique_id": getattr(node, "unique_id", None) or getattr(result, "unique_id", None),
        "resource_type": resource_type,
        "status": status,
        "message": plain_message(result.message),
        "failures": counted_rows(resource_type, status, result.failures),
        "execution_time_seconds": result.execution_time,
        "relation_name": getattr(node, "relation_name", None),
        "compiled_code": None
        if status in UNREMARKABLE_STATUSES
        else getattr(node, "compiled_code", None),
        "compiled_path": getattr(node, "compiled_path", None),
    }


def emit_result(pipe: EventPipe, outcome: Any) -> None:
    """Sends the end of one dbt invocation: success, dbt's error if any, and every node's result."""
    results = getattr(outcome.result, "results", None) or []
    exception = outcome.exception
    pipe.emit(
        "result",
        success=bool(outcome.success),
        error=None if exception is None else (plain_message(str(exception)) or repr(exception)),
        error_type=None if exception is None else type(exception).__name__,
        interrupted=isinstance(exception, (KeyboardInterrupt, SystemExit)),
        nodes=[describe_result(r) for r in results if hasattr(r, "status")],
    )
