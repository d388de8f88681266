"""The dbt command line as a Dagster resource."""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import dagster as dg
from pydantic import ConfigDict, Field, PrivateAttr, field_validator

from dbt_component.dbt_process.arguments import (
    DbtArguments,
    add_resource_types,
    parse_arguments,
    refuse_step_flags,
)
from dbt_component.dbt_process.engine import Engine, find_engine
from dbt_component.dbt_process.process import DbtProcess
from dbt_component.definitions.listing import counted
from dbt_component.definitions.op_registry import BoundOp, bound_ops
from dbt_component.execution.attempt import Attempt, start_process
from dbt_component.execution.deferral import Deferral
from dbt_component.execution.divided_op import DividedOp
from dbt_component.execution.invocation import DbtCliInvocation
from dbt_component.execution.op_body import note_command
from dbt_component.execution.plan import RunPlan, plan_command, plan_step
from dbt_component.execution.run_folder import RunFolder
from dbt_component.execution.selected_step import SelectedStep
from dbt_component.execution.step_events import StepEvents
from dbt_component.execution.subset import nodes_to_run
from dbt_component.project.project import DbtProject

Context = dg.AssetExecutionContext | dg.OpExecutionContext


class DbtCliResource(dg.ConfigurableResource[Any]):
    """Runs dbt commands: over the nodes that a step of dbt definitions selected, or any command as given.

    Unknown fields are errors; subclasses may add fields.
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
        default=None, description="A `dbt` of another Python environment, or a wrapper around one."
    )
    state_path: str | None = Field(
        default=None,
        description="Folder of a manifest to compare with or defer to, relative to the project.",
    )
    _project: DbtProject | None = PrivateAttr(default=None)
    _deferral: Deferral | None = PrivateAttr(default=None)

    @field_validator("project_dir", "profiles_dir", "state_path", mode="before")
    @classmethod
    def _as_text(cls, value: Any) -> Any:
        return str(value) if isinstance(value, Path) else value

    @classmethod
    def of(cls, project: DbtProject, *, deferral: Deferral | None = None) -> "DbtCliResource":
        """A resource for a project, with its variables and all its other settings.

        Args:
            project: The project.
            deferral: What every command defers to, unless its arguments say otherwise.
        """
        resource = cls(
            project_dir=str(project.project_dir),
            profiles_dir=_text(project.profiles_dir),
            profile=project.profile,
            target=project.target,
            dbt_executable=project.dbt_executable,
            state_path=_text(project.state_path),
        )
        resource._project = project
        resource._deferral = deferral
        return resource

    @property
    def project(self) -> DbtProject:
        """The project that commands run in.

        Raises:
            ProjectError: ``project_dir`` is no dbt project.
        """
        if self._project is None:
            self._project = DbtProject(
                Path(self.project_dir),
                profiles_dir=None if self.profiles_dir is None else Path(self.profiles_dir),
                profile=self.profile,
                target=self.target,
                dbt_executable=self.dbt_executable,
                state_path=None if self.state_path is None else Path(self.state_path),
            )
        return self._project

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
        context: Context | None = None,
        target_path: Path | None = None,
    ) -> DbtCliInvocation:
        """Prepares one dbt command, which runs when it is waited for or streamed.

        With the context of a dbt asset, a command that builds, tests or compiles runs over the assets and checks
        that the step selected; ``--select`` and the like narrow that selection and never widen it. Any other
        command, and any command without such a context, runs exactly as given.

        The body of a dbt asset must run every command that it creates with its context to its end: one that it
        leaves is stopped, and the step fails.

        Args:
            args: The command and its arguments, for example ``["build", "--full-refresh"]``.
            raise_on_error: Whether a failure is raised.
            context: The context of the op or asset that runs the command.
            target_path: Folder for the artifacts. Default: a new folder in the cache, removed after three
                days.

        Raises:
            CliArgsError: ``args`` holds no dbt command, or a flag that a step sets itself.
            DagsterDbtManifestNotFoundError: The component defers to a manifest.json that does not exist.
            ProjectError: ``project_dir`` is no dbt project.
        """
        argv = [*self.global_config_flags, *args]
        if self._deferral is not None:
            argv = self._deferral.added_to(argv, self.project)
        arguments = parse_arguments(argv)
        bound = None if context is None else bound_ops.find(_op_context(context).op_def)
        if bound is None or not arguments.command.runs_selection:
            plan = plan_command(self.project, arguments, argv)
            name = arguments.command.name.replace(" ", "-")
            folder = RunFolder(target_path) if target_path else RunFolder.create(name)
            attempt = Attempt(plan, folder.target_path(1))
            invocation = DbtCliInvocation(
                attempt,
                folder,
                raise_on_error=raise_on_error,
                log=None if context is None else context.log,
            )
            if context is not None:
                note_command(_op_context(context), invocation)
            return invocation
        assert context is not None
        refuse_step_flags(argv)
        engine = find_engine(self.project.dbt_executable)
        arguments = parse_arguments(
            add_resource_types(argv, os.environ, core_version=engine.core_version)
        )
        # dbt's import overlaps the planning.
        process = start_process(engine)
        try:
            invocation = self._selected(
                bound,
                arguments,
                _op_context(context),
                engine,
                process,
                raise_on_error=raise_on_error,
                target_path=target_path,
            )
        except BaseException:
            process.stop()
            raise
        note_command(_op_context(context), invocation)
        return invocation

    def _selected(
        self,
        bound: BoundOp,
        arguments: DbtArguments,
        context: dg.OpExecutionContext,
        engine: Engine,
        process: DbtProcess,
        *,
        raise_on_error: bool,
        target_path: Path | None,
    ) -> DbtCliInvocation:
        prepared = bound.prepared
        assets_def = context.assets_def
        outputs = assets_def.keys_by_output_name
        checks = assets_def.check_specs_by_output_name
        nodes = bound.nodes
        index = prepared.manifest.index
        wanted = nodes_to_run(
            index,
            nodes,
            outputs=outputs.keys() | checks.keys(),
            job_name=context.job_name,
            divided=DividedOp.of(context, index, nodes),
        )
        plan = plan_step(prepared, self.project, arguments, engine=engine, wanted=wanted)
        name = f"{context.op.name}-{context.run_id[:8]}"
        folder = RunFolder(target_path) if target_path else RunFolder.create(name)
        context.log.info(_described(plan))
        events = StepEvents(
            index,
            bound.keys,
            outputs={
                nodes.asset_ids[name]: (name, key)
                for name, key in outputs.items()
                if name in nodes.asset_ids
            },
            checks={
                **{u: bound.keys.check_key_of[u] for u in wanted & set(nodes.check_ids.values())},
                **{
                    nodes.check_ids[name]: spec.key
                    for name, spec in checks.items()
                    if name in nodes.check_ids
                },
            },
        )
        step = SelectedStep(prepared, events, metadata=sorted(bound.metadata), log=context.log)
        attempt = Attempt(plan, folder.target_path(1), process=process)
        return DbtCliInvocation(attempt, folder, raise_on_error=raise_on_error, step=step)


def _op_context(context: Context) -> dg.OpExecutionContext:
    if isinstance(context, dg.AssetExecutionContext):
        return context.op_execution_context
    return context


def _described(plan: RunPlan) -> str:
    how = "sliced" if plan.reason is None else f"{plan.mode.value}: {plan.reason}"
    return f"Running `{plan.dbt_command}` over {counted(len(plan.expected), 'node')}, {how}"


def _text(path: Path | None) -> str | None:
    return None if path is None else str(path)
