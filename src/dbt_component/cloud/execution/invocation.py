"""``DbtCloudCliInvocation``: one dbt command that runs on the dbt platform."""

import json
import logging
import os
import warnings
from collections.abc import Iterator, Sequence
from typing import Any

from dbt_component.cloud.client.client import DbtCloudClient
from dbt_component.cloud.client.run import CloudRun
from dbt_component.cloud.execution.exact_selection import OwnSelection
from dbt_component.cloud.execution.followed_run import Patience
from dbt_component.cloud.execution.left_run import cancel_left_run, note_run
from dbt_component.cloud.execution.platform_command import (
    PlatformCommand,
    command_as_given,
    command_of_step,
)
from dbt_component.cloud.execution.platform_given import PlatformGiven
from dbt_component.cloud.execution.platform_retry import PlatformRetry
from dbt_component.cloud.execution.platform_runner import PickJob, PlatformRunner
from dbt_component.cloud.execution.platform_step import PlatformStep
from dbt_component.cloud.execution.poll_pace import PollPace
from dbt_component.dbt_process.arguments import parse_arguments
from dbt_component.definitions.op_registry import BoundOp
from dbt_component.definitions.translator import DagsterDbtTranslator
from dbt_component.errors import CliArgsError, DbtCloudError
from dbt_component.execution.event_iterator import DbtEventIterator
from dbt_component.execution.failure import DagsterDbtCliRuntimeError
from dbt_component.execution.op_body import note_command
from dbt_component.execution.op_context import Context, op_context_of
from dbt_component.execution.outcome_events import DagsterEvent
from dbt_component.execution.rendering import Rendering
from dbt_component.execution.resumption import finished_earlier
from dbt_component.execution.retry_policy import DbtRetryPolicy
from dbt_component.execution.step_events import StepEvents
from dbt_component.execution.subset import nodes_of_step
from dbt_component.project.manifest_argument import ManifestArgument

_logger = logging.getLogger("dbt_component")


