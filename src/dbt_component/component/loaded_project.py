"""A state that is open, and what is derived from it, each once."""

import logging
from functools import cached_property

from dbt_component.component.schema import DbtProjectArgs, GitProjectArgs, ProjectArgs
from dbt_component.definitions.op_registry import BoundOp
from dbt_component.definitions.resolving_manifest import ResolvingManifest
from dbt_component.definitions.spec_builder import SelectedSpecs, build_specs
from dbt_component.definitions.spec_rules import SpecRules
from dbt_component.errors import ProjectError
from dbt_component.execution.binding import RunBinding
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
        rules: SpecRules,
        criteria: SelectionCriteria,
    ) -> None:
        self.state = state
        self._project = project
        self._rules = rules
        self._criteria = criteria
        self.selections = ResolvedSelections(state, self.open_project)
        self._opened: DbtProject | None = None

    def commit(self) -> str | None:
        """The commit that the state was made from, for a project in Git."""
        origin = self.state.header.provenance.origin
        return origin.commit if origin is not None else None

    @cached_property
    def specs(self) -> SelectedSpecs:
        """All specs of the component's selection."""
        return build_specs(
            self.resolving_manifest,
            self._rules,
            selected_ids=self.selections.ids(self._criteria),
            project=self.resolving_manifest.project,
        )

    @cached_property
    def resolving_manifest(self) -> ResolvingManifest:
        """The manifest with the final specs of its nodes, each built when first asked for."""
        return ResolvingManifest(self.state.manifest, self._rules, self._project_for_specs())

    def _project_for_specs(self) -> DbtProject | None:
        """The project for code references; ``None`` where its folder is gone."""
        if not self._rules.settings.enable_code_references:
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

    def binding(self, op: BoundOp, metadata: frozenset[str]) -> RunBinding:
        """What a run of one op of these definitions needs."""
        return RunBinding(
            state=self.state,
            op=op,
            selections=self.selections,
            open_project=self.open_project,
            metadata=metadata,
        )
