"""The base of components that keep a dbt project as their state: how it is loaded, refreshed and defined."""

import abc
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any
from weakref import WeakKeyDictionary

import dagster as dg
from dagster import StateBackedComponent
from pydantic import BaseModel
from typing_extensions import Self

from dbt_component._dagster import (
    DefsStateConfig,
    ResolutionException,
    derive_model_type,
)
from dbt_component.component.build import build_definitions
from dbt_component.component.claims import Claim, Claims
from dbt_component.component.definitions_memo import BuiltDefinitions, DefinitionsMemo, LoadInputs
from dbt_component.component.launchers import Launchers
from dbt_component.component.loaded import Loaded
from dbt_component.component.op_run import OpRun
from dbt_component.component.refresh import StateRefresh
from dbt_component.component.spec_methods import ComponentSpecMethods
from dbt_component.component.state_key import claim_state_key
from dbt_component.component.state_storage import (
    open_state,
    refresh_in_development,
    state_at_load,
    versioned_storage,
)
from dbt_component.component.yaml.defs_state import defs_state_args
from dbt_component.component.yaml.run_config import config_class
from dbt_component.component.yaml.strict_model import strict
from dbt_component.component.yaml.template_value import find_unset_variable
from dbt_component.definitions.asset_selection import asset_selection
from dbt_component.definitions.op_settings import OpSettings
from dbt_component.definitions.yaml_place import placed
from dbt_component.errors import (
    DagsterDbtError,
    NoStateError,
    SelectionError,
    TranslationError,
)
from dbt_component.execution.run_scope import RUN_NAMES
from dbt_component.project.source import ProjectSource
from dbt_component.project.state import StateFile
from dbt_component.project.state_project import StateProject
from dbt_component.project.working_folder import WorkingFolder
from dbt_component.selection.criteria import SelectionCriteria

_memo = DefinitionsMemo()
_claims = Claims()


