"""Converts dbt's events and results into ours."""

from __future__ import annotations

import json
import traceback
from typing import AbstractSet, Any, Callable, Optional

from .child_describer import Describer
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
        self._describer = Describer()
        self._queries = QueryDescriber()
        self._warned_of: set[str] = set()
        self._printed: set[str] = set()
        self.reported: set[str] = set()
        self.measured: dict[str, dict[str, Any]] = {}
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
        node = find_node(self.manifest, info.unique_id)
        if status not in UNREMARKABLE_STATUSES and node is not None:
            fields["compiled_code"] = getattr(node, "compiled_code", None)
            fields["compiled_path"] = getattr(node, "compiled_path", None)
            if info.resource_type == "test" and status in ("fail", "warn"):
                fields["relation_name"] = node.relation_name if is_stored(node) else None
        if ADAPTER_RESPONSE in self._metadata and fields["adapter_response"]:
            response = json.dumps(fields["adapter_response"], default=str)
            fields["relation"] = {ADAPTER_RESPONSE: response}
        if info.unique_id in self.measured:
            fields["freshness"] = self.measured[info.unique_id]
        if info.unique_id in self.reported:
            return
        self.reported.add(info.unique_id)
        describe = self._description_of(node, info, status)
        self._pipe.emit("node_finished", is_described_later=describe is not None, **fields)
        if describe is not None:
            self._describer.submit(describe)

    def _description_of(
        self, node: Optional[Any], info: Any, status: str
    ) -> Optional[Callable[[], None]]:
        """What is to be asked about a node that has ended; ``None`` if that is nothing."""
        if node is None:
            return None
        if info.resource_type == "test":
            if FAILED_ROWS in self._metadata and status in ("fail", "warn"):
                return lambda: self._describe(node, self._describe_test)
            return None
        has_relation = (
            status in BUILT_STATUSES
            and info.resource_type in ("model", "seed", "snapshot")
            and info.materialized != "ephemeral"
        )
        if has_relation and not self._metadata.isdisjoint({*KINDS, COLUMN_LINEAGE}):
            return lambda: self._describe(node, self._describe_built)
        return None

    def drain(self) -> None:
        """Waits until all that was built is described."""
        self._describer.drain()

    def _is_microbatch(self, unique_id: str) -> bool:
        node = find_node(self.manifest, unique_id)
        return (
            node is not None and getattr(node.config, "incremental_strategy", None) == "microbatch"
        )

    def _describe(self, node: Any, describe: Callable[[Any, dict[str, Any]], None]) -> None:
        """Sends what is found out about a node. What was found before a failure counts; the failure is a warning."""
        found: dict[str, Any] = {}
        try:
            describe(node, found)
        except Exception as error:
            self._warn(node, str(error) or repr(error))
        self._pipe.emit("node_described", unique_id=node.unique_id, **found)

    def _describe_test(self, node: Any, found: dict[str, Any]) -> None:
        found["relation"] = describe_failed_test(node)

    def _describe_built(self, node: Any, found: dict[str, Any]) -> None:
        relation: dict[str, Any] = {}
        found["relation"] = relation
        describe_relation(node, self._metadata, relation)
        if COLUMN_LINEAGE in self._metadata and _has_query(node):
            schema = relation.get(COLUMN_SCHEMA)
            known = [column["name"] for column in schema] if schema else None
            found["query"] = self._queries.describe(self.manifest, node, known)

    def _warn(self, node: Any, reason: str) -> None:
        """Warns of missing metadata, once for each reason: it may be the same for a thousand nodes."""
        if reason in self._warned_of:
            return
        self._warned_of.add(reason)
        self._pipe.emit(
            "log",
            level="warn",
            name="DbtComponent",
            message="No metadata for %s: %s" % (node.unique_id, reason),
            unique_id=node.unique_id,
        )


def _has_query(node: Any) -> bool:
    return (
        str(node.resource_type) in ("model", "snapshot")
        and node.language == "sql"
        and bool(getattr(node, "compiled_code", None))
    )


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
