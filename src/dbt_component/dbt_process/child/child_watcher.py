"""dbt's events and results, turned into ours."""

import traceback

from child_pipe import plain

UNREMARKABLE_STATES = ("success", "pass", "skipped", "no-op", "reused")
FINISHED_STATES = ("success", "pass", "warn", "no-op", "reused")


class NodeWatcher:
    """The one callback given to dbt: turns its events into ours."""

    def __init__(self, pipe, metadata):
        self._pipe = pipe
        self._metadata = metadata
        self._printed = set()
        self.reported = set()
        self.manifest = None

    def __call__(self, message):
        try:
            self._handle(message)
        except Exception:  # an exception here would become an error of the node itself
            self._pipe.emit(
                "log", level="warn", name="DbtComponent", message=traceback.format_exc()
            )

    def _handle(self, message):
        name = message.info.name
        if name == "NodeStart":
            info = message.data.node_info
            self._pipe.emit("node_started", unique_id=info.unique_id)
        elif name == "NodeFinished":
            self._finished(message.data, message.info.invocation_id)
        elif name in ("LogModelResult", "LogFunctionResult"):
            self._printed.add(message.data.node_info.unique_id)
        elif name in ("SkippingDetails", "LogSkipBecauseError", "MarkSkippedChildren"):
            info = getattr(message.data, "node_info", None)
            self._pipe.emit(
                "skip_cause",
                unique_id=getattr(info, "unique_id", None)
                or getattr(message.data, "unique_id", None),
                message=plain(message.info.msg),
            )
        elif message.info.level in ("error", "warn"):
            info = getattr(message.data, "node_info", None)
            self._pipe.emit(
                "log",
                level=message.info.level,
                name=name,
                message=plain(message.info.msg),
                unique_id=getattr(info, "unique_id", None) or None,
            )

    def _finished(self, data, invocation_id):
        from google.protobuf.json_format import MessageToDict

        info = data.node_info
        result = data.run_result
        status = str(result.status).lower()
        # Each batch of a microbatch model finishes too, under the model's id, and may be skipped. Only the
        # model prints; a model skipped as a whole is in dbt's final result.
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
            "message": result.message or None,
            "execution_time_seconds": result.execution_time,
            "started_at": info.node_started_at or None,
            "finished_at": info.node_finished_at or None,
            "thread": result.thread or None,
            "failures": result.num_failures
            if info.resource_type in ("test", "unit_test")
            else None,
            "adapter_response": MessageToDict(result.adapter_response),
        }
        if (
            status in FINISHED_STATES
            and self._metadata
            and info.resource_type in ("model", "seed", "snapshot")
            and info.materialized != "ephemeral"
        ):
            fields["relation"] = self._describe_relation(info.unique_id, info.materialized)
        if status not in UNREMARKABLE_STATES and self.manifest is not None:
            node = self.manifest.nodes.get(info.unique_id)
            fields["compiled_code"] = getattr(node, "compiled_code", None)
        if info.unique_id in self.reported:
            return
        self.reported.add(info.unique_id)
        self._pipe.emit("node_finished", **fields)

    def _is_microbatch(self, unique_id):
        node = self.manifest.nodes.get(unique_id) if self.manifest else None
        return (
            node is not None and getattr(node.config, "incremental_strategy", None) == "microbatch"
        )

    def _describe_relation(self, unique_id, materialized):
        """Asks the database, on the adapter that dbt has open, about the relation just built."""
        from dbt.adapters.factory import FACTORY

        described = {}
        try:
            adapter = next(iter(FACTORY.adapters.values()))
            node = self.manifest.nodes[unique_id]
            relation = adapter.Relation.create_from(adapter.config, node)
            with adapter.connection_named("describe_" + unique_id):
                if "column_metadata" in self._metadata:
                    described["columns"] = [
                        {"name": column.name, "type": column.data_type}
                        for column in adapter.get_columns_in_relation(relation)
                    ]
                if "row_count" in self._metadata and materialized != "view":
                    _, table = adapter.execute(
                        "select count(*) as row_count from %s" % relation, fetch=True
                    )
                    described["row_count"] = int(table.rows[0][0])
        except Exception as error:
            self._pipe.emit(
                "log",
                level="warn",
                name="DbtComponent",
                message="No metadata of %s: %s" % (unique_id, error),
                unique_id=unique_id,
            )
        return described


def describe_result(result):
    """One node of dbt's final result, for nodes that no event told of."""
    node = getattr(result, "node", None)
    return {
        "unique_id": getattr(node, "unique_id", None) or getattr(result, "unique_id", None),
        "resource_type": str(getattr(node, "resource_type", "") or ""),
        "status": str(result.status).lower(),
        "message": result.message,
        "failures": result.failures,
        "execution_time_seconds": result.execution_time,
        "relation_name": getattr(node, "relation_name", None),
        "compiled_code": None
        if str(result.status).lower() in UNREMARKABLE_STATES
        else getattr(node, "compiled_code", None),
    }


def emit_result(pipe, outcome):
    """Sends the end of one dbt invocation: success, dbt's error if any, and every node's result."""
    results = getattr(outcome.result, "results", None) or []
    exception = outcome.exception
    pipe.emit(
        "result",
        success=bool(outcome.success),
        error=None if exception is None else (str(exception) or repr(exception)),
        error_type=None if exception is None else type(exception).__name__,
        interrupted=isinstance(exception, (KeyboardInterrupt, SystemExit)),
        nodes=[describe_result(r) for r in results if hasattr(r, "status")],
    )
