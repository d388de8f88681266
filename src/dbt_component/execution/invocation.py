"""One dbt command over an exact set of nodes, as a stream of Dagster events."""

import json
import logging
import sys
from collections.abc import Generator, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import IO, Any

from dbt_component.dbt_process.events import (
    InvocationResult,
    LogLine,
    NodeFinished,
    NodeStarted,
    SkipCause,
)
from dbt_component.dbt_process.process import DbtProcess
from dbt_component.errors import DagsterDbtError
from dbt_component.execution.binding import RunBinding
from dbt_component.execution.failure import DagsterDbtCliRuntimeError
from dbt_component.execution.node_events import DagsterEvent, NodeEvents
from dbt_component.execution.plan import Mode, RunPlan, write_request
from dbt_component.execution.reconcile import Reconciliation
from dbt_component.project.dbt_environment import dbt_environment


@dataclass
class _Attempt:
    """What one dbt process told."""

    result: InvocationResult | None = None
    started: set[str] = field(default_factory=set)
    errors: list[str] = field(default_factory=list)
    exit_code: int | None = None


class DbtCliInvocation:
    """One dbt command. ``stream`` runs it; ``wait`` runs it without giving events.

    dbt starts with the object, so that its import overlaps Dagster's work, and is stopped when the
    stream ends, however it ends. Every expected node is accounted for: reported by dbt, or run again
    without the slice, or named in the error.
    """

    def __init__(
        self,
        plan: RunPlan,
        binding: RunBinding,
        events: NodeEvents,
        *,
        process: DbtProcess,
        folder: Path,
        raise_on_error: bool,
        log: logging.Logger,
    ) -> None:
        self._plan = plan
        self._binding = binding
        self._events = events
        self._process: DbtProcess | None = process
        self._folder = folder
        self._raise_on_error = raise_on_error
        self._log = log
        self._account = Reconciliation(plan.expected)
        self._error: DagsterDbtCliRuntimeError | None = None
        self._is_done = False

    @property
    def target_path(self) -> Path:
        """The folder of this command's artifacts."""
        return self._folder / "target"

    @property
    def dbt_command(self) -> str:
        """The command, for people. The selection is not part of it: nodes are named exactly."""
        return " ".join(["dbt", *self._plan.argv])

    def stream(self) -> Iterator[DagsterEvent]:
        """Runs dbt and yields one Dagster event for each node, as dbt reports it.

        Raises:
            DagsterDbtCliRuntimeError: A node failed or never reported, or dbt itself failed; raised
                after all events, so that what succeeded is recorded.
        """
        if self._is_done:
            return
        self._is_done = True
        if not self._plan.expected:
            self._close()
            self._log.info(
                "Nothing to run: no selected node is one that `%s` runs.", self.dbt_command
            )
            return
        plan = self._plan
        attempt = yield from self._attempt(plan)
        second = self._second_plan(plan, attempt)
        if second is not None:
            attempt = yield from self._attempt(second)
        self._error = self._account.failure(
            attempt.result,
            command=self.dbt_command,
            exit_code=attempt.exit_code,
            logged_errors=attempt.errors,
            folder=self._folder,
        )
        if self._error is not None and self._raise_on_error:
            raise self._error

    def wait(self) -> "DbtCliInvocation":
        """Runs dbt to its end. Raises as ``stream`` does."""
        for _ in self.stream():
            pass
        return self

    def is_successful(self) -> bool:
        """Whether every expected node was reported and none failed. Runs dbt if it hasn't run."""
        if not self._is_done:
            raise_on_error, self._raise_on_error = self._raise_on_error, False
            self.wait()
            self._raise_on_error = raise_on_error
        return self._error is None

    def get_error(self) -> Exception | None:
        """What ``stream`` raised or would have raised."""
        return None if self.is_successful() else self._error

    def get_artifact(self, artifact: str) -> dict[str, Any]:
        """A JSON artifact of this command, such as ``run_results.json``.

        manifest.json of a run holds the nodes of that run; the project's is in the state.

        Raises:
            DagsterDbtError: The command wrote no such file.
        """
        path = self.target_path / artifact
        try:
            content: dict[str, Any] = json.loads(path.read_text())
        except (OSError, ValueError) as error:
            raise DagsterDbtError(
                f"No readable artifact {artifact!r}: {error}.", where=str(self.target_path)
            ) from error
        return content

    def _attempt(self, plan: RunPlan) -> Generator[DagsterEvent, None, _Attempt]:
        """One dbt process from request to end; always stopped, whatever the consumer does."""
        attempt = _Attempt()
        process = self._process or start_process(plan)
        self._process = None
        try:
            request = write_request(
                plan, self._binding.prepared, self._folder, metadata=sorted(self._binding.metadata)
            )
            process.send(
                request,
                env=dbt_environment(plan.project, target_path=self.target_path),
                cwd=plan.project.project_dir.resolve(),
            )
            for event in process.events():
                if isinstance(event, NodeStarted):
                    attempt.started.add(event.unique_id)
                elif isinstance(event, NodeFinished):
                    yield from self._report(event)
                elif isinstance(event, SkipCause):
                    self._account.note_skip(event.unique_id, event.message)
                elif isinstance(event, LogLine):
                    self._log_line(event, attempt)
                elif isinstance(event, InvocationResult):
                    attempt.result = event
            attempt.exit_code = process.exit_code
        finally:
            process.stop()
        for late in self._account.unreported(attempt.result):
            yield from self._report(late)
        return attempt

    def _report(self, finished: NodeFinished) -> Iterator[DagsterEvent]:
        reason = self._account.record(finished)
        if finished.status == "skipped" and finished.unique_id in self._plan.expected:
            self._log.warning("%s was skipped: %s", finished.unique_id, reason or finished.message)
        yield from self._events.of(finished, reason=reason)

    def _log_line(self, line: LogLine, attempt: _Attempt) -> None:
        if line.level == "error":
            attempt.errors.append(line.message)
        elif line.name == "DbtComponent":
            self._log.warning(line.message)

    def _second_plan(self, plan: RunPlan, attempt: _Attempt) -> RunPlan | None:
        """A run without the slice of the nodes that did not report, where the slice may be to blame."""
        missing = self._account.missing
        if not missing or plan.mode is Mode.PARSE:
            return None
        result = attempt.result
        if result is not None and (result.interrupted or self._account.has_failures):
            return None
        if (result is None or result.error) and attempt.started:
            return None  # dbt broke down in the middle: running again is the user's decision
        self._log.warning(
            "%d of %d nodes did not report (%s); running them without the slice.",
            len(missing),
            len(plan.expected),
            (result.error if result is not None else None) or "no error",
        )
        return replace(
            plan, selected=missing, expected=missing, mode=Mode.PARSE, reason="nodes did not report"
        )

    def _close(self) -> None:
        if self._process is not None:
            self._process.stop()
            self._process = None


def start_process(plan: RunPlan) -> DbtProcess:
    """Starts dbt with its output on this process's standard output, where Dagster captures it."""
    return DbtProcess(plan.engine, **standard_streams())


def standard_streams() -> dict[str, int | None]:
    """The output descriptors of this process, for a child; ``None`` where a stream has none."""
    return {"stdout": _descriptor(sys.stdout), "stderr": _descriptor(sys.stderr)}


def _descriptor(stream: IO[str]) -> int | None:
    try:
        return stream.fileno()
    except (OSError, ValueError, AttributeError):
        return None
