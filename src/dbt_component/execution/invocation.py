"""``DbtCliInvocation``: one dbt command."""

import json
import warnings
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NoReturn

from packaging.version import InvalidVersion, Version
from typing_extensions import Self

from dbt_component.dbt_process.events import NodeFinished, RawEvent
from dbt_component.dbt_process.hidden_values import shown_argv
from dbt_component.dbt_process.termination_timeout import termination_timeout_seconds
from dbt_component.definitions.translator import DagsterDbtTranslator
from dbt_component.errors import DagsterDbtError
from dbt_component.execution.account import Account
from dbt_component.execution.attempt import Attempt
from dbt_component.execution.background import Background
from dbt_component.execution.cli_event_message import DbtCliEventMessage
from dbt_component.execution.cli_process import DbtCliProcess
from dbt_component.execution.event_iterator import DbtEventIterator
from dbt_component.execution.failure import DagsterDbtCliRuntimeError
from dbt_component.execution.given_command import GivenCommand
from dbt_component.execution.op_context import Context
from dbt_component.execution.outcome_events import DagsterEvent
from dbt_component.execution.rendering import Rendering
from dbt_component.execution.report_wishes import NO_WISHES, ReportWishes
from dbt_component.execution.run_folder import RunFolder
from dbt_component.execution.selected_step import SelectedStep
from dbt_component.project.project import DbtProject

Report = DagsterEvent | NodeFinished | RawEvent


