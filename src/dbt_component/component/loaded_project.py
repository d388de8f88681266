"""A state that is open, and what is derived from it, each once."""

from functools import cached_property

from dbt_component.definitions.specs import SelectedSpecs, build_specs
from dbt_component.definitions.translator import DagsterDbtTranslator
from dbt_component.execution.binding import RunBinding
from dbt_component.manifest.manifest import Manifest
from dbt_component.project.project import DbtProject
from dbt_component.project.state_project import StateProject
from dbt_component.selection.criteria import SelectionCriteria


class LoadedProject:
    """One version of a project: its state and its specs."""

    def __init__(
        self,
        prepared: StateProject,
        translator: DagsterDbtTranslator,
        criteria: SelectionCriteria,
        *,
        with_code_references: bool,
    ) -> None:
        self.prepared = prepared
        self._translator = translator
        self._criteria = criteria
        self._with_code_references = with_code_references

    @property
    def manifest(self) -> Manifest:
        return self.prepared.manifest

    def commit(self) -> str | None:
        """The commit that the state was made from, for a project in Git."""
        origin = self.prepared.origin
        return origin.commit if origin is not None else None

    @cached_property
    def specs(self) -> SelectedSpecs:
        """All specs of the component's selection."""
        return build_specs(
            self.manifest,
            self._translator,
            selected_ids=self.prepared.select(self._criteria),
            project=self.project_for_specs(),
        )

    def project_for_specs(self) -> DbtProject | None:
        """The project for code references; ``None`` where its folder is gone."""
        return self.prepared.source.find_folder() if self._with_code_references else None

    def binding(self, metadata: frozenset[str]) -> RunBinding:
        """What a run of these definitions needs."""
        return RunBinding(
            prepared=self.prepared,
            node_map=self.specs.node_map,
            metadata=metadata,
        )