class DbtCloudCliInvocation:
    """One dbt command on the platform. Its run is started when it is streamed or waited for, once.

    The run is cancelled on the platform if the iteration ends before it does: when Dagster terminates the step, after a
    ``break``, or by ``stop``.

    Args:
        execution: Runs the command and renders its nodes.
        rendering: How nodes appear in Dagster.
    """

    def __init__(self, execution: PlatformStep | PlatformGiven, rendering: Rendering) -> None:
        self._execution = execution
        self._runner: PlatformRunner = execution.runner
        self._command: PlatformCommand = execution.command
        self._rendering = rendering
        self._kept: list[DagsterEvent] | None = None
        self._error: Exception | None = None
        self._has_begun = False
        self._is_complete = False

    # -- the command -------------------------------------------------------------------------------

    @property
    def dbt_command(self) -> str:
        """The command as text, for messages, without its selection."""
        return self._command.dbt_command

    @property
    def steps(self) -> Sequence[str]:
        """The complete texts of the steps of its run; empty if there is nothing to run."""
        return self._command.steps

    @property
    def run(self) -> CloudRun | None:
        """Its last run on the platform, as it was last seen; ``None`` before it was started."""
        return self._runner.run

    @property
    def run_url(self) -> str | None:
        """The page of its last run on the platform."""
        return None if self._runner.run is None else self._runner.run.url

    @property
    def client(self) -> DbtCloudClient:
        """The client of the account."""
        return self._runner.client

    @property
    def adapter_type(self) -> str | None:
        """The kind of database by the manifest; ``None`` if it is unknown."""
        found = self._rendering.found_manifest
        return None if found is None else found.index.adapter_type or None

    @property
    def runs_step(self) -> bool:
        """Whether the command runs exactly the nodes of a step of dbt definitions."""
        return isinstance(self._execution, PlatformStep)

    # -- progress ----------------------------------------------------------------------------------

    @property
    def has_begun(self) -> bool:
        """Whether the command was streamed or waited for."""
        return self._has_begun

    @property
    def is_finished(self) -> bool:
        """Whether the command ran to its end, successfully or not."""
        return self._is_complete

    @property
    def has_nothing_to_run(self) -> bool:
        """Whether the step selected no node that the command runs, so no run is started."""
        return self.runs_step and not self.expected

    @property
    def expected(self) -> frozenset[str]:
        """Unique ids of the nodes of the step that the command runs; empty for one that runs as given."""
        return self._execution.account.expected

    @property
    def reported(self) -> frozenset[str]:
        """Unique ids of the nodes that have reported their end."""
        return self._execution.account.reported

    @property
    def missing(self) -> frozenset[str]:
        """Unique ids of the nodes of the step that the command runs and that have not reported their end."""
        return self._execution.account.missing

    def stop(self) -> None:
        """Cancels its run on the platform if it is not over."""
        self._runner.stop()

    # -- results -----------------------------------------------------------------------------------

    def stream(self) -> DbtEventIterator[DagsterEvent]:
        """Runs the command and yields Dagster events.

        In a step of dbt definitions these are Outputs, AssetCheckResults, and AssetObservations of what went wrong:
        successes while the run goes on, everything else when its command has ended. Elsewhere they are
        AssetMaterializations and AssetCheckEvaluations, at the end. After ``is_successful``, which runs the command,
        its events are yielded too.

        Raises:
            DagsterDbtCliRuntimeError: A node failed or never reported, or the run failed, was cancelled, or exceeded its
                limit of time; raised after all events.
            DbtCloudError: The run can't be started, or not followed to its end.
            DefinitionError: The command builds or tests nodes, and it is unknown which assets they are.
        """
        return DbtEventIterator(self._events(), self)

    def wait(self, timeout: float | None = None) -> DbtEventIterator[DagsterEvent]:
        """As ``stream``; the name is that of dagster-dbt.

        Args:
            timeout: Seconds after which the run is cancelled. Default: the limit that ``cli`` was given, if any.
        """
        if timeout is not None:
            self._runner.timeout_seconds = timeout
        return self.stream()

    def is_successful(self) -> bool:
        """Whether no node failed and every expected node was reported. Runs the command if it has not run."""
        if not self._has_begun:
            kept: list[DagsterEvent] = []
            kept.extend(self._run())
            self._kept = kept
        return self._is_complete and self._error is None

    def get_error(self) -> Exception | None:
        """The error that ``stream`` raises; ``None`` if there is none. Runs the command if it has not run."""
        if self.is_successful():
            return None
        return self._error or DagsterDbtCliRuntimeError(
            f"`{self.dbt_command}` was left before its end, so its run was cancelled."
        )

    def get_artifact(self, artifact: str) -> dict[str, Any]:
        """A JSON artifact of the command, such as ``run_results.json``: that of the last step of its last run.

        Args:
            artifact: The path of the artifact.

        Raises:
            DbtCloudError: There is no such artifact, it is not JSON, or the platform can't be asked.
        """
        run = self._runner.run
        content = None if run is None else self._runner.client.artifact(run.id, artifact)
        if content is None:
            raise DbtCloudError(
                f"No artifact {artifact!r}.",
                where=self.run_url,
                hint="Artifacts exist once a step of the run has ended.",
            )
        try:
            found: dict[str, Any] = json.loads(content)
        except ValueError as error:
            raise DbtCloudError(f"Artifact {artifact!r} is not JSON: {error}.") from error
        return found

    def list_artifacts(self) -> list[str]:
        """The paths of the artifacts of its last run; empty if there are none."""
        run = self._runner.run
        return [] if run is None else self._runner.client.artifact_paths(run.id)

    def fetch_also(self, kind: str, *, wanted_by: str) -> None:
        """Refused: metadata of relations is fetched in dbt's own process, which runs on the platform.

        Raises:
            DbtCloudError: Always.
        """
        raise DbtCloudError(
            f"`{wanted_by}()` is not available for a run on the dbt platform: it needs dbt's own process ({kind}).",
            hint="Query the relation with a connection of your own.",
        )

    # -- running -----------------------------------------------------------------------------------

    def _events(self) -> Iterator[DagsterEvent]:
        if self._kept is not None:
            yield from self._kept
        elif not self._has_begun:
            yield from self._run()
        if self._error is not None:
            raise self._error

    def _run(self) -> Iterator[DagsterEvent]:
        self._has_begun = True
        self._error = yield from self._execution.run()
        self._is_complete = True

    def __del__(self) -> None:
        if self.__dict__.get("_has_begun", True) or self.runs_step:
            return
        warnings.warn(
            f"`{self.dbt_command}` never ran: iterate over `stream()` or `wait()`.",
            RuntimeWarning,
            stacklevel=2,
            source=self,
        )


