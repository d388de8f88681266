"""One dbt command."""

import json
import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from typing_extensions import Self

from dbt_component.dbt_process.events import DbtEvent, NodeFinished
from dbt_component.errors import DagsterDbtError, DefinitionError
from dbt_component.execution.account import Account
from dbt_component.execution.attempt import Attempt
from dbt_component.execution.failure import DagsterDbtCliRuntimeError
from dbt_component.execution.plan import write_request
from dbt_component.execution.run_folder import RunFolder
from dbt_component.execution.selected_step import SelectedStep
from dbt_component.execution.step_events import DagsterEvent


class DbtCliInvocation:
    """One dbt command. It runs once, when it is waited for or streamed.

    dbt is stopped when the iteration ends, however it ends.

    Args:
        attempt: The command's first attempt.
        folder: The command's scratch folder.
        raise_on_error: Whether ``wait`` and ``stream`` raise the error of a failed command.
        step: The step whose nodes the command runs; ``None`` for a command that runs as given.
        log: The log of the op that runs the command, if there is one.
    """

    def __init__(
        self,
        attempt: Attempt,
        folder: RunFolder,
        *,
        raise_on_error: bool = True,
        step: SelectedStep | None = None,
        log: logging.Logger | None = None,
    ) -> None:
        self._attempt = attempt
        self._folder = folder
        self._raise_on_error = raise_on_error
        self._step = step
        self._log = log
        plan = attempt.plan
        self._account = Account(plan.expected) if step is None else step.open_account(plan)
        self._error: DagsterDbtCliRuntimeError | None = None
        self._is_done = False
        self._is_complete = False

    @property
    def dbt_command(self) -> str:
        """The command as text, for messages, without nodes that dbt gets by unique id."""
        return self._attempt.plan.dbt_command

    @property
    def target_path(self) -> Path:
        """The folder of the command's artifacts. After several attempts it is that of the last one."""
        return self._attempt.target_path

    @property
    def exit_code(self) -> int | None:
        """Exit code of dbt's process; ``None`` while it has not ended."""
        return self._attempt.exit_code

    @property
    def has_only_failed_nodes(self) -> bool:
        """Whether the command ran to its end and its error is only that nodes failed."""
        is_complete = self._is_complete and not self.missing
        return self._error is not None and is_complete and not self._attempt.broke_down

    @property
    def has_begun(self) -> bool:
        """Whether the command was streamed or waited for."""
        return self._is_done

    @property
    def is_finished(self) -> bool:
        """Whether the command ran to its end, successfully or not."""
        return self._is_complete

    @property
    def has_nothing_to_run(self) -> bool:
        """Whether the step selected no node that the command runs, so dbt is not needed."""
        return self._step is not None and not self.expected

    @property
    def expected(self) -> frozenset[str]:
        """Unique ids of the nodes of the step that the command runs; empty for one that runs as given."""
        return self._account.expected

    @property
    def reported(self) -> frozenset[str]:
        """Unique ids of the nodes that have reported their end."""
        return self._account.reported

    @property
    def missing(self) -> frozenset[str]:
        """Unique ids of the nodes of the step that the command runs and that have not reported their end."""
        return self._account.missing

    def stop(self) -> None:
        """Stops dbt if it is running. The command does not count as finished then."""
        self._attempt.stop()
        if self._step is not None:
            self._step.stop()

    def stream(self) -> Iterator[DagsterEvent]:
        """Runs the command over the step's nodes and yields one Dagster event for each.

        A command that neither builds nor tests, such as `docs generate`, runs and yields nothing. If it was
        given a context, a warning in the log says so.

        Raises:
            DagsterDbtCliRuntimeError: A node failed or never reported, or dbt itself failed; raised after
                all events, so successes are recorded first.
            DefinitionError: The command builds or tests nodes outside of dbt definitions, so it is unknown
                which assets they are.
        """
        if self._step is not None:
            if not self._is_done:
                self._is_done = True
                self._attempt, self._error = yield from self._step.run(
                    self._attempt, self._folder, self._account
                )
                self._is_complete = True
                self._raise()
            return
        command = self._attempt.plan.arguments.command
        if command.builds or command.tests:
            self._attempt.stop()
            raise DefinitionError(
                f"`{self.dbt_command}` runs outside of dbt definitions, so its nodes are no assets.",
                where="DbtCliInvocation.stream",
                hint="Pass the `context` of a dbt asset to `cli`, or use `wait()` or"
                " `stream_raw_events()`.",
            )
        if self._log is not None and not self._is_done:
            self._log.warning("`%s` builds nothing: no asset is materialized.", self.dbt_command)
        self.wait()

    def stream_raw_events(self) -> Iterator[DbtEvent]:
        """Runs the command and yields dbt's own events, in the order in which dbt's threads emit them.

        In a step this is the first attempt only.

        Raises:
            DagsterDbtCliRuntimeError: A node failed, or dbt itself failed; raised after all events.
        """
        if self._is_done:
            return
        self._is_done = True
        account = self._account
        try:
            if self._step is not None:
                request = self._step.request_for(self._attempt)
            else:
                request = write_request(self._attempt.plan, None, self._attempt.target_path)
            for event in self._attempt.events(request):
                if isinstance(event, NodeFinished):
                    account.record(event)
                yield event
        finally:
            self._attempt.stop()
        for finished in account.unreported(self._attempt.result):
            account.record(finished)
        self._error = account.failure(self._attempt)
        self._is_complete = True
        self._raise()

    def wait(self) -> Self:
        """Runs the command to its end. Raises as ``stream`` does."""
        for _ in self.stream() if self._step is not None else self.stream_raw_events():
            pass
        return self

    def is_successful(self) -> bool:
        """Whether no node failed and every expected node was reported. Runs the command if it has not run.

        A command whose events were not all consumed was stopped, so it was not successful.
        """
        if not self._is_done:
            raise_on_error, self._raise_on_error = self._raise_on_error, False
            try:
                self.wait()
            finally:
                self._raise_on_error = raise_on_error
        return self._is_complete and self._error is None

    def get_error(self) -> Exception | None:
        """The error that ``wait`` raises; ``None`` if there is none. Runs the command if it has not run."""
        return None if self.is_successful() else self._error

    def get_artifact(self, artifact: str) -> dict[str, Any]:
        """A JSON artifact of this command, such as ``run_results.json``.

        The manifest.json of a step holds only the nodes of that step; the state holds that of the project.

        Raises:
            DagsterDbtError: The command wrote no such file, or it is not JSON.
        """
        path = self.target_path / artifact
        try:
            content: dict[str, Any] = json.loads(path.read_text())
        except (OSError, ValueError) as error:
            raise DagsterDbtError(
                f"No readable artifact {artifact!r}: {error}.",
                where=str(self.target_path),
                hint="Artifacts exist once the command has run.",
            ) from error
        return content

    def _raise(self) -> None:
        if self._error is not None and self._raise_on_error:
            raise self._error
