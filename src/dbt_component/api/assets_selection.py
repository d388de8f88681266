"""``build_dbt_asset_selection``: what dbt selects among the assets and checks of a definition."""

from collections.abc import Sequence, Set
from typing import Any

import dagster as dg
from typing_extensions import override

from dbt_component._dagster import AssetGraph, BaseAssetGraph
from dbt_component.api.asset_specs import criteria_of
from dbt_component.api.bound_assets import BoundAssets, single_bound_assets
from dbt_component.definitions.asset_selection import asset_selection
from dbt_component.selection.criteria import DEFAULT_SELECT, SelectionCriteria


def build_dbt_asset_selection(
    dbt_assets: Sequence[dg.AssetsDefinition],
    dbt_select: str = DEFAULT_SELECT,
    dbt_exclude: str | None = None,
    dbt_selector: str | None = None,
) -> dg.AssetSelection:
    """The assets and checks of a definition that dbt selects, as a Dagster selection.

    It is the intersection of the definition's own selection and this one, with the keys that the assets have
    in the end, after ``with_attributes`` or ``map_asset_specs`` too. It may be extended, for example by
    ``downstream()``, which also gives assets that dbt knows nothing of.

    dbt is asked when the selection is first resolved (seconds; nothing for ``fqn:*``), once for all equal
    selections of a project.

    Args:
        dbt_assets: One definition, from ``@dbt_assets`` or a component, in a list.
        dbt_select: Nodes to include, in dbt's syntax.
        dbt_exclude: Nodes to leave out, in dbt's syntax.
        dbt_selector: A selector of selectors.yml, instead of the two others.

    Raises:
        dagster.DagsterInvariantViolationError: There is not exactly one definition, or it was not made from a
            dbt project.
        SelectionError: ``dbt_selector`` is combined with one of the others; or, when the selection is
            resolved, dbt does not accept it.
    """
    criteria = criteria_of(dbt_select, dbt_exclude, dbt_selector)
    return DbtAssetsSelection(single_bound_assets(dbt_assets), criteria)


class DbtAssetsSelection(dg.AssetSelection):
    """The assets and checks of a definition that dbt selects; see ``build_dbt_asset_selection``.

    Args:
        bound: The definition. A copy of it in the graph that the selection is resolved in takes precedence.
        criteria: The selection in dbt's syntax.
    """

    def __init__(self, bound: BoundAssets, criteria: SelectionCriteria) -> None:
        self.bound = bound
        self.criteria = criteria

    @override
    def resolve_inner(
        self, asset_graph: BaseAssetGraph[Any], allow_missing: bool = False
    ) -> Set[dg.AssetKey]:
        """The keys of the selected assets of the definition."""
        return frozenset(self._asset_keys(asset_graph))

    @override
    def resolve_checks_inner(
        self, asset_graph: BaseAssetGraph[Any], allow_missing: bool = False
    ) -> Set[dg.AssetCheckKey]:
        """The keys of the selected checks of the definition."""
        return frozenset(self._check_keys(asset_graph))

    @override
    def to_serializable_asset_selection(
        self, asset_graph: BaseAssetGraph[Any]
    ) -> dg.AssetSelection:
        """The same selection by keys, which needs neither dbt nor the definition."""
        found = asset_selection(self._asset_keys(asset_graph), self._check_keys(asset_graph))
        return found.to_serializable_asset_selection(asset_graph)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, DbtAssetsSelection):
            return NotImplemented
        return self.criteria == other.criteria and self.bound == other.bound

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.bound.op.nodes.name!r}, {self.criteria})"

    def _asset_keys(self, asset_graph: BaseAssetGraph[Any]) -> list[dg.AssetKey]:
        ids = self.bound.op.prepared.select(self.criteria)
        keys = self._final(asset_graph).keys
        return [key for unique_id, key in keys.items() if unique_id in ids]

    def _check_keys(self, asset_graph: BaseAssetGraph[Any]) -> list[dg.AssetCheckKey]:
        ids = self.bound.op.prepared.select(self.criteria)
        keys = self._final(asset_graph).check_keys
        return [key for unique_id, key in keys.items() if unique_id in ids]

    def _final(self, asset_graph: BaseAssetGraph[Any]) -> BoundAssets:
        """The definition as it is in the graph; a graph of another code location has no definitions."""
        found = asset_graph.assets_defs if isinstance(asset_graph, AssetGraph) else ()
        return self.bound.made_in(found)
