"""DbtCloudComponent: defines a project on the dbt platform as Dagster assets, checks, jobs and schedules, from YAML."""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import dagster as dg
from dagster import scaffold_with
from pydantic import BaseModel
from typing_extensions import override

from dbt_component._dagster import derive_model_type
from dbt_component.cloud.component.attributes import DbtCloudAttributes
from dbt_component.cloud.component.refused_keys import CloudModel
from dbt_component.cloud.component.scaffolder import DbtCloudComponentScaffolder
from dbt_component.cloud.execution.exact_selection import OwnSelection
from dbt_component.cloud.platform_specs import on_platform
from dbt_component.cloud.sensor.observed_project import observe_selected
from dbt_component.cloud.sensor.sensor import build_run_sensor
from dbt_component.cloud.step_settings import StepSettings
from dbt_component.cloud.workspace import DbtCloudWorkspace
from dbt_component.component.loaded import Loaded
from dbt_component.component.op_run import OpRun
from dbt_component.component.state_component import DbtStateComponent
from dbt_component.component.state_storage import hint_for_missing_state
from dbt_component.component.yaml.strict_model import strict
from dbt_component.definitions.op_settings import OpSettings
from dbt_component.errors import CliArgsError, DagsterDbtManifestNotFoundError
from dbt_component.execution.op_body import run_body
from dbt_component.execution.run_scope import ANYWHERE, run_scope
from dbt_component.project.project import DbtProject
from dbt_component.project.source import ProjectSource
from dbt_component.project.state import StateFile
from dbt_component.project.state_project import StateProject


@scaffold_with(DbtCloudComponentScaffolder)
@dataclass
class DbtCloudComponent(DbtStateComponent, DbtCloudAttributes):
    """A project on the dbt platform (dbt Cloud) as Dagster assets and asset checks.

    Every model, seed and snapshot becomes an asset, every dbt test an asset check. A run of Dagster runs dbt on the
    platform, over exactly what Dagster selects; a sensor reports the runs that Dagster did not start. What the project
    holds is taken from the manifest.json of a run there, and stored as the component's state: refresh it with
    `dg utils refresh-defs-state`.

    In Python its arguments are the keys of ``attributes`` in defs.yaml; ``workspace`` is a ``DbtCloudWorkspace``.
    """

    _run_names = ANYWHERE

    @classmethod
    def model(cls) -> type[BaseModel]:
        return strict(derive_model_type(cls), CloudModel)

    # -- for subclasses and users ------------------------------------------------------------------

    def execute(
        self, context: dg.AssetExecutionContext, dbt_cloud: DbtCloudWorkspace
    ) -> Iterator[Any]:
        """Runs dbt on the platform on the step's selection. Override it to do something before or after.

        Args:
            context: The context of the step.
            dbt_cloud: Runs dbt in this component's environment.

        Raises:
            DagsterDbtCliRuntimeError: A node failed or never reported, or the run on the platform failed.
        """
        yield from dbt_cloud.cli(self.get_cli_args(context), context=context).stream()

    @override
    def get_asset_spec(
        self, manifest: Mapping[str, Any], unique_id: str, project: DbtProject | None
    ) -> dg.AssetSpec:
        """The spec of a node before the YAML ``translation``. Override it to alter any spec."""
        return on_platform(
            super().get_asset_spec(manifest, unique_id, project), self.platform.place
        )

    # -- state -------------------------------------------------------------------------------------

    @property
    @override
    def _state_source(self) -> ProjectSource:
        return self.platform.source

    @property
    @override
    def _default_state_key(self) -> str:
        """``DbtCloudComponent[<project>-<environment>]`` as in dagster-dbt, with a digest of a selection that is not all."""
        place = self.platform.place
        name = f"{place.project_id}-{place.environment_id}"
        return (
            f"DbtCloudComponent[{name}-{self._part}]"
            if self._part
            else f"DbtCloudComponent[{name}]"
        )

    @property
    def _part(self) -> str | None:
        """A digest of the selection; ``None`` if it is the whole project."""
        if self.criteria.is_everything:
            return None
        return hashlib.sha256(self.criteria.cache_key.encode()).hexdigest()[:8]

    # -- definitions and runs ----------------------------------------------------------------------

    @override
    def _further_definitions(
        self, context: dg.ComponentLoadContext, loaded: Loaded, op: OpSettings
    ) -> Sequence[dg.Definitions]:
        if not self.create_sensor:
            return []
        place = self.platform.place
        observed = observe_selected(loaded.specs)
        sensor = build_run_sensor(
            client=lambda: self.platform.client,
            account_id=place.account_id,
            project_id=place.project_id,
            environment_id=place.environment_id,
            project=lambda: observed,
            part=self._part,
        )
        return [dg.Definitions(sensors=[sensor])]

    @override
    def _run(self, context: dg.AssetExecutionContext, run: OpRun) -> Iterator[Any]:
        op_context = context.op_execution_context
        self._running[op_context] = run
        try:
            scope = self._scope_of(context)
            settings = StepSettings(
                retry=run.retry,
                run_options=run.options(op_context.op_config or {}, scope),
                vars=run.rendered_vars(scope),
                timeout_seconds=self.timeout_seconds,
                own=OwnSelection(self.criteria, self.loaded.prepared.select(self.criteria)),
            )
            dbt_cloud = self.platform.for_step(settings)
            yield from run_body(context, lambda: self.execute(context=context, dbt_cloud=dbt_cloud))
        except CliArgsError as error:
            raise self._placed(error) from None

    @override
    def _scope_of(self, context: dg.AssetExecutionContext) -> dict[str, Any]:
        partitions_def = self.loaded.specs.partitions_def
        return {**self.loaded.scope, **run_scope(context, partitions_def=partitions_def)}

    @override
    def _open(self, state: StateFile) -> StateProject:
        return StateProject(state, None)

    @override
    def _load(self, prepared: StateProject, scope: Mapping[str, Any]) -> Loaded:
        rules = (self.spec_rules, self.criteria, scope, self.op_rules, self.check_rules)
        return Loaded.of(
            prepared,
            self._state_source,
            *rules,
            has_lineage=False,
            has_uses=self.exposures,
            views=self.view_policy,
        )

    @override
    def _load_without_state(self, scope: Mapping[str, Any]) -> Loaded:
        raise DagsterDbtManifestNotFoundError(
            f"Component state {self.defs_state_config.key!r} does not exist, and what a project on the dbt platform holds is"
            " known from its state alone.",
            hint=hint_for_missing_state(self.defs_state_config),
        )
