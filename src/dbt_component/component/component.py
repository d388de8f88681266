"""DbtProjectComponent: a dbt project as Dagster assets, checks and schedules, from YAML."""

import asyncio
import logging
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextvars import ContextVar
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any
from uuid import uuid4

import dagster as dg
from dagster.components.component.state_backed_component import StateBackedComponent
from dagster.components.scaffold.scaffold import scaffold_with
from dagster.components.utils.defs_state import DefsStateConfig
from dagster_shared.serdes.objects.models.defs_state_info import DefsStateManagementType
from pydantic import BaseModel
from typing_extensions import Self

from dbt_component._dagster import (
    DefinitionsLoadContext,
    DefinitionsLoadType,
    DefsStateStorage,
    derive_model_type,
    remember_output_keys,
    set_defs_state_storage,
)
from dbt_component.component.attributes import DbtProjectAttributes
from dbt_component.component.collector import built_for_good
from dbt_component.component.definitions_memo import DefinitionsMemo, KeptDefinitions, LoadInputs
from dbt_component.component.loaded_project import LoadedProject
from dbt_component.component.op_name import default_op_name
from dbt_component.component.scaffolder import DbtProjectComponentScaffolder
from dbt_component.component.schema import (
    GitProjectArgs,
    OpModel,
    defs_state_args,
)
from dbt_component.component.state_key import claim_state_key, default_state_key
from dbt_component.component.state_sources import StateSources
from dbt_component.component.strict_model import strict
from dbt_component.component.translation_settings import TranslationSettingsModel
from dbt_component.definitions.assets import build_assets
from dbt_component.definitions.op_registry import BoundOp, bound_ops
from dbt_component.definitions.op_settings import OpSettings
from dbt_component.definitions.resolving_manifest import resolving
from dbt_component.definitions.schedules import asset_selection_of, build_schedule
from dbt_component.definitions.spec_rules import SpecRules
from dbt_component.definitions.translator import DagsterDbtTranslator
from dbt_component.definitions.watch import Refreshed, build_watch
from dbt_component.errors import (
    DagsterDbtError,
    DefinitionError,
    StateMissingError,
)
from dbt_component.execution.cli_args import (
    partition_scope,
    render_cli_args,
    templated_vars,
)
from dbt_component.execution.resource import DbtCliResource
from dbt_component.manifest.compare import compare_manifests
from dbt_component.project.project import DbtProject
from dbt_component.project.state import StateFile
from dbt_component.selection.criteria import SelectionCriteria

_logger = logging.getLogger("dbt_component")
_memo = DefinitionsMemo()
_is_dev_load: ContextVar[bool] = ContextVar("_is_dev_load", default=False)

_RESERVED_TAGS = ("dagster_dbt/select", "dagster_dbt/exclude", "dagster_dbt/selector")


