"""One dbt process, from its request to its end."""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from dbt_component.dbt_process.engine import Engine
from dbt_component.dbt_process.events import DbtEvent, InvocationResult, LogLine, NodeStarted
from dbt_component.dbt_process.hidden_values import HiddenValues
from dbt_component.dbt_process.process import DbtProcess
from dbt_component.dbt_process.requests import Invoke
from dbt_component.execution.command_end import CommandEnd
from dbt_component.execution.plan import RunPlan
from dbt_component.execution.run_worker import interrupted_without_run_worker
from dbt_component.project.dbt_environment import dbt_environment


class Attempt:
    """Runs one plan in one dbt process and records the outcome of the process as a whole.

    Args:
        plan: The command.
        target_path: Where dbt writes artifacts and its log.
        process: A dbt process that was started early; by default ``events`` starts one.
    """

    def __init__(
        self, plan: RunPlan, target_path: Path, *, process: DbtProcess | None = None
    ) -> None:
        self.plan = plan
        self.target_path = target_path
        self.result: InvocationResult | None = None
        self.started: set[str] = set()
        self.errors: list[str] = []
        self.exit_code: int | None = None
        self.pid: int | None = None
        self._process = process
        self._grace_seconds: float | None = None

    def start(self) -> DbtProcess:
        """Starts dbt's process, which waits for its request, unless it was started early."""
        if self._process is None:
            self._process = start_process(self.plan.engine, grace_seconds=self._grace_seconds)
        self.pid = self._process.pid
        return self._process

    def set_grace(self, seconds: float) -> None:
        """Sets how long dbt may take to end after an interrupt."""
        self._grace_seconds = seconds
        process = self._process
        if process is not None:
            process.grace_seconds = seconds

    def events(self, request: Invoke) -> Iterator[DbtEvent]:
        """Sends the request and yields dbt's events. dbt is stopped however the iteration ends."""
        process = self.start()
        project = self.plan.project
        hidden = HiddenValues({"project": project.vars, "run": self.plan.arguments.vars})
        try:
            process.send(
                request,
                env={
                    **dbt_environment(
                        project,
                        target_path=self.target_path,
                        chooses_its_nodes=self.plan.selected is None,
                    ),
                    **hidden.environment,
                },
                cwd=project.run_dir,
            )
            with interrupted_without_run_worker():
                for event in map(hidden.mask_event, process.events()):
                    if isinstance(event, NodeStarted):
                        self.started.add(event.unique_id)
                    elif isinstance(event, LogLine) and event.level == "error":
                        self.errors.append(event.message)
                    elif isinstance(event, InvocationResult):
                        self.result = event
                    yield event
            self.exit_code = process.exit_code
        finally:
            self.stop()

    @property
    def log_path(self) -> Path:
        """The file of dbt's own log."""
        return self.target_path / "dbt.log"

    @property
    def broke_down(self) -> bool:
        """Whether dbt itself failed, as opposed to a node."""
        return self.result is None or bool(self.result.error)

    @property
    def end(self) -> CommandEnd:
        """How the command ended, for an error."""
        error, error_without_failures = None, None
        detail = "\n".join(self.errors[-5:])
        if self.result is None:
            error = f"the process ended with exit code {self.exit_code} and no result. {detail}"
        elif self.result.error:
            error = self.result.error
        elif not self.result.success:
            error_without_failures = detail or "the command failed without a message"
        return CommandEnd(
            command=self.plan.dbt_command,
            place=f"Artifacts and dbt.log: {self.target_path}",
            error=error and error.strip(),
            error_without_failures=error_without_failures,
            log_path=self.log_path,
        )

    def end_unused(self) -> None:
        """Ends an attempt that has nothing to run, without running dbt."""
        self.stop()
        self.result = InvocationResult(success=True)

    def stop(self) -> None:
        """Stops dbt if it is running."""
        process, self._process = self._process, None
        if process is not None:
            process.stop()


def start_process(engine: Engine, *, grace_seconds: float | None = None) -> DbtProcess:
    """Starts dbt with its output on this process's standard output, where Dagster captures it."""
    return DbtProcess(
        engine,
        stdout=_descriptor(sys.stdout),
        stderr=_descriptor(sys.stderr),
        grace_seconds=grace_seconds,
    )


def _descriptor(stream: IO[str]) -> int | None:
    """The stream's descriptor; ``None`` if it has none, as in a notebook."""
    try:
        return stream.fileno()
    except (OSError, ValueError, AttributeError):
        return None
