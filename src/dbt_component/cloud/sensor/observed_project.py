"""A dbt project as the sensor needs it: which nodes are which assets and checks."""

from collections.abc import Callable
from dataclasses import dataclass

import dagster as dg

from dbt_component.definitions.check_keys import CheckKeys
from dbt_component.definitions.resolving_manifest import ResolvingManifest
from dbt_component.definitions.spec_builder import SelectedSpecs
from dbt_component.manifest.index import ManifestIndex


@dataclass(frozen=True)
class ObservedProject:
    """The project and its keys.

    Attributes:
        index: The project.
        asset_key_of: The key of a node's asset, by unique id; ``None`` if it is none. Nodes without a key
            are not reported.
        check_key_of: The key of a test's check, by unique id; ``None`` if it is none. Such a test is
            reported as an observation of the assets that it reads.
    """

    index: ManifestIndex
    asset_key_of: Callable[[str], dg.AssetKey | None]
    check_key_of: Callable[[str], dg.AssetCheckKey | None]


def observe_all(view: ResolvingManifest) -> ObservedProject:
    """All assets, sources and checks of a project, as definitions of the entire project have them.

    Args:
        view: The project with its spec rules applied.
    """
    check_keys = CheckKeys(view)
    index = view.index

    def asset_key_of(unique_id: str) -> dg.AssetKey | None:
        node = index.node_by_id.get(unique_id)
        is_asset = node is not None and (node.is_asset or node.is_source)
        return view.final_spec(unique_id).key if is_asset else None

    def check_key_of(unique_id: str) -> dg.AssetCheckKey | None:
        test = index.test_by_id.get(unique_id)
        return None if test is None else check_keys.find(test)

    return ObservedProject(index, asset_key_of, check_key_of)


def observe_selected(specs: SelectedSpecs) -> ObservedProject:
    """The assets and checks of definitions that may hold a part of a project, and its sources.

    Args:
        specs: The specs of the definitions.
    """
    index = specs.index
    keys = {unique_id: key for key, unique_id in specs.node_map.asset_ids.items()}
    checks = {unique_id: key for key, unique_id in specs.node_map.check_ids.items()}

    def asset_key_of(unique_id: str) -> dg.AssetKey | None:
        node = index.node_by_id.get(unique_id)
        if node is not None and node.is_source:
            return specs.keys.key_of.get(unique_id)
        return keys.get(unique_id)

    return ObservedProject(index, asset_key_of, checks.get)