@scaffold_with(DbtProjectComponentScaffolder)
@dataclass
class DbtProjectComponent(StateBackedComponent, DbtProjectAttributes):
    """A dbt project as Dagster assets and asset checks.

    Every model, seed and snapshot becomes an asset, every dbt test an asset check, and dbt runs exactly what
    Dagster selects. The project is prepared once and kept as the component's state: refresh it with
    `dg utils refresh-defs-state`; `dg dev` does so by itself when a file changed.
    """

    def __post_init__(self) -> None:
        self._project_root: Path | None = None
        self._loaded: LoadedProject | None = None
        self._load_scope: Mapping[str, Any] = {}
        self._load_inputs: LoadInputs | None = None
        self.complete_and_check()
        if self.watch is not None:
            self._git_project()

    # -- YAML ------------------------------------------------------------------------------------

    @classmethod
    def model(cls) -> type[BaseModel]:
        return strict(derive_model_type(cls))

    @classmethod
    def load(cls, attributes: BaseModel | None, context: dg.ComponentLoadContext) -> Self:
        component = super(StateBackedComponent, cls).load(attributes, context)
        component.bind_to_project(context.project_root)
        if cls is DbtProjectComponent:
            component.remember_inputs(attributes, context)
        claim_state_key(context, component.defs_state_config.key)
        return component

    def bind_to_project(self, project_root: Path) -> None:
        """Tells the component which Dagster project it belongs to; part of its state's key."""
        self._project_root = project_root

    def remember_inputs(
        self, attributes: BaseModel | None, context: dg.ComponentLoadContext
    ) -> None:
        """Allows the definitions to be kept for the next load in this process; see DefinitionsMemo."""
        self._load_inputs = LoadInputs.of(attributes, context)

    # -- meant for subclasses and users ------------------------------------------------------------

    @property
    def op_config_schema(self) -> type[dg.Config] | None:
        """A ``dagster.Config`` for the launchpad; its values are in ``context.op_config``."""
        return None

    @cached_property
    def translator(self) -> DagsterDbtTranslator:
        """The default mapping from dbt to Dagster, with this component's settings."""
        return DagsterDbtTranslator(
            self.translation_settings or TranslationSettingsModel.defaults()
        )

    @property
    def dbt_project(self) -> DbtProject:
        """The project on this machine; unpacked from the state if its folder is gone."""
        return self.loaded_project().open_project()

    def get_resource_props(self, manifest: Mapping[str, Any], unique_id: str) -> Mapping[str, Any]:
        """The manifest entry of a node or test. Override it to alter what all else is made from."""
        return self.translator.get_resource_props(manifest, unique_id)

    def get_asset_spec(
        self, manifest: Mapping[str, Any], unique_id: str, project: DbtProject | None
    ) -> dg.AssetSpec:
        """The spec of a node before YAML ``translation``. Override it to alter any spec."""
        view = resolving(manifest, lambda: self.spec_rules, project)
        return self.translator.get_asset_spec(view, unique_id, project)

    def get_asset_check_spec(
        self,
        asset_spec: dg.AssetSpec,
        manifest: Mapping[str, Any],
        unique_id: str,
        project: DbtProject | None,
    ) -> dg.AssetCheckSpec | None:
        """The check of a test on an asset; ``None`` leaves it out. Override it to alter any check."""
        view = resolving(manifest, lambda: self.spec_rules, project)
        return self.translator.get_asset_check_spec(asset_spec, view, unique_id, project)

    @property
    def spec_rules(self) -> SpecRules:
        """This component's methods, settings and YAML ``translation``."""
        return SpecRules(self, self.translator.settings, self.translation)

    def get_cli_args(self, context: dg.AssetExecutionContext) -> list[str]:
        """``cli_args`` rendered for one run. Override it to add arguments from context or config."""
        scope = {
            **self._load_scope,
            **partition_scope(context),
            "context": context,
            "config": context.op_execution_context.op_config or {},
        }
        return render_cli_args(self.cli_args, scope)

    def execute(self, context: dg.AssetExecutionContext, dbt: DbtCliResource) -> Iterator[Any]:
        """Runs dbt over what the step selected. Override it to do something before or after."""
        yield from dbt.cli(self.get_cli_args(context), context=context).stream()

    def asset_key_for_model(self, model_name: str) -> dg.AssetKey:
        """The asset key of a model, seed or snapshot.

        Args:
            model_name: Name, ``package.name``, ``name.v2`` for a version, or unique id.

        Raises:
            UnknownNodeError: No node has that name, or several do.
        """
        loaded = self.loaded_project()
        node = loaded.state.index.find_asset_node(model_name)
        return loaded.resolving_manifest.final_spec(node.unique_id).key

    def get_asset_selection(self, select: str, exclude: str = "") -> dg.AssetSelection:
        """The Dagster selection of what dbt selects within this component, checks included."""
        loaded = self.loaded_project()
        chosen = loaded.selections.ids(SelectionCriteria(select=select, exclude=exclude))
        return asset_selection_of(
            loaded.specs.node_map, chosen & loaded.specs.node_map.selected_ids
        )

    # -- state -------------------------------------------------------------------------------------

    @property
    def defs_state_config(self) -> DefsStateConfig:
        return DefsStateConfig.from_args(
            defs_state_args(self.defs_state, prepare_if_dev=self.prepare_if_dev),
            default_key=default_state_key(self.project, self.criteria, self._project_root),
        )

    async def refresh_state(self, project_root: Path) -> str:
        """Refreshes the state; keeps the stored version if nothing changed."""
        self._project_root = self._project_root or project_root
        config = self.defs_state_config
        storage = DefsStateStorage.get()
        if config.management_type is not DefsStateManagementType.VERSIONED_STATE_STORAGE or (
            storage is None
        ):
            return await super().refresh_state(project_root)
        latest = storage.get_latest_version(config.key)
        with tempfile.TemporaryDirectory(prefix="dbt-component-") as folder:
            previous = Path(folder) / "previous"
            if latest is not None:
                try:
                    storage.download_state_to_path(config.key, latest, previous)
                except Exception as error:  # each storage has errors of its own
                    _logger.warning("State %s of %s can't be read: %s", latest, config.key, error)
            fresh = Path(folder) / "state"
            is_changed = await asyncio.to_thread(self._refresh, fresh, previous, replaces=latest)
            if not is_changed and latest is not None:
                return latest  # unchanged, or the last good one stays in use
            version = str(uuid4())
            storage.upload_state_from_path(config.key, version=version, path=fresh)
            return version

    def write_state_to_path(self, state_path: Path) -> None:
        self._refresh(state_path, state_path)

    def _refresh(
        self, state_path: Path, previous_path: Path, *, replaces: str | None = None
    ) -> bool:
        """Brings the state up to date; returns whether a new one was written.

        While loading in development, a project that dbt can't parse leaves the last good state in use,
        with a warning; everywhere else it is an error.
        """
        key = self.defs_state_config.key
        try:
            outcome = self.state_sources().refresh(state_path, previous_path, replaces=replaces)
        except DagsterDbtError as error:
            if not _is_dev_load.get() or not previous_path.is_file():
                raise
            _logger.warning(
                "The dbt project can't be prepared; the last good state of %s stays in use.\n%s",
                key,
                error,
            )
            return False
        for warning in outcome.warnings:
            _logger.info(warning)
        if outcome.is_changed:
            shown = "; ".join(outcome.reasons[:5]) + (" …" if len(outcome.reasons) > 5 else "")
            _say(f"{key}: refreshed ({shown}).")
        else:
            _say(f"{key}: unchanged, nothing to do.")
        return outcome.is_changed

    def state_sources(self) -> StateSources:
        """What the state is made from."""
        return StateSources(
            project=self.project,
            selections=[self.criteria, *(s.settings().criteria for s in self.schedules)],
            runtime_vars=templated_vars(self.cli_args),
        )

    # -- definitions -------------------------------------------------------------------------------

    def build_defs(self, context: dg.ComponentLoadContext) -> dg.Definitions:
        self._project_root = context.project_root
        token = _is_dev_load.set(True)
        try:
            return super().build_defs(context)
        finally:
            _is_dev_load.reset(token)

    def build_defs_from_state(
        self, context: dg.ComponentLoadContext, state_path: Path | None
    ) -> dg.Definitions:
        if state_path is None:
            _logger.warning(
                "No state for %s, so it defines nothing. Run `dg utils refresh-defs-state`.",
                self.defs_state_config.key,
            )
            return dg.Definitions()
        self._load_scope = context.resolution_context.scope
        state = StateFile(state_path)
        kept = _memo.find(self._load_inputs, state.header.state_id)
        if kept is not None:
            state.close()
            self._loaded = kept.loaded
            return kept.definitions
        loaded = self._remember(state)
        if self._load_inputs is None:
            return self._definitions_of(context, loaded)
        with built_for_good(len(state.index.nodes) + len(state.index.tests)):
            definitions = self._definitions_of(context, loaded)
            _memo.keep(
                KeptDefinitions(self._load_inputs, state.header.state_id, loaded, definitions)
            )
        return definitions

    def _definitions_of(
        self, context: dg.ComponentLoadContext, loaded: LoadedProject
    ) -> dg.Definitions:
        for note in loaded.specs.notes:
            _logger.info(note)
        ops = build_assets(loaded.specs, self._op_settings(context, loaded), self._run)
        for op in ops:
            bound_ops.register(op.assets_def.node_def, BoundOp(op.nodes, loaded.specs.keys))
        assets = [op.assets_def for op in ops]
        schedules = [
            build_schedule(
                settings, loaded.specs.node_map, loaded.selections.ids(settings.criteria)
            )
            for settings in (schedule.settings() for schedule in self.schedules)
        ]
        if self.watch is None:
            return dg.Definitions(assets=assets, schedules=schedules)
        job, sensor = build_watch(
            self._op_settings(context, loaded).name,
            self.watch.settings(),
            loaded_commit=loaded.commit,
            remote_commit=self._git_project().source.resolve_commit,
            refresh=self._refresh_in,
        )
        return dg.Definitions(assets=assets, schedules=schedules, jobs=[job], sensors=[sensor])

    def _git_project(self) -> GitProjectArgs:
        if not isinstance(self.project, GitProjectArgs):
            raise DefinitionError(
                "`watch` looks at a Git ref, and this project is a folder.",
                where="watch",
                hint="Give `project.repo_url`, or leave `watch` out.",
            )
        return self.project

    def _refresh_in(self, instance: dg.DagsterInstance) -> Refreshed:
        """Refreshes the state in the storage of an instance, and says what changed."""
        before = self.loaded_project()
        assert self._project_root is not None
        with set_defs_state_storage(instance.defs_state_storage):
            asyncio.run(self.refresh_state(self._project_root))
            after = self._open_state()
        difference = compare_manifests(before.state.index, after.index)
        origin = after.header.provenance.origin
        return Refreshed(
            commit=origin.commit if origin is not None else "",
            is_changed=after.header.state_id != before.state.header.state_id,
            difference=difference,
        )

    def _run(self, context: dg.AssetExecutionContext) -> Iterator[Any]:
        remember_output_keys(context)
        bound = bound_ops.find(context.op_execution_context.op_def)
        assert bound is not None  # registered with the definitions
        dbt = DbtCliResource.bound_to(
            self.loaded_project().binding(bound, frozenset(self.include_metadata))
        )
        yield from self.execute(context=context, dbt=dbt)

    def _op_settings(self, context: dg.ComponentLoadContext, loaded: LoadedProject) -> OpSettings:
        op = self.op or OpModel()
        tags = {
            name: value
            for name, value in zip(
                _RESERVED_TAGS, (self.select, self.exclude, self.selector), strict=True
            )
            if value
        }
        return OpSettings(
            name=op.name
            or default_op_name(
                self.project, self.criteria, context, loaded.state.index.project_name
            ),
            tags={**(op.tags or {}), **tags},
            description=op.description,
            pool=op.pool,
            backfill_policy=op.backfill_policy,
            config_cls=self.op_config_schema,
        )

    def loaded_project(self) -> LoadedProject:
        """The state as loaded; looked up in the instance's storage if definitions aren't built yet.

        Raises:
            StateMissingError: There is no state.
        """
        if self._loaded is not None:
            return self._loaded
        return self._remember(self._open_state())

    def _open_state(self) -> StateFile:
        """Opens the latest state in the storage at hand."""
        config = self.defs_state_config
        if self._project_root is None:
            raise StateMissingError(
                f"The component of state {config.key!r} was not loaded by Dagster.",
                hint="Load it with `context.load_component(...)` or from a component tree.",
            )
        load_context = DefinitionsLoadContext(load_type=DefinitionsLoadType.INITIALIZATION)
        with (
            load_context if self._loaded is not None else DefinitionsLoadContext.get()
        ).state_path(config, DefsStateStorage.get(), self._project_root) as state_path:
            if state_path is None:
                raise StateMissingError(
                    f"There is no state {config.key!r}.",
                    hint="Run `dg utils refresh-defs-state`.",
                )
            return StateFile(state_path)

    def _remember(self, state: StateFile) -> LoadedProject:
        self._loaded = LoadedProject(state, self.project, self.spec_rules, self.criteria)
        return self._loaded


def _say(text: str) -> None:
    """Tells whoever runs the command; standard output may be read by a program."""
    sys.stderr.write(f"{text}\n")