def invoke_on_platform(
    args: Sequence[str],
    *,
    client: DbtCloudClient,
    pick_job: PickJob,
    context: Context | None = None,
    manifest: ManifestArgument | None = None,
    dagster_dbt_translator: DagsterDbtTranslator | None = None,
    own: OwnSelection | None = None,
    retry: DbtRetryPolicy | None = None,
    timeout_seconds: float | None = None,
    pace: PollPace | None = None,
    patience: Patience | None = None,
) -> DbtCloudCliInvocation:
    """Prepares one dbt command, whose run on the platform is started when it is streamed or waited for.

    With the context of a dbt asset, a command that builds, tests or compiles runs over the assets and checks that the
    step selected; ``--select`` and the like narrow that selection. Any other command, and any command without such a
    context, runs exactly as given.

    Args:
        args: The command and its arguments, for example ``["build", "--full-refresh"]``. They are stored on the platform as
            they are, so they may contain no secret.
        client: The account.
        pick_job: Chooses the job for each run, as of ``PlatformRunner``.
        context: The context of the op or asset that runs the command.
        manifest: Names the assets of the command's nodes outside of dbt assets.
        dagster_dbt_translator: Maps nodes to asset keys outside of dbt assets.
        own: The selection of the definitions, which is used if it selects exactly what runs.
        retry: After which errors the platform's own retry is used, for commands over the nodes of a step.
        timeout_seconds: After this time each run is cancelled. Default: no limit.
        pace: How often the platform is asked.
        patience: How long failures of the platform are endured.

    Raises:
        CliArgsError: ``args`` is text, holds no dbt command, or what can't be sent to the platform.
        SelectionError: dbt does not accept the selection, or no arguments select exactly the nodes of the step.
        EngineError: Rules change tests, which the platform's dbt can't be told.
    """
    if isinstance(args, str):
        raise CliArgsError(
            f"The arguments are the text {args!r}.",
            where="DbtCloudWorkspace.cli",
            hint=f"Pass a list, such as {args.split()!r}.",
        )
    argv = [os.fspath(token) for token in args]
    rendering = Rendering(manifest, dagster_dbt_translator, context)
    runner = PlatformRunner(
        client,
        pick_job,
        log=_logger if context is None else context.log,
        purpose="a script",
        timeout_seconds=timeout_seconds,
        pace=pace or PollPace(),
        patience=patience or Patience(),
    )
    if context is not None:
        op_context = op_context_of(context)
        runner.purpose = f"run {op_context.run_id[:8]}, step {op_context.op.name}"
        runner.note = lambda run: note_run(op_context, run)
    bound = rendering.bound
    if context is not None and bound is not None and parse_arguments(argv).command.runs_selection:
        execution: PlatformStep | PlatformGiven = _step(bound, argv, context, runner, own, retry)
    else:
        execution = PlatformGiven(command_as_given(argv), runner, rendering, runner.log)
    invocation = DbtCloudCliInvocation(execution, rendering)
    if context is not None:
        note_command(op_context_of(context), invocation)
    return invocation


def _step(
    bound: BoundOp,
    argv: Sequence[str],
    context: Context,
    runner: PlatformRunner,
    own: OwnSelection | None,
    retry: DbtRetryPolicy | None,
) -> PlatformStep:
    op_context = op_context_of(context)
    wanted = nodes_of_step(bound, op_context)
    events = StepEvents.of_step(bound, op_context.assets_def, wanted, op_context.log)
    finished = finished_earlier(op_context, events)
    command = command_of_step(
        bound.prepared,
        argv,
        wanted=wanted - finished,
        tests=bound.view.rules.tests,
        own=own,
    )
    cancel_left_run(op_context, runner.client)
    adapter = bound.prepared.manifest.index.adapter_type or ""
    return PlatformStep(
        command,
        runner,
        events,
        op_context.log,
        retry=None if retry is None else PlatformRetry(retry, adapter=adapter),
        is_resumed=bool(finished),
    )
