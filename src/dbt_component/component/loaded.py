"""A component's loaded project, and the specs and keys derived from it, each built once."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import dagster as dg

from dbt_component.definitions.check_rules import DbtCheckRules
from dbt_component.definitions.freshness_specs import FreshnessSpecs, build_freshness_specs
from dbt_component.definitions.job_selection import JobSelection
from dbt_component.definitions.op_division import OpDivision, divide_ops
from dbt_component.definitions.op_rules import OpRules
from dbt_component.definitions.op_specs import with_op_rules
from dbt_component.definitions.resolving_manifest import ResolvingManifest
from dbt_component.definitions.ruled_tests import resolve_check_rules
from dbt_component.definitions.spec_builder import SelectedSpecs, build_specs
from dbt_component.definitions.spec_rules import SpecRules
from dbt_component.definitions.view_automation import ViewPolicy, apply_view_policy
from dbt_component.manifest.manifest import Manifest
from dbt_component.project.prepared import PreparedProject
from dbt_component.project.project import DbtProject
from dbt_component.project.source import ProjectSource
from dbt_component.project.state_project import StateProject
from dbt_component.selection.criteria import SelectionCriteria


@dataclass(frozen=True)
class Loaded:
    """One version of a component's project.

    Args:
        prepared: The project in its state; without a state, known only by its manifest.json.
        source: Where the project comes from.
        check_rules: Rules for its tests.
        state_id: Identifies the content of the state; ``None`` if there is no state.
        rules: The rules that turn its nodes into assets and checks.
        criteria: The component's own selection.
        ops: What its ops say about their nodes; the last is the default op.
        scope: Names that run-time templates may use besides those of the run.
        has_lineage: Whether assets show the lineage of columns that the state holds.
        has_uses: Whether exposures, and what leads to them, become external assets.
        views: What automation does with views.
    """

    prepared: PreparedProject
    source: ProjectSource
    rules: SpecRules
    criteria: SelectionCriteria
    scope: Mapping[str, Any]
    ops: Sequence[OpRules] = (OpRules("op"),)
    check_rules: DbtCheckRules | None = None
    state_id: str | None = None
    has_lineage: bool = False
    has_uses: bool = False
    views: ViewPolicy = ViewPolicy.ALWAYS

    @classmethod
    def of(
        cls,
        prepared: StateProject,
        source: ProjectSource,
        rules: SpecRules,
        criteria: SelectionCriteria,
        scope: Mapping[str, Any],
        ops: Sequence[OpRules],
        check_rules: DbtCheckRules | None,
        *,
        has_lineage: bool,
        has_uses: bool = False,
        views: ViewPolicy = ViewPolicy.ALWAYS,
    ) -> "Loaded":
        """A project that was loaded from a state."""
        state_id = prepared.state.header.state_id
        given = (prepared, source, rules, criteria, scope, ops, check_rules)
        return cls(*given, state_id, has_lineage, has_uses, views)

    @property
    def manifest(self) -> Manifest:
        return self.prepared.manifest

    @property
    def commit(self) -> str | None:
        """The commit that the state was prepared from; ``None`` if none was recorded."""
        origin = self.manifest.origin
        return origin.commit if origin is not None else None

    @cached_property
    def specs(self) -> SelectedSpecs:
        """All specs of the component's selection, with the rules of its ops."""
        specs = build_specs(
            self._view,
            self._view.rules,
            selected_ids=self.prepared.select(self.criteria),
            project=self._view.project,
            lineage=self.prepared.lineage if self.has_lineage else None,
            has_uses=self.has_uses,
        )
        specs = apply_view_policy(with_op_rules(specs, self.division), self.views)
        return replace(specs, notes=[*specs.notes, *self.division.notes])

    @cached_property
    def division(self) -> OpDivision:
        """Which op each node belongs to."""
        return divide_ops(
            self.ops,
            self.manifest.index,
            selected_ids=self.prepared.select(self.criteria),
            select=self.prepared.select,
        )

    def key_of(self, unique_id: str) -> dg.AssetKey:
        """The final key of a node, even if the component does not select it."""
        return self._view.final_spec(unique_id).key

    def selection_of(self, criteria: SelectionCriteria) -> JobSelection:
        """The assets, checks and tests of this component that dbt selects."""
        return JobSelection.of(self.specs, self.prepared.select(criteria))

    def freshness_of(self, criteria: SelectionCriteria, *, observe: bool) -> FreshnessSpecs:
        """The freshness checks of the sources that dbt selects; see ``build_freshness_specs``."""
        return build_freshness_specs(self.specs, self.prepared.select(criteria), observe=observe)

    @cached_property
    def _view(self) -> ResolvingManifest:
        has_links = self.rules.settings.enable_code_references
        project: DbtProject | None = self.source.find_folder() if has_links else None
        tests = resolve_check_rules(self.check_rules, self.manifest.index, self.prepared.select)
        attached = {**self.division.attached, **tests.attached}
        tests = replace(tests, attached=attached)
        return ResolvingManifest(self.manifest, replace(self.rules, tests=tests), project)
