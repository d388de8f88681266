"""``DbtManifestAssetSelection``: what dbt selects in a manifest, as a Dagster selection."""

from collections.abc import Set
from functools import cached_property
from typing import Any

import dagster as dg
from typing_extensions import Self, override

from dbt_component._dagster import BaseAssetGraph
from dbt_component.api.asset_specs import criteria_of, rules_of
from dbt_component.definitions.asset_selection import asset_selection
from dbt_component.definitions.check_builder import build_checks
from dbt_component.definitions.resolving_manifest import ResolvingManifest
from dbt_component.definitions.test_attachment import attached_node_of
from dbt_component.definitions.translator import DagsterDbtTranslator
from dbt_component.project.manifest_argument import ManifestArgument, prepared_from
from dbt_component.project.project import DbtProject
from dbt_component.selection.criteria import DEFAULT_SELECT


class DbtManifestAssetSelection(dg.AssetSelection):
    """The assets and checks of the models, seeds, snapshots and tests that dbt selects.

    Use it like any Dagster selection: with ``|``, ``&``, ``-``, ``downstream()`` and the like, in jobs,
    schedules and sensors. Assets have the keys that the translator gives them; for definitions whose keys were
    changed later, use ``build_dbt_asset_selection``.

    The manifest is read at once; dbt is asked when the selection is first resolved (seconds; nothing for
    ``fqn:*``), once for all equal selections of a manifest.

    Args:
        manifest: manifest.json as a path or decoded, or the project that it belongs to.
        select: Nodes to include, in dbt's syntax.
        dagster_dbt_translator: Maps nodes to keys. Default: the default mapping. If its settings turn checks
            off, the selection has none.
        exclude: Nodes to leave out, in dbt's syntax.
        selector: A selector of selectors.yml, instead of ``select`` and ``exclude``.
        project: The project that the manifest belongs to.

    Raises:
        DagsterDbtManifestNotFoundError: There is no such file.
        ProjectFileError: It is not a dbt manifest.
        SelectionError: ``selector`` is combined with ``select`` or ``exclude``; or, when the selection is
            resolved, dbt does not accept it.
        DefinitionError: The translator is a class or none of ours.
    """

    def __init__(
        self,
        manifest: ManifestArgument,
        select: str = DEFAULT_SELECT,
        dagster_dbt_translator: DagsterDbtTranslator | None = None,
        exclude: str | None = None,
        selector: str | None = None,
        project: DbtProject | None = None,
    ) -> None:
        self._criteria = criteria_of(select, exclude, selector)
        self.dagster_dbt_translator = dagster_dbt_translator or DagsterDbtTranslator()
        self._rules = rules_of(self.dagster_dbt_translator)
        self._prepared = prepared_from(manifest, project)
        self.manifest = self._prepared.manifest
        self.project = project if project is not None else self._prepared.find_folder()

    @classmethod
    def build(
        cls,
        manifest: ManifestArgument,
        select: str = DEFAULT_SELECT,
        *,
        dagster_dbt_translator: DagsterDbtTranslator | None = None,
        exclude: str | None = None,
        selector: str | None = None,
        project: DbtProject | None = None,
    ) -> Self:
        """The selection of these arguments, which are those of the class."""
        return cls(
            manifest=manifest,
            select=select,
            dagster_dbt_translator=dagster_dbt_translator,
            exclude=exclude,
            selector=selector,
            project=project,
        )

    @property
    def select(self) -> str:
        return self._criteria.select

    @property
    def exclude(self) -> str:
        return self._criteria.exclude

    @property
    def selector(self) -> str:
        return self._criteria.selector

    @override
    def resolve_inner(
        self, asset_graph: BaseAssetGraph[Any], allow_missing: bool = False
    ) -> Set[dg.AssetKey]:
        """The keys of all selected assets, whether the graph has them or not."""
        return frozenset(self._asset_keys)

    @override
    def resolve_checks_inner(
        self, asset_graph: BaseAssetGraph[Any], allow_missing: bool = False
    ) -> Set[dg.AssetCheckKey]:
        """The keys of all selected tests that are checks in the graph."""
        return frozenset(key for key in asset_graph.asset_check_keys if key in self._check_keys)

    @override
    def to_serializable_asset_selection(
        self, asset_graph: BaseAssetGraph[Any]
    ) -> dg.AssetSelection:
        """The same selection by keys, which needs neither dbt nor the manifest."""
        known = self.resolve_checks(asset_graph)
        checks = [key for key in self._check_keys if key in known]
        found = asset_selection(self._asset_keys, checks)
        return found.to_serializable_asset_selection(asset_graph)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, DbtManifestAssetSelection):
            return NotImplemented
        return (
            self._criteria == other._criteria
            and self.dagster_dbt_translator == other.dagster_dbt_translator
            and (
                self.manifest is other.manifest
                or self.manifest["metadata"] == other.manifest["metadata"]
            )
        )

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        name = self.manifest.index.project_name
        return f"{type(self).__name__}(dbt project {name!r}, {self._criteria})"

    @cached_property
    def _view(self) -> ResolvingManifest:
        return ResolvingManifest(self.manifest, self._rules, self._prepared.find_folder())

    @cached_property
    def _asset_keys(self) -> dict[dg.AssetKey, None]:
        """In the project's order."""
        ids = self._prepared.select(self._criteria)
        chosen = [n for n in self.manifest.index.nodes if n.is_asset and n.unique_id in ids]
        return dict.fromkeys(self._view.final_spec(node.unique_id).key for node in chosen)

    @cached_property
    def _check_keys(self) -> dict[dg.AssetCheckKey, None]:
        """In the order of the tests' unique ids; also on assets that are not selected, as in dbt."""
        index, ids, view = self.manifest.index, self._prepared.select(self._criteria), self._view
        tests = [view.test(unique_id) for unique_id in index.test_by_id if unique_id in ids]
        attached = {attached_node_of(index, test) for test in tests}
        hosts = [node for node in index.nodes if node.unique_id in attached]
        assets = [node for node in hosts if node.is_asset]
        checks = build_checks(
            view,
            assets=assets,
            upstream=[node for node in hosts if node.is_source],
            selected_ids=index.all_ids,  # a name may depend on the asset's other checks
            taken_names={view.final_spec(n.unique_id).key.to_python_identifier() for n in assets},
        )
        return {spec.key: None for unique_id, spec in checks.specs.items() if unique_id in ids}
