"""DbtProjectComponent: defines a dbt project as Dagster assets, checks, jobs and schedules, from YAML."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import dagster as dg
from dagster import scaffold_with
from typing_extensions import override

from dbt_component.component.freshness import build_source_freshness, gate_of, measure_sources
from dbt_component.component.loaded import Loaded
from dbt_component.component.manifest_fallback import read_manifest_project
from dbt_component.component.op_run import OpRun
from dbt_component.component.project_attributes import DbtProjectAttributes
from dbt_component.component.refresh import StateRefresh
from dbt_component.component.scaffolder import DbtProjectComponentScaffolder
from dbt_component.component.state_component import DbtStateComponent
from dbt_component.component.state_key import default_state_key
from dbt_component.component.state_storage import hint_for_missing_state
from dbt_component.component.watched import build_watch_of
from dbt_component.component.yaml.run_config import config_class
from dbt_component.component.yaml.skip_unchanged import FIELD
from dbt_component.dbt_process.run_options import with_run_options
from dbt_component.definitions.op_settings import OpSettings
from dbt_component.errors import CliArgsError, DagsterDbtManifestNotFoundError
from dbt_component.execution.op_body import run_body
from dbt_component.execution.resource import DbtCliResource
from dbt_component.execution.run_scope import run_scope
from dbt_component.project.project import DbtProject
from dbt_component.project.source import ProjectSource
from dbt_component.project.state import StateFile
from dbt_component.project.state_project import StateProject
from dbt_component.project.working_folder import WorkingFolder


@scaffold_with(DbtProjectComponentScaffolder)
@dataclass
class DbtProjectComponent(DbtStateComponent, DbtProjectAttributes):
    """A dbt project as Dagster assets and asset checks.

    Every model, seed and snapshot becomes an asset, every dbt test an asset check, and dbt runs exactly what
    Dagster selects. The project is prepared once and stored as the component's state: refresh it with
    `dg utils refresh-defs-state`; `dg dev` refreshes it automatically when a file has changed.

    In Python its arguments are the keys of ``attributes`` in defs.yaml.
    """

    # -- for subclasses and users ------------------------------------------------------------------

    @property
    def dbt_project(self) -> DbtProject:
        """The project on this machine; unpacked from the state if its folder does not exist."""
        return self.project_source.find_folder() or self.loaded.prepared.open()

    def execute(self, context: dg.AssetExecutionContext, dbt: DbtCliResource) -> Iterator[Any]:
        """Runs dbt on the step's selection. Override it to do something before or after.

        Args:
            context: The context of the step.
            dbt: Runs dbt in this component's project.

        Raises:
            DagsterDbtCliRuntimeError: A node failed or never reported, or dbt itself failed.
        """
        yield from dbt.cli(self.get_cli_args(context), context=context).stream()

    # -- state -------------------------------------------------------------------------------------

    @property
    @override
    def _state_source(self) -> ProjectSource:
        return self.project_source

    @property
    @override
    def _default_state_key(self) -> str:
        return default_state_key(self.project_source, self.criteria, self._project_root)

    @property
    @override
    def state_refresh(self) -> StateRefresh:
        return replace(super().state_refresh, lineage=self.lineage_columns_from)

    @property
    @override
    def _working_folder(self) -> WorkingFolder | None:
        if self._project_root is None:
            return None
        return WorkingFolder.of(self.defs_state_config.key, self._project_root)

    # -- definitions and runs ----------------------------------------------------------------------

    @override
    def _further_definitions(
        self, context: dg.ComponentLoadContext, loaded: Loaded, op: OpSettings
    ) -> Sequence[dg.Definitions]:
        further: list[dg.Definitions] = []
        if self.source_freshness is not None:
            further.append(build_source_freshness(self.source_freshness, loaded, op, self._measure))
        if self.watch is not None:
            further.append(
                build_watch_of(
                    self.watch,
                    op.name,
                    loaded,
                    self.defs_state_config,
                    self.refresh_state,
                    context.project_root,
                )
            )
        return further

    @override
    def _op_config(self, run: OpRun) -> type[dg.Config] | None:
        """The class of an op's config: the subclass's own, with the options of ``run_config``."""
        policy = self.skip_unchanged
        if run.run_config is None and policy is None:
            return self.op_config_schema
        return config_class(
            run.run_config or {},
            self.op_config_schema,
            skips_unchanged=None if policy is None else policy.is_on,
        )

    def _measure(self, context: dg.OpExecutionContext) -> Iterator[Any]:
        assert self.source_freshness is not None
        asset_context = dg.AssetExecutionContext(context)
        run = self.project_ops[-1].run
        try:
            options = run.options(context.op_config or {}, self._scope_of(asset_context))
            argv = with_run_options(self.get_cli_args(asset_context), options)
            yield from measure_sources(
                self.source_freshness, self.loaded, self.dbt_project, argv, context
            )
        except CliArgsError as error:
            raise self._placed(error) from None

    @override
    def _run(self, context: dg.AssetExecutionContext, run: OpRun) -> Iterator[Any]:
        op_context = context.op_execution_context
        given = op_context.op_config or {}
        self._running[op_context] = run
        try:
            scope = self._scope_of(context)
            dbt = DbtCliResource.of(
                self.dbt_project,
                deferral=self.defer,
                retry=run.retry,
                run_options=run.options(given, scope),
                vars=run.rendered_vars(scope),
                skip_policy=self.skip_unchanged
                and self.skip_unchanged.switched(is_on=given.get(FIELD, self.skip_unchanged.is_on)),
                gate=gate_of(self.source_freshness, self.loaded, op_context)
                if self.source_freshness is not None
                else None,
            )
            yield from run_body(context, lambda: self.execute(context=context, dbt=dbt))
        except (CliArgsError, DagsterDbtManifestNotFoundError) as error:
            raise self._placed(error) from None

    @override
    def _open(self, state: StateFile) -> StateProject:
        return StateProject(state, self.project_source, self._working_folder)

    @override
    def _load(self, prepared: StateProject, scope: Mapping[str, Any]) -> Loaded:
        rules = (self.spec_rules, self.criteria, scope, self.op_rules, self.check_rules)
        has_lineage = self.lineage_columns_from is not None
        return Loaded.of(
            prepared,
            self.project_source,
            *rules,
            has_lineage=has_lineage,
            has_uses=self.exposures,
            views=self.view_policy,
        )

    @override
    def _load_without_state(self, scope: Mapping[str, Any]) -> Loaded:
        prepared = read_manifest_project(
            self.project_source,
            key=self.defs_state_config.key,
            hint=hint_for_missing_state(self.defs_state_config),
        )
        rules = (self.spec_rules, self.criteria, scope, self.op_rules, self.check_rules)
        return Loaded(
            prepared,
            self.project_source,
            *rules,
            has_uses=self.exposures,
            views=self.view_policy,
        )

    @override
    def _scope_of(self, context: dg.AssetExecutionContext) -> dict[str, Any]:
        """The names that templates of a run may use."""
        dbt = DbtCliResource.of(self.dbt_project)
        scope = run_scope(context, dbt, partitions_def=self.loaded.specs.partitions_def)
        return {**self.loaded.scope, **scope}
