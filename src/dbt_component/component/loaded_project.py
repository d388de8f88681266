"""A state that is open, and what is derived from it, each once."""

import logging
from collections.abc import Set
from functools import cached_property

import dagster as dg

from dbt_component.component.schema import DbtProjectArgs, GitProjectArgs, ProjectArgs
from dbt_component.definitions.specs import SelectedSpecs, build_specs
from dbt_component.definitions.translator import DagsterDbtTranslator
from dbt_component.errors import ProjectError
from dbt_component.execution.binding import RunBinding
from dbt_component.manifest.manifest import Manifest
from dbt_component.project.project import DbtProject
from dbt_component.project.selections import ResolvedSelections
from dbt_component.project.state import StateFile
from dbt_component.project.unpack import unpack_project
from dbt_component.selection.criteria import SelectionCriteria

_logger = logging.getLogger("dbt_component")


class LoadedProject:
    """One version of a project: its state, its specs, and the folder to run it in."""

    def __init__(
        self,
        state: StateFile,
        project: ProjectArgs,
        translator: DagsterDbtTranslator,
        criteria: SelectionCriteria,
        *,
        with_code_references: bool,
    ) -> None:
        self.state = state
        self._project = project
        self._translator = translator
        self._criteria = criteria
        self._with_code_references = with_code_references
        self.selections = ResolvedSelections(state, self.open_project)
        self._opened: DbtProject | None = None

    @property
    def manifest(self) -> Manifest:
        return self.state.manifest

    def commit(self) -> str | None:
        """The commit that the state was made from, for a project in Git."""
        origin = self.state.header.provenance.origin
        return origin.commit if origin is not None else None

    @cached_property
    def specs(self) -> SelectedSpecs:
        """All specs of the component's selection."""
        return build_specs(
            self.manifest,
            self._translator,
            selected_ids=self.selections.ids(self._criteria),
            project=self.project_for_specs(),
        )

    def keys_of(self, unique_ids: Set[str]) -> tuple[list[dg.AssetKey], list[dg.AssetCheckKey]]:
        """The assets and checks of these nodes and tests, as far as they are in the component's selection."""
        node_map = self.specs.node_map
        wanted = unique_ids & node_map.selected_ids
        return (
            [key for key, unique_id in node_map.asset_ids.items() if unique_id in wanted],
            [key for key, unique_id in node_map.check_ids.items() if unique_id in wanted],
        )

    def project_for_specs(self) -> DbtProject | None:
        """The project for code references; ``None`` where its folder is gone."""
        if not self._with_code_references:
            return None
        if isinstance(self._project, DbtProject):
            return self._project
        if isinstance(self._project, GitProjectArgs):
            return None
        try:
            return self._project.open()
        except ProjectError:
            return None

    def open_project(self) -> DbtProject:
        """The project where it lives; unpacked from the state if it lies in Git or its folder is gone.

        Raises:
            ProjectError: The copy in the state can't be used either.
        """
        if self._opened is None:
            self._opened = self._open(self._project)
        return self._opened

    def _open(self, project: ProjectArgs) -> DbtProject:
        if isinstance(project, DbtProject):
            return project
        if isinstance(project, DbtProjectArgs):
            try:
                return project.open()
            except ProjectError:
                _logger.info(
                    "%s is not on this machine; running the copy in the state.", project.project_dir
                )
        return project.settings.open(unpack_project(self.state), is_copy=True)

    def binding(self, metadata: frozenset[str]) -> RunBinding:
        """What a run of these definitions needs."""
        return RunBinding(
            state=self.state,
            node_map=self.specs.node_map,
            selections=self.selections,
            open_project=self.open_project,
            metadata=metadata,
        )
