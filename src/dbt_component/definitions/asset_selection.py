"""A Dagster selection of an exact set of assets and checks."""

from collections.abc import Iterable, Set
from dataclasses import dataclass
from typing import Any

import dagster as dg
from typing_extensions import override

from dbt_component._dagster import BaseAssetGraph


def asset_selection(
    asset_keys: Iterable[dg.AssetKey], check_keys: Iterable[dg.AssetCheckKey]
) -> dg.AssetSelection:
    """Selects only these assets and these checks; selects nothing if there are none.

    Neither an asset's other checks nor the assets of the checks are selected.
    """
    assets = dg.AssetSelection.assets(*asset_keys).without_checks()
    checks = tuple(check_keys)
    return assets | _Checks(chosen=checks) if checks else assets


@dataclass(frozen=True)
class _Checks(dg.AssetSelection):
    """These checks. One of a source may have moved to the asset that makes the source's table.

    Dagster finds such an asset when it has all definitions, so the keys of the source's checks aren't final before.
    """

    chosen: tuple[dg.AssetCheckKey, ...]

    @override
    def resolve_inner(
        self, asset_graph: BaseAssetGraph[Any], allow_missing: bool = False
    ) -> Set[dg.AssetKey]:
        return frozenset()

    @override
    def resolve_checks_inner(
        self, asset_graph: BaseAssetGraph[Any], allow_missing: bool = False
    ) -> Set[dg.AssetCheckKey]:
        return dg.AssetSelection.checks(*self._final_keys(asset_graph)).resolve_checks_inner(
            asset_graph,  # type: ignore[arg-type] # any graph has what it reads
            allow_missing=allow_missing,
        )

    @override
    def to_serializable_asset_selection(
        self, asset_graph: BaseAssetGraph[Any]
    ) -> dg.AssetSelection:
        return dg.AssetSelection.checks(*self._final_keys(asset_graph))

    def _final_keys(self, asset_graph: BaseAssetGraph[Any]) -> list[dg.AssetCheckKey]:
        known = asset_graph.asset_check_keys
        moved: dict[str, list[dg.AssetCheckKey]] = {
            key.name: [] for key in self.chosen if key not in known
        }
        for key in known if moved else ():
            if key.name in moved:
                moved[key.name].append(key)
        return [
            found[0] if key not in known and len(found := moved[key.name]) == 1 else key
            for key in self.chosen
        ]
