"""Converts dbt's JSON log into our events; ``child_watcher`` does the same inside dbt's process."""

from __future__ import annotations

import json
import sys
import traceback
from typing import Any, Optional, Sequence

from .child_pipe import EventPipe, plain, plain_message
from .child_statuses import counted_rows

_LEVELS = ("debug", "info", "warn", "error")


class LogReader:
    """Reads one dbt command's log line by line; sends events to the pipe and prints messages.

    Only lines of one invocation count: the first that reports to run the command. dbt reports that before it
    runs anything, so neither another dbt that a wrapper runs nor a model that prints a line of JSON can take
    its place. A model knows ``invocation_id``, though; so ``statuses`` must be compared with dbt's results.

    Args:
        pipe: Receives the events.
        command_names: The names of the command, such as ``list`` and ``ls``; without one, all lines count.
        raw_level: The lowest level of dbt's own events to send, too; ``None`` sends none of them.
    """

    def __init__(
        self, pipe: EventPipe, command_names: Sequence[str] = (), raw_level: Optional[str] = None
    ) -> None:
        self._pipe = pipe
        self._command_names = command_names
        self._raw_levels = () if raw_level is None else _LEVELS[_LEVELS.index(raw_level) :]
        self.invocation_id: Optional[str] = None
        self.statuses: dict[str, str] = {}
        self.ephemeral: set[str] = set()
        self._printed: set[Optional[str]] = set()
        self._batched: set[Optional[str]] = set()
        self.errors: list[str] = []

    def read(self, line: bytes) -> None:
        """Handles one line of standard output. A line that is not a dbt event is only printed."""
        text = line.decode(errors="replace").rstrip("\n")
        try:
            record = json.loads(text)
            info, data = record["info"], record["data"]
            name, level = info["name"], info["level"]
            message = str(info.get("msg") or "")
            counts = self._counts(name, data, info.get("invocation_id"))
        except (ValueError, KeyError, TypeError, AttributeError):
            _show(text)
            return
        if level != "debug":
            _show(message)
        if not counts:
            return
        if level in self._raw_levels:
            self._pipe.emit("raw", event=record)
        try:
            self._tell(name, level, plain(message), data or {}, info.get("invocation_id"))
        except Exception:  # an unexpected line must not stop the reader
            self._pipe.emit(
                "log", level="warn", name="DbtComponent", message=traceback.format_exc()
            )

    def _counts(self, name: str, data: Any, invocation_id: Optional[str]) -> bool:
        if not self._command_names:
            return True
        if self.invocation_id is None and name == "MainReportArgs":
            told = str(data["args"].get("invocation_command") or "")
            if any(" %s " % command in told + " " for command in self._command_names):
                self.invocation_id = invocation_id
        return self.invocation_id is not None and invocation_id == self.invocation_id

    def _tell(
        self,
        name: str,
        level: str,
        message: str,
        data: dict[str, Any],
        invocation_id: Optional[str],
    ) -> None:
        node = data.get("node_info") or {}
        unique_id = node.get("unique_id") or data.get("unique_id") or None
        if name == "NodeStart":
            self._pipe.emit("node_started", unique_id=unique_id)
        elif name in ("LogModelResult", "LogFunctionResult"):
            self._printed.add(unique_id)
        elif name in ("LogStartBatch", "LogBatchResult"):
            self._batched.add(unique_id)
        elif name == "NodeFinished":
            self._finished(unique_id, node, data.get("run_result") or {}, invocation_id)
        elif level in ("error", "warn"):
            if level == "error":
                self.errors.append(message)
            self._pipe.emit("log", level=level, name=name, message=message, unique_id=unique_id)

    def _finished(
        self,
        unique_id: Optional[str],
        node: dict[str, Any],
        result: dict[str, Any],
        invocation_id: Optional[str],
    ) -> None:
        # A batch of a microbatch model finishes under the model's id; only the model has a LogModelResult.
        is_batch = unique_id in self._batched and unique_id not in self._printed
        if is_batch or not unique_id or unique_id in self.statuses:
            return
        status = str(result.get("status") or node.get("node_status") or "").lower()
        self.statuses[unique_id] = status
        if node.get("materialized") == "ephemeral":
            self.ephemeral.add(unique_id)
        kind = node.get("resource_type") or unique_id.partition(".")[0]
        self._pipe.emit(
            "node_finished",
            unique_id=unique_id,
            resource_type=kind,
            status=status,
            invocation_id=invocation_id,
            message=plain_message(result.get("message")),
            execution_time_seconds=result.get("execution_time") or 0.0,
            started_at=node.get("node_started_at") or None,
            finished_at=node.get("node_finished_at") or None,
            thread=result.get("thread") or None,
            failures=counted_rows(kind, status, int(result.get("num_failures") or 0)),
            adapter_response=result.get("adapter_response") or {},
        )


def _show(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()