class DbtCliInvocation:
    """One dbt command. It runs once, when it is waited for, streamed, or its ``process`` is.

    dbt is stopped when an iteration ends, however it ends.

    Args:
        attempt: The command's first attempt.
        folder: The command's scratch folder.
        rendering: How nodes appear in Dagster, for a command that runs as given.
        raise_on_error: Whether ``wait`` and ``stream`` raise the error of a failed command.
        step: The step whose nodes the command runs; ``None`` for a command that runs as given.
    """

    def __init__(
        self,
        attempt: Attempt,
        folder: RunFolder,
        rendering: Rendering,
        *,
        raise_on_error: bool = True,
        step: SelectedStep | None = None,
    ) -> None:
        self._attempt = attempt
        self._folder = folder
        self._rendering = rendering
        self._step = step
        self._given = GivenCommand(attempt, rendering)
        self.raise_on_error = raise_on_error
        """Whether ``wait``, ``stream`` and ``stream_raw_events`` raise the error of a failed command."""
        plan = attempt.plan
        self._account = Account(plan.expected) if step is None else step.open_account(plan)
        self._wishes: ReportWishes = NO_WISHES
        self._grace_seconds: float | None = None
        self._kept: list[Report] | None = None
        self._background: Background[Report] | None = None
        self._error: DagsterDbtCliRuntimeError | None = None
        self._has_begun = False
        self._is_complete = False
        self._was_cut = False
        self._was_refused = False

    # -- the command -------------------------------------------------------------------------------

    @property
    def dbt_command(self) -> str:
        """The command as text, for messages, without nodes that dbt gets by unique id."""
        return self._attempt.plan.dbt_command

    @property
    def argv(self) -> list[str]:
        """The command line after ``dbt``. Values of variables that came from the environment are masked."""
        plan = self._attempt.plan
        return shown_argv(plan.argv, hidden=plan.project.vars.keys())

    @property
    def target_path(self) -> Path:
        """The folder of the command's artifacts. After several attempts it is that of the last one."""
        return self._attempt.target_path

    @property
    def project(self) -> DbtProject:
        """The project that the command runs in."""
        return self._attempt.plan.project

    @property
    def project_dir(self) -> Path:
        """The folder of dbt_project.yml."""
        return self.project.project_dir

    @property
    def context(self) -> Context | None:
        """The context that was passed to ``cli``."""
        return self._rendering.context

    @property
    def manifest(self) -> Mapping[str, Any]:
        """The manifest that asset keys come from; empty if there is none.

        Raises:
            DagsterDbtManifestNotFoundError: There is no file at the path that was passed to ``cli``.
        """
        found = self._rendering.found_manifest
        return {} if found is None else found

    @property
    def dagster_dbt_translator(self) -> DagsterDbtTranslator:
        """The translator that asset keys come from."""
        return self._rendering.rules

    @property
    def cli_version(self) -> Version:
        """The version of dbt-core, or of dbt Fusion.

        Raises:
            DagsterDbtError: It is unknown.
        """
        versions = self._attempt.plan.engine.versions
        text = versions.get("dbt-core") or next(iter(versions.values()), "")
        try:
            return Version(text)
        except InvalidVersion as error:
            raise DagsterDbtError(f"dbt's version is unknown: {versions!r}.") from error

    @property
    def is_fusion(self) -> bool:
        """Whether dbt is the Fusion engine."""
        return self.cli_version.major >= 2

    @property
    def adapter_type(self) -> str | None:
        """The kind of database by the manifest, such as ``duckdb``; ``None`` if it is unknown."""
        found = self._rendering.found_manifest
        return None if found is None else found.index.adapter_type or None

    @property
    def adapter(self) -> NoReturn:
        """Not available: dbt's adapter lives in dbt's own process.

        Raises:
            DagsterDbtError: Always.
        """
        raise DagsterDbtError(
            "`DbtCliInvocation.adapter` is not available: dbt's adapter and its connections live in dbt's own process.",
            hint="For row counts and columns use `stream().fetch_row_counts()` and `.fetch_column_metadata()`; for other"
            ' queries a macro with `cli(["run-operation", …])`, or a connection of your own.',
        )

    @property
    def termination_timeout_seconds(self) -> float:
        """How long dbt may take to end after an interrupt. By default ``DAGSTER_DBT_TERMINATION_TIMEOUT_SECONDS``, or 25.

        Raises:
            DagsterDbtError: That variable is no number.
        """
        return termination_timeout_seconds() if self._grace_seconds is None else self._grace_seconds

    @termination_timeout_seconds.setter
    def termination_timeout_seconds(self, seconds: float) -> None:
        self._grace_seconds = seconds
        self._attempt.set_grace(seconds)

    # -- progress ----------------------------------------------------------------------------------

    @property
    def process(self) -> DbtCliProcess:
        """dbt's process, like a ``subprocess.Popen``. Waiting for it or polling it starts a command that has not begun."""
        return DbtCliProcess(self)

    @property
    def pid(self) -> int | None:
        """The id of dbt's process; ``None`` if none was started."""
        return self._attempt.pid

    @property
    def exit_code(self) -> int | None:
        """Exit code of dbt's process; ``None`` while it has not ended."""
        return self._attempt.exit_code

    @property
    def returncode(self) -> int | None:
        """dbt's exit code: 0, 1 if nodes failed, 2 if dbt itself did; ``None`` before the end."""
        if not self._is_complete:
            return None
        if self._error is None:
            return 0
        return 2 if self._attempt.broke_down else 1

    @property
    def has_only_failed_nodes(self) -> bool:
        """Whether the command ran to its end and its error is only that nodes failed."""
        is_complete = self._is_complete and not self.missing
        return self._error is not None and is_complete and not self._attempt.broke_down

    @property
    def has_begun(self) -> bool:
        """Whether the command was streamed or waited for."""
        return self._has_begun

    @property
    def is_finished(self) -> bool:
        """Whether the command ran to its end, successfully or not."""
        return self._is_complete and not self._was_cut

    @property
    def runs_step(self) -> bool:
        """Whether the command runs exactly the nodes of a step of dbt definitions."""
        return self._step is not None

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

    def start(self) -> None:
        """Starts the command in the background if it has not begun. Its events are kept until they are read."""
        if self._background is None and self._kept is None and not self._has_begun:
            self._wishes = ReportWishes(self._wishes.metadata, raw_events=True)
            self._attempt.start()
            self._has_begun = True
            self._background = Background(self._run())

    def wait_in_background(self, timeout: float | None) -> bool:
        """Waits for the end without raising the command's error; false if it does not come in time, in seconds."""
        if self._background is None:
            return True
        return self._background.wait(timeout)

    def stop(self) -> None:
        """Stops dbt if it is running. The command does not count as finished then."""
        self._was_cut = self._was_cut or (self._has_begun and not self._is_complete)
        self._attempt.stop()
        if self._step is not None:
            self._step.stop()

    # -- results -----------------------------------------------------------------------------------

    def stream(self) -> DbtEventIterator[DagsterEvent]:
        """Runs the command and yields Dagster events, as dbt reports the ends of nodes.

        In a step of dbt definitions these are Outputs, AssetCheckResults, and AssetObservations of what went
        wrong. Elsewhere they are AssetMaterializations of what was built and AssetCheckEvaluations, with keys by
        the manifest and the translator that were passed to ``cli``; or by the project's own manifest.json.

        A command that neither builds nor tests, such as `docs generate`, runs and yields nothing. If it was
        given a context, a warning in the log says so. After ``wait`` or ``is_successful``, which run the command,
        its events are yielded too.

        Raises:
            DagsterDbtCliRuntimeError: A node failed or never reported, or dbt itself failed; raised after
                all events, so successes are recorded first.
            DefinitionError: The command builds or tests nodes outside of dbt definitions and there is no
                manifest, so it is unknown which assets they are.
        """
        return DbtEventIterator(self._dagster_events(), self)

    def stream_raw_events(self) -> Iterator[DbtCliEventMessage]:
        """Runs the command and yields dbt's own events, as its JSON log on standard output has them.

        By default these are the events of level info and above; with ``--log-level debug`` all.

        Raises:
            DagsterDbtCliRuntimeError: A node failed, or dbt itself failed; raised after all events.
        """
        if not self._has_begun:
            self._wishes = ReportWishes(self._wishes.metadata, raw_events=True)
        for report in self._reports():
            if isinstance(report, RawEvent):
                yield DbtCliEventMessage(report.event, is_fusion=self.is_fusion)
        self._raise()

    def wait(self) -> Self:
        """Runs the command to its end and returns it.

        Raises:
            DagsterDbtCliRuntimeError: A node failed or never reported, or dbt itself failed.
        """
        self._run_to_the_end()
        self._raise()
        return self

    def is_successful(self) -> bool:
        """Whether no node failed and every expected node was reported. Runs the command if it has not run.

        A command whose events were not all consumed was stopped, so it was not successful.
        """
        if not self._has_begun:
            self._wishes = ReportWishes(self._wishes.metadata, raw_events=True)
        self._run_to_the_end()
        return self.is_finished and self._error is None

    def get_error(self) -> Exception | None:
        """The error that ``wait`` raises; ``None`` if there is none. Runs the command if it has not run."""
        if self.is_successful():
            return None
        return self._error or DagsterDbtCliRuntimeError(
            f"`{self.dbt_command}` was left before its end, so dbt was stopped."
        )

    def get_artifact(self, artifact: str) -> dict[str, Any]:
        """A JSON artifact of this command, such as ``run_results.json``.

        The manifest.json of a step holds only the nodes of that step; the state holds that of the project.

        Args:
            artifact: Name of a file in ``target_path``.

        Raises:
            DagsterDbtError: The command wrote no such file, or it is not JSON.
        """
        path = self.target_path / artifact
        try:
            content: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise DagsterDbtError(
                f"No readable artifact {artifact!r}: {error}.",
                where=str(self.target_path),
                hint="Artifacts exist once the command has run.",
            ) from error
        return content

    def fetch_also(self, kind: str, *, wanted_by: str) -> None:
        """Asks for a kind of metadata about each relation that the command will build.

        Args:
            kind: A key of ``child_metadata.KINDS``.
            wanted_by: The method that asks, for messages.

        Raises:
            DagsterDbtError: The command has already begun.
        """
        if self._has_begun or self._background is not None:
            raise DagsterDbtError(
                f"`{wanted_by}()` comes too late: `{self.dbt_command}` has already begun.",
                hint=f"Call it before the first event is read: `stream().{wanted_by}()`.",
            )
        self._wishes = ReportWishes(
            self._wishes.metadata | {kind}, raw_events=self._wishes.raw_events
        )

    # -- running -----------------------------------------------------------------------------------

    def _dagster_events(self) -> Iterator[DagsterEvent]:
        if self._step is None:
            self._was_refused = True
            self._given.require_keys()
            self._was_refused = False
            if not self._has_begun:
                self._given.warn_if_nothing_is_built()
        for report in self._reports():
            if isinstance(report, NodeFinished):
                yield from self._given.render(report)
            elif not isinstance(report, RawEvent):
                yield report
        self._rendering.warn_of_unknown_nodes()
        self._raise()

    def _run_to_the_end(self) -> None:
        if self._background is not None:
            self._background.wait()
        elif not self._has_begun:
            self._kept = []
            for report in self._run():
                self._kept.append(report)

    def _reports(self) -> Iterator[Report]:
        """What the command reports, also after it has run in the background or to its end."""
        if self._background is not None:
            try:
                yield from self._background.items()
            finally:
                if not self._is_complete:
                    self.stop()
        elif self._kept is not None:
            yield from self._kept
        elif not self._has_begun:
            yield from self._run()

    def _run(self) -> Iterator[Report]:
        self._has_begun = True
        if self._step is None:
            self._error = yield from self._given.run(self._account, self._wishes)
        else:
            self._attempt, self._error = yield from self._step.run(
                self._attempt, self._folder, self._account, wishes=self._wishes
            )
        self._is_complete = True

    def _raise(self) -> None:
        if self._error is not None and self.raise_on_error:
            raise self._error

    def __del__(self) -> None:
        # As for a coroutine that was never awaited. In a step of dbt definitions its body raises.
        if self.__dict__.get("_has_begun", True) or self._step is not None:
            return
        if self._background is None and not self._was_refused:
            warnings.warn(
                f"`{self.dbt_command}` never ran: call `wait()`, or iterate over `stream()`.",
                RuntimeWarning,
                stacklevel=2,
                source=self,
            )
