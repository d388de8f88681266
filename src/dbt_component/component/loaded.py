"""A component's state as loaded, and what its definitions are made from, each once."""

from collections.abc import Mapping, Set
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import dagster as dg

from dbt_component.definitions.spec_builder import SelectedSpecs, SpecRules, build_specs, final_spec
from dbt_component.manifest.manifest import Manifest
from dbt_component.project.project import DbtProject
from dbt_component.project.source import ProjectSource
from dbt_component.project.state_project import StateProject
from dbt_component.selection.criteria import SelectionCriteria


@dataclass(frozen=True)
class Loaded:
    """One version of a component's project.

    Args:
        prepared: The project as its state describes it.
        source: Where it comes from.
        rules: How its nodes become assets and checks.
        criteria: The component's own selection.
        scope: Names that run-time templates may use besides those of the run.
    """

    prepared: StateProject
    source: ProjectSource
    rules: SpecRules
    criteria: SelectionCriteria
    scope: Mapping[str, Any]

    @property
    def manifest(self) -> Manifest:
        return self.prepared.manifest

    @property
    def commit(self) -> str | None:
        """The commit that the state was made from, for a project in Git."""
        origin = self.manifest.origin
        return origin.commit if origin is not None else None

    @cached_property
    def specs(self) -> SelectedSpecs:
        """All specs of the component's selection."""
        return build_specs(
            self.manifest,
            self.rules,
            selected_ids=self.prepared.select(self.criteria),
            project=self._linked_project,
        )

    def spec_of(self, unique_id: str) -> dg.AssetSpec:
        """The final spec of one node, whether it is selected or not."""
        return final_spec(self.manifest, self.rules, unique_id, project=self._linked_project)

    def keys_of(
        self, criteria: SelectionCriteria
    ) -> tuple[list[dg.AssetKey], list[dg.AssetCheckKey]]:
        """The assets and checks of this component that dbt selects."""
        return self.specs.keys_of(self.prepared.select(criteria))

    @cached_property
    def _linked_project(self) -> DbtProject | None:
        """The project whose files code references lead to."""
        return self.source.find_folder() if self.rules.settings.enable_code_references else None
