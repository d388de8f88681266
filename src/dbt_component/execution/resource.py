"""The dbt command line as a Dagster resource."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any
from weakref import WeakValueDictionary

import dagster as dg
from pydantic import ConfigDict, Field, PrivateAttr, field_validator

from dbt_component._dagster import log_engine_event
from dbt_component.dbt_process.arguments import (
    add_resource_types,
    parse_arguments,
    refuse_step_flags,
)
from dbt_component.dbt_process.engine import find_engine
from dbt_component.dbt_process.run_options import with_run_options, with_vars_below
from dbt_component.definitions.listing import counted
from dbt_component.definitions.op_registry import BoundOp
from dbt_component.definitions.translator import DagsterDbtTranslator
from dbt_component.errors import CliArgsError, DefinitionError, ProjectError
from dbt_component.execution.attempt import Attempt, start_process
from dbt_component.execution.deferral import Deferral
from dbt_component.execution.first_build import FirstBuild
from dbt_component.execution.freshness_gate import FreshnessGate
from dbt_component.execution.invocation import DbtCliInvocation
from dbt_component.execution.op_body import note_command
from dbt_component.execution.op_context import Context, op_context_of
from dbt_component.execution.plan import RunPlan, plan_command, plan_step
from dbt_component.execution.rendering import Rendering
from dbt_component.execution.resource_fields import (
    KnownText,
    absolute_state_path,
    checked_executable,
    checked_profiles_dir,
    checked_project_dir,
)
from dbt_component.execution.resumption import finished_earlier
from dbt_component.execution.retry_policy import DbtRetryPolicy
from dbt_component.execution.run_folder import RunFolder
from dbt_component.execution.selected_step import SelectedStep
from dbt_component.execution.step_events import StepEvents
from dbt_component.execution.subset import nodes_of_step
from dbt_component.execution.timeline.step_timeline import StepTimeline
from dbt_component.execution.unchanged.skip_policy import SkipPolicy
from dbt_component.execution.unchanged.step_skipping import StepSkipping
from dbt_component.project.manifest_argument import ManifestArgument
from dbt_component.project.project import DbtProject


class DbtCliResource(dg.ConfigurableResource[Any]):
    """Runs dbt commands: over the nodes that a step of dbt definitions selected, or any command as given.

    Unknown fields are errors; subclasses may add fields. ``project_dir`` may be a ``DbtProject``, from which values
    that are not given are taken. Values may be a ``dagster.EnvVar``.

    Raises:
        pydantic.ValidationError: A folder does not exist, contains no dbt_project.yml or profiles.yml, or the
            executable is not on PATH. A value from the environment is checked when a run reads it.
    """

    model_config = ConfigDict(extra="forbid")

    project_dir: str = Field(description="Folder of dbt_project.yml.")
    global_config_flags: list[str] = Field(
        default_factory=list,
        description="Flags put before the command, for example `--no-use-colors`.",
    )
    profiles_dir: str | None = Field(
        default=None,
        description="Folder of profiles.yml. Default: DBT_PROFILES_DIR, the project folder or ~/.dbt,"
        " whichever has one.",
    )
    profile: str | None = Field(
        default=None, description="Profile to use instead of the one in dbt_project.yml."
    )
    target: str | None = Field(default=None, description="Target of the profile.")
    dbt_executable: str | None = Field(
        default=None,
        description="A `dbt` of another Python environment, or a wrapper around one. Default: the dbt-core of"
        " this environment.",
    )
    state_path: str | None = Field(
        default=None,
        description="Folder of a manifest to compare with or defer to, relative to the project.",
    )
    _given: DbtProject | None = PrivateAttr(default=None)
    _project: DbtProject | None = PrivateAttr(default=None)
    _deferral: Deferral | None = PrivateAttr(default=None)
    _retry: DbtRetryPolicy | None = PrivateAttr(default=None)
    _run_options: Mapping[str, Any] = PrivateAttr(default_factory=dict)
    _vars: Mapping[str, Any] = PrivateAttr(default_factory=dict)
    _gate: FreshnessGate | None = PrivateAttr(default=None)
    _skip_policy: SkipPolicy | None = PrivateAttr(default=None)

    def __init__(
        self,
        project_dir: str | Path | DbtProject,
        global_config_flags: list[str] | None = None,
        profiles_dir: str | Path | None = None,
        profile: str | None = None,
        target: str | None = None,
        dbt_executable: str | Path | None = None,
        state_path: str | Path | None = None,
        **kwargs: Any,
    ) -> None:
        given = project_dir if isinstance(project_dir, DbtProject) else None
        place: str | Path = given.project_dir if given is not None else project_dir  # type: ignore[assignment]
        if given is not None:
            profiles_dir = profiles_dir or given.profiles_dir
            profile = profile or given.profile
            target = target or given.target
            dbt_executable = dbt_executable or given.dbt_executable
            state_path = state_path or given.state_path
        values: dict[str, Any] = {
            "project_dir": place,
            "global_config_flags": global_config_flags or [],
            "profiles_dir": profiles_dir,
            "profile": profile,
            "target": target,
            "dbt_executable": dbt_executable,
            "state_path": absolute_state_path(state_path, place),
        }
        super().__init__(**values, **kwargs)
        if given is not None:
            self._given = given
            _given_projects[self._values] = given

    @field_validator("project_dir", mode="before")
    @classmethod
    def _check_project_dir(cls, value: Any) -> Any:
        return checked_project_dir(value)

    @field_validator("profiles_dir", mode="before")
    @classmethod
    def _check_profiles_dir(cls, value: Any) -> Any:
        return checked_profiles_dir(value)

    @field_validator("dbt_executable", mode="before")
    @classmethod
    def _check_executable(cls, value: Any) -> Any:
        return checked_executable(value)

    @classmethod
    def of(
        cls,
        project: DbtProject,
        *,
        deferral: Deferral | None = None,
        retry: DbtRetryPolicy | None = None,
        run_options: Mapping[str, Any] | None = None,
        vars: Mapping[str, Any] | None = None,
        gate: FreshnessGate | None = None,
        skip_policy: SkipPolicy | None = None,
    ) -> "DbtCliResource":
        """A resource for a project, with its variables and all its other settings.

        Unlike the constructor it checks no paths; a command reports what is missing.

        Args:
            project: The project.
            deferral: What every command defers to, unless its arguments say otherwise.
            retry: The retry policy of commands over the nodes of a step that are given none.
            run_options: Values of dbt's options by the names of ``RUN_OPTIONS``, for the commands that accept them.
            vars: Variables of commands over the nodes of a step, besides the project's; those in arguments win.
            gate: Measures sources before each command over the nodes of a step that builds.
            skip_policy: Which nodes of a step are left out because nothing changed. Default: none.
        """
        resource = cls(
            project_dir=KnownText(project.project_dir),
            profiles_dir=_known(project.profiles_dir),
            profile=project.profile,
            target=project.target,
            dbt_executable=_known(project.dbt_executable),
            state_path=_known(project.state_path),
        )
        resource._project = project
        resource._deferral = deferral
        resource._retry = retry
        resource._run_options = run_options or {}
        resource._vars = vars or {}
        resource._gate = gate
        resource._skip_policy = skip_policy
        return resource

    @property
    def project(self) -> DbtProject:
        """The project that commands run in.

        Raises:
            ProjectError: ``project_dir`` is no dbt project.
        """
        if self._project is None:
            settings: dict[str, Any] = {
                "profiles_dir": _path(self.profiles_dir),
                "profile": _read(self.profile),
                "target": _read(self.target),
                "dbt_executable": _read(self.dbt_executable),
                "state_path": _path(self.state_path),
            }
            # For each run, Dagster makes a new resource from the values of this one.
            given = self._given or _given_projects.get(self._values)
            if given is None:
                self._project = DbtProject(Path(_read(self.project_dir) or ""), **settings)
            else:
                changed = {k: v for k, v in settings.items() if v is not None}
                self._project = replace(given, **changed)
        return self._project

    @property
    def _values(self) -> tuple[str | None, ...]:
        paths = (self.project_dir, self.profiles_dir, self.state_path, self.dbt_executable)
        return (*paths, self.profile, self.target)

    def get_state_args(self) -> list[str]:
        """``--state`` with the folder of ``state_path``; empty if no manifest.json is there."""
        state_path = self.project.state_path
        if state_path is None or not (state_path / "manifest.json").is_file():
            return []
        return [
            "--state",
            str(state_path.absolute()),
        ]  # dbt takes a relative one from the project's folder

    def get_defer_args(self) -> list[str]:
        """``--defer --defer-state`` with the folder of ``state_path``; empty if no manifest.json is there."""
        state_args = self.get_state_args()
        return ["--defer", "--defer-state", state_args[1]] if state_args else []

    def cli(
        self,
        args: Sequence[str],
        *,
        raise_on_error: bool = True,
        manifest: ManifestArgument | None = None,
        dagster_dbt_translator: DagsterDbtTranslator | None = None,
        context: Context | None = None,
        target_path: Path | None = None,
        retry: DbtRetryPolicy | None = None,
    ) -> DbtCliInvocation:
        """Prepares one dbt command, which runs when it is waited for or streamed.

        With the context of a dbt asset, a command that builds, tests or compiles runs over the assets and checks
        that the step selected; ``--select`` and the like narrow that selection and never widen it. Any other
        command, and any command without such a context, runs exactly as given.

        The body of a dbt asset must run every command that it creates with its context to its end: one that it
        leaves is stopped, and the step fails. Elsewhere a warning names a command that never ran.

        Args:
            args: The command and its arguments, for example ``["build", "--full-refresh"]``.
            raise_on_error: Whether a failure is raised.
            manifest: manifest.json as a path or decoded, or the project that it belongs to: outside of dbt assets
                it names the assets of the command's nodes. Default: manifest.json in the project's target folder.
            dagster_dbt_translator: Maps nodes to asset keys outside of dbt assets. Default: the default mapping.
            context: The context of the op or asset that runs the command.
            target_path: Folder for the artifacts; a relative one is in the project. Default: a new folder in the
                cache, removed after three days.
            retry: Which failed nodes run again, for commands over the nodes of a step of dbt assets.

        Raises:
            CliArgsError: ``args`` is text, holds no dbt command, or a flag that a step sets itself.
            DagsterDbtManifestNotFoundError: The component defers to a manifest.json that does not exist.
            ProjectError: ``project_dir`` is no dbt project.
            EngineError: There is no dbt, or its version is not supported.
            DefinitionError: ``dagster_dbt_translator`` is a class, or ``retry`` is given for a command that runs as
                given.
        """
        if isinstance(args, str):
            raise CliArgsError(
                f"The arguments are the text {args!r}.",
                where="DbtCliResource.cli",
                hint=f"Pass a list, such as {args.split()!r}.",
            )
        argv = [os.fspath(token) for token in (*self.global_config_flags, *args)]
        if self._vars:
            argv = with_vars_below(argv, {**self.project.vars, **self._vars})
        if self._run_options:
            argv = with_run_options(argv, self._run_options)
        if self._deferral is not None:
            argv = self._deferral.added_to(argv, self.project)
        arguments = parse_arguments(argv)
        rendering = Rendering(manifest, dagster_dbt_translator, context, self.project)
        if target_path is not None:
            target_path = self.project.project_dir.resolve() / target_path
        bound = rendering.bound
        if context is None or bound is None or not arguments.command.runs_selection:
            if retry is not None:
                raise DefinitionError(
                    f"`retry` does not apply to `dbt {arguments.command.name}` here.",
                    where="DbtCliResource.cli",
                    hint="It runs single nodes again, in a step of dbt assets that builds or tests. Pass the `context` of"
                    " such a step, or use `dbt retry`.",
                )
            plan = plan_command(self.project, arguments, argv)
            name = arguments.command.name.replace(" ", "-")
            folder = RunFolder(target_path) if target_path else RunFolder.create(name)
            attempt = Attempt(plan, folder.target_path(1))
            invocation = DbtCliInvocation(attempt, folder, rendering, raise_on_error=raise_on_error)
        else:
            invocation = self._selected(
                bound,
                argv,
                context,
                rendering,
                raise_on_error=raise_on_error,
                target_path=target_path,
                retry=retry or self._retry,
            )
        if context is not None:
            note_command(op_context_of(context), invocation)
        return invocation

    def _selected(
        self,
        bound: BoundOp,
        argv: list[str],
        context: Context,
        rendering: Rendering,
        *,
        raise_on_error: bool,
        target_path: Path | None,
        retry: DbtRetryPolicy | None,
    ) -> DbtCliInvocation:
        refuse_step_flags(argv)
        op_context = op_context_of(context)
        engine = find_engine(self.project.dbt_executable)
        arguments = parse_arguments(
            add_resource_types(argv, os.environ, core_version=engine.core_version)
        )
        # dbt's import overlaps the planning.
        process = start_process(engine)
        try:
            wanted = nodes_of_step(bound, op_context)
            skipping = StepSkipping.of(self._skip_policy, bound, self.project, engine, arguments)
            events = StepEvents.of_step(
                bound,
                op_context.assets_def,
                wanted,
                op_context.log,
                recorded_tags=None if skipping is None else skipping.recorded_tags,
            )
            finished = finished_earlier(op_context, events)
            gate = self._gate if arguments.command.builds else None
            find_left_out = (
                None if skipping is None else partial(skipping.find_left_out, op_context, events)
            )
            plan = plan_step(
                bound.prepared,
                self.project,
                arguments,
                engine=engine,
                wanted=wanted - finished,
                tests=bound.view.rules.tests,
                find_left_out=find_left_out if gate is None else None,
            )
            name = f"{op_context.op.name}-{op_context.run_id[:8]}"
            folder = RunFolder(target_path) if target_path else RunFolder.create(name)
            op_context.log.info(_described(plan))
            step = SelectedStep(
                bound.prepared,
                events,
                metadata=bound.metadata,
                timeline=StepTimeline.of(
                    self.project,
                    bound.prepared.manifest.index,
                    plan.expected,
                    gates_on_tests=arguments.command.builds and arguments.command.tests,
                    attach=partial(log_engine_event, op_context),
                    log=op_context.log,
                ),
                log=op_context.log,
                retry=retry,
                first_build=FirstBuild(op_context, events.assets_among(plan.expected)),
                gate=gate,
                is_resumed=bool(finished)
                or (skipping is not None and skipping.leaves_out_anything),
                left_out=() if skipping is None else skipping.render(),
                find_left_out=find_left_out if gate is not None else None,
            )
            attempt = Attempt(plan, folder.target_path(1), process=process)
            return DbtCliInvocation(
                attempt, folder, rendering, raise_on_error=raise_on_error, step=step
            )
        except BaseException:
            process.stop()
            raise


def _described(plan: RunPlan) -> str:
    how = "sliced" if plan.reason is None else f"{plan.mode.value}: {plan.reason}"
    return f"Running `{plan.dbt_command}` over {counted(len(plan.expected), 'node')}, {how}"


def _known(value: Path | str | None) -> KnownText | None:
    return None if value is None else KnownText(value)


def _read(value: str | None) -> str | None:
    """A value of the resource. Outside of Dagster's runs, one from the environment is read here."""
    if not isinstance(value, dg.EnvVar):
        return value
    found = value.get_value()
    if found is None:
        raise ProjectError(
            f"Environment variable {value.env_var_name!r} is not set.",
            where="DbtCliResource",
            hint="Set it, or give the value itself.",
        )
    return found


def _path(value: str | None) -> Path | None:
    found = _read(value)
    return None if found is None else Path(found)


# The resource that was made from a project keeps it alive.
_given_projects: WeakValueDictionary[tuple[str | None, ...], DbtProject] = WeakValueDictionary()
