"""A Dagster selection of dbt's assets and of what other definitions build from them."""

from collections.abc import Callable, Iterable, Mapping, Set
from typing import Any

import dagster as dg
from typing_extensions import override

from dbt_component._dagster import BaseAssetGraph
from dbt_component.definitions.asset_selection import asset_selection

PartitionsByKey = Mapping[dg.AssetKey, dg.PartitionsDefinition | None]


class DownstreamSelection(dg.AssetSelection):
    """Some of a component's assets and checks, with the assets of others downstream of them, and the checks on these.

    An asset is downstream if a path leads to it from a selected asset that passes through no other asset of the
    component. Assets that nothing can build, such as external ones, are on such paths but not selected. All
    outputs of an op that only runs as a whole are selected together.

    Resolved when the definitions of a code location are complete, in each process that loads them.

    Args:
        asset_keys: The selected assets of the component.
        check_keys: The selected checks of the component.
        own_assets: All assets that the component builds.
        own_checks: All of its checks.
        refuse: Raises an error if assets with these partitions can't be launched together.
    """

    def __init__(
        self,
        asset_keys: Iterable[dg.AssetKey],
        check_keys: Iterable[dg.AssetCheckKey],
        *,
        own_assets: Set[dg.AssetKey],
        own_checks: Set[dg.AssetCheckKey],
        refuse: Callable[[PartitionsByKey], Any],
    ) -> None:
        self.selected = asset_selection(asset_keys, check_keys)
        self.own_assets = own_assets
        self.own_checks = own_checks
        self.refuse = refuse

    @override
    def resolve_inner(
        self, asset_graph: BaseAssetGraph[Any], allow_missing: bool
    ) -> Set[dg.AssetKey]:
        """The keys of the selected assets of the component and of the assets downstream of them."""
        selected = self.selected.resolve_inner(asset_graph, allow_missing)
        found = selected | self._downstream(asset_graph, selected)
        self.refuse({key: asset_graph.get(key).partitions_def for key in sorted(found)})
        return found

    @override
    def resolve_checks_inner(
        self, asset_graph: BaseAssetGraph[Any], allow_missing: bool
    ) -> Set[dg.AssetCheckKey]:
        """The keys of the component's selected checks, and of all others' checks on the assets downstream."""
        selected = self.selected.resolve_inner(asset_graph, allow_missing)
        found = self._downstream(asset_graph, selected)
        on_them = {key for key in asset_graph.asset_check_keys if key.asset_key in found}
        together = {
            key
            for check in on_them - self.own_checks
            for key in asset_graph.get_execution_set_asset_and_check_keys(check)
            if isinstance(key, dg.AssetCheckKey)
        }
        return self.selected.resolve_checks_inner(asset_graph, allow_missing) | together

    @override
    def to_serializable_asset_selection(
        self, asset_graph: BaseAssetGraph[Any]
    ) -> dg.AssetSelection:
        """The same selection by keys, which another process can resolve."""
        keys = asset_selection(self.resolve(asset_graph), self.resolve_checks(asset_graph))
        return keys.to_serializable_asset_selection(asset_graph)

    def _downstream(
        self, asset_graph: BaseAssetGraph[Any], selected: Set[dg.AssetKey]
    ) -> Set[dg.AssetKey]:
        reached: set[dg.AssetKey] = set()
        waiting = list(selected)
        while waiting:
            children = asset_graph.get(waiting.pop()).child_keys - reached - self.own_assets
            reached |= children
            waiting.extend(children)
        return {
            key
            for child in reached
            if asset_graph.get(child).is_materializable
            for key in asset_graph.get(child).execution_set_asset_keys
        }