class DbtStateComponent(StateBackedComponent, ComponentSpecMethods):
    """A dbt project as the state of a component, whatever runs dbt.

    A subclass says where the project comes from, what runs an op, and what else it defines.
    """

    _run_names: frozenset[str] = RUN_NAMES
    """The names that templates of runs may use."""

    def __post_init__(self) -> None:
        self._project_root: Path | None = None
        self._inputs: LoadInputs | None = None
        self._loaded: Loaded | None = None
        self._file: dg.ResolutionContext | None = None
        self._running: WeakKeyDictionary[dg.OpExecutionContext, OpRun] = WeakKeyDictionary()
        self._loads_next = False
        self.complete_and_check()

    @classmethod
    def model(cls) -> type[BaseModel]:
        return strict(derive_model_type(cls))

    @classmethod
    def load(cls, attributes: BaseModel | None, context: dg.ComponentLoadContext) -> Self:
        file = context.resolution_context.at_path("attributes")
        try:
            component = super(StateBackedComponent, cls).load(attributes, context)
            component.check_templates(context.resolution_context.scope)
            component.bind_to_file(file)
            component.bind_to_project(context.project_root)
            claim_state_key(context, component.defs_state_config.key)
        except DagsterDbtError as error:
            raise placed(error, file) from None
        except ResolutionException as error:
            # Dagster replaces an error of a resolver with the text of its traceback.
            if isinstance(error.__context__, DagsterDbtError):
                raise placed(error.__context__, file) from None
            if unset := find_unset_variable(attributes, str(error)):
                raise placed(unset, file) from None
            raise
        if cls.__module__.startswith(
            "dbt_component."
        ):  # a user's subclass may give another result next time
            component.remember_inputs(LoadInputs.of(attributes, context))
        return component

    def bind_to_project(self, project_root: Path) -> None:
        """Sets the Dagster project that the component belongs to, which its state's key depends on."""
        self._project_root = project_root

    def bind_to_file(self, attributes: dg.ResolutionContext) -> None:
        """Sets the context that the attributes were read in, so that errors name the file and line."""
        self._file = attributes

    def check_templates(self, scope: Mapping[str, Any]) -> None:
        """Rejects templates in ``cli_args`` and ``vars`` that use names unknown at run time.

        A subclass with its own ``get_cli_args`` may know other names.

        Raises:
            CliArgsError: A template uses an unknown name.
        """
        if type(self).get_cli_args is DbtStateComponent.get_cli_args:
            for op in self.project_ops:
                op.run.refuse_unknown_names({*scope, *self._run_names})

    def remember_inputs(self, inputs: LoadInputs | None) -> None:
        """Lets definitions be cached for the next load in this process; see DefinitionsMemo."""
        self._inputs = inputs

    # -- what subclasses decide --------------------------------------------------------------------

    @property
    @abc.abstractmethod
    def _state_source(self) -> ProjectSource:
        """Where the project comes from."""

    @property
    @abc.abstractmethod
    def _default_state_key(self) -> str:
        """The key of the state unless ``defs_state`` has one."""

    @abc.abstractmethod
    def _run(self, context: dg.AssetExecutionContext, run: OpRun) -> Iterator[Any]:
        """The body of an op."""

    @abc.abstractmethod
    def _scope_of(self, context: dg.AssetExecutionContext) -> dict[str, Any]:
        """The names that templates of a run may use."""

    @abc.abstractmethod
    def _open(self, state: StateFile) -> StateProject:
        """The project in a state."""

    @abc.abstractmethod
    def _load(self, prepared: StateProject, scope: Mapping[str, Any]) -> Loaded:
        """The project in a state, with the rules of this component."""

    @abc.abstractmethod
    def _load_without_state(self, scope: Mapping[str, Any]) -> Loaded:
        """The project if there is no state.

        Raises:
            DagsterDbtError: It is unknown.
        """

    @abc.abstractmethod
    def _further_definitions(
        self, context: dg.ComponentLoadContext, loaded: Loaded, op: OpSettings
    ) -> Sequence[dg.Definitions]:
        """What only this kind of component defines, given the settings of the default op."""

    def _op_config(self, run: OpRun) -> type[dg.Config] | None:
        """The class of an op's config: the subclass's own, with the options of ``run_config``."""
        if run.run_config is None:
            return self.op_config_schema
        return config_class(run.run_config, self.op_config_schema)

    # -- for subclasses and users ------------------------------------------------------------------

    @property
    def op_config_schema(self) -> type[dg.Config] | None:
        """A ``dagster.Config`` for the launchpad; its values are in ``context.op_config``."""
        return None

    def get_cli_args(self, context: dg.AssetExecutionContext) -> list[str]:
        """Renders ``cli_args`` of the op that runs. Override it to add arguments from context or config.

        Variables of ``vars``, ``threads`` and ``run_config`` are added to the commands of the run afterwards.

        A test may call it with ``dg.build_asset_context(partition_key=…)`` or ``partition_key_range``.

        Returns:
            The command and its arguments, such as ``["build", "--full-refresh"]``.

        Raises:
            CliArgsError: A template is malformed, uses an unknown name, or fails.
        """
        op = self._running.get(context.op_execution_context) or self.project_ops[-1].run
        return op.command(self._scope_of(context))

    def asset_key_for_model(self, model_name: str) -> dg.AssetKey:
        """The asset key of a model, seed or snapshot.

        Args:
            model_name: Name, ``package.name``, ``name.v2`` for a version, or unique id.

        Raises:
            UnknownNodeError: No node has that name, or several have it.
        """
        node = self.loaded.manifest.index.find_asset_node(model_name)
        return self.loaded.key_of(node.unique_id)

    def get_asset_selection(self, select: str, exclude: str = "") -> dg.AssetSelection:
        """The assets and checks of this component that dbt selects, as a Dagster selection.

        dbt is asked at once (seconds), unless the state holds the answer: it does for selections in defs.yaml.

        Args:
            select: Nodes to include, in dbt's syntax.
            exclude: Nodes to leave out, in dbt's syntax.

        Raises:
            SelectionError: dbt does not accept the selection.
        """
        criteria = SelectionCriteria(select=select, exclude=exclude)
        selection = self.loaded.selection_of(criteria)
        return asset_selection(selection.asset_keys, selection.check_keys)

    # -- state -------------------------------------------------------------------------------------

    @property
    def defs_state_config(self) -> DefsStateConfig:
        return DefsStateConfig.from_args(
            defs_state_args(self.defs_state, prepare_if_dev=self.prepare_if_dev),
            default_key=self._default_state_key,
        )

    @property
    def state_refresh(self) -> StateRefresh:
        """The refresh of this component's state."""
        key = self.defs_state_config.key
        return StateRefresh.of(self, self._state_source, key, self._working_folder, self._review)

    @property
    def _working_folder(self) -> WorkingFolder | None:
        """Where dbt runs if the project's files are a checkout; ``None`` if it runs in the project's folder."""
        return None

    async def refresh_state(self, project_root: Path) -> str:
        """Refreshes the state; keeps the stored version if nothing changed.

        Args:
            project_root: Folder of the Dagster project.

        Returns:
            The version of the state.

        Raises:
            DagsterDbtError: The project can't be prepared, or a job can't be launched; the stored version stays in use.
        """
        self._project_root = self._project_root or project_root
        storage = versioned_storage(self.defs_state_config)
        try:
            if storage is not None:
                return await self.state_refresh.into_storage(storage)
            return await super().refresh_state(project_root)
        except DagsterDbtError as error:
            raise self._placed(error) from None

    def write_state_to_path(self, state_path: Path) -> None:
        self.state_refresh.into_file(state_path, state_path)

    def _review(self, state: StateFile) -> list[str]:
        """Rejects a state that ops do not fit, or from which jobs and schedules can't be launched.

        The latter takes all specs, so it is left out if definitions are loaded next.
        """
        has_launchers = bool(self.jobs or self.schedules) and not self._loads_next
        if not (self.ops or has_launchers):
            return []
        loaded, before = self._load(self._open(state), {}), self._loaded
        self._loaded = loaded  # overrides may ask for it
        try:
            notes = list(loaded.division.notes)
            if has_launchers:
                loaded.specs  # noqa: B018 - errors of other keys are not those of a job
                Launchers.of(self, loaded).build()
            return notes
        finally:
            self._loaded = before

    # -- definitions -------------------------------------------------------------------------------

    def build_defs(self, context: dg.ComponentLoadContext) -> dg.Definitions:
        self._project_root = context.project_root
        try:
            self._loads_next = True
            try:
                refresh_in_development(
                    self.defs_state_config, context.project_root, self.refresh_state
                )
            finally:
                self._loads_next = False
            with state_at_load(self.defs_state_config, context.project_root) as state_path:
                return self.build_defs_from_state(context, state_path=state_path)
        except DagsterDbtError as error:
            # A template may have failed in a function of the user's.
            cause = error.__cause__ if isinstance(error, TranslationError) else None
            raise self._placed(error) from cause

    def build_defs_from_state(
        self, context: dg.ComponentLoadContext, state_path: Path | None
    ) -> dg.Definitions:
        scope = context.resolution_context.scope
        if state_path is None:
            built = self._build(context, self._load_without_state(scope))
        else:
            built = _memo.find_or_build(
                self._inputs,
                StateFile(state_path),
                lambda state: self._build(context, self._load(self._open(state), scope)),
            )
        self._loaded = built.loaded
        if self._has_final_keys:
            _claims.add(context.component_tree, self, Claim.of(context, built.definitions))
        return built.definitions

    @property
    def _has_final_keys(self) -> bool:
        """Whether no override may change what has been built."""
        own = type(self)
        return (
            own.build_defs is DbtStateComponent.build_defs
            and own.build_defs_from_state is DbtStateComponent.build_defs_from_state
        )

    def _build(self, context: dg.ComponentLoadContext, loaded: Loaded) -> BuiltDefinitions:
        self._loaded = loaded
        definitions = build_definitions(
            self,
            context,
            loaded,
            run=self._run,
            op_config=self._op_config,
            state_key=self.defs_state_config.key,
            further=lambda op: self._further_definitions(context, loaded, op),
        )
        return BuiltDefinitions(loaded, definitions)

    def _placed(self, error: DagsterDbtError) -> DagsterDbtError:
        if isinstance(error, SelectionError):
            self.name_selection(error)
        return placed(error, self._file)

    @property
    def loaded(self) -> Loaded:
        """The loaded project; in development it is prepared first if definitions have not been built yet.

        Raises:
            DagsterDbtManifestNotFoundError: There is neither a state nor a manifest.json.
            DagsterDbtError: The project can't be prepared, and there is no state that can be read.
        """
        if self._loaded is None:
            if self._project_root is not None:
                refresh_in_development(
                    self.defs_state_config, self._project_root, self.refresh_state
                )
            try:
                self._loaded = self._load(self.open_stored(), {})
            except NoStateError:
                self._loaded = self._load_without_state({})
        return self._loaded

    def open_stored(self) -> StateProject:
        """Opens the state in Dagster's storage as it is.

        Raises:
            StateMissingError: There is no state.
        """
        return self._open(open_state(self.defs_state_config, self._project_root))
