"""Dagster's choice of assets and checks -> the exact set of dbt nodes to run."""

from collections.abc import Set

import dagster as dg

from dbt_component.definitions.node_map import NodeMap
from dbt_component.manifest.index import ManifestIndex


def nodes_to_run(
    index: ManifestIndex,
    node_map: NodeMap,
    *,
    asset_keys: Set[dg.AssetKey],
    check_keys: Set[dg.AssetCheckKey],
) -> frozenset[str]:
    """Unique ids of the nodes and tests that a step runs.

    If everything is chosen, that is dbt's own selection. Otherwise the chosen assets, the chosen checks,
    and those tests without a check all of whose parents are chosen; the latter not if the user left out
    checks of a chosen asset.
    """
    if asset_keys >= node_map.asset_ids.keys() and check_keys >= node_map.check_ids.keys():
        return node_map.selected_ids | frozenset(node_map.check_ids.values())
    assets = {node_map.asset_ids[key] for key in asset_keys if key in node_map.asset_ids}
    checks = {node_map.check_ids[key] for key in check_keys if key in node_map.check_ids}
    has_all_checks = all(
        key in check_keys for key in node_map.check_ids if key.asset_key in asset_keys
    )
    loose = _loose_tests(index, node_map, assets) if has_all_checks and assets else set()
    return frozenset(assets | checks | loose)


def _loose_tests(index: ManifestIndex, node_map: NodeMap, assets: Set[str]) -> set[str]:
    found: set[str] = set()
    for unique_id in assets:
        for test in index.tests_of.get(unique_id, ()):
            is_loose = (
                test.unique_id in node_map.selected_ids
                and test.unique_id not in node_map.check_key_of
            )
            if is_loose and test.unique_id not in found:
                nearest = [
                    node.unique_id
                    for parent in test.depends_on
                    for node in index.nearest_assets(parent)
                ]
                if all(parent in assets for parent in nearest):
                    found.add(test.unique_id)
    return found
