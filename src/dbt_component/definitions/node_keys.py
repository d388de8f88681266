"""The keys of nodes and tests, for events about nodes that belong to another op."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import dagster as dg

from dbt_component._dagster import stringify_asset_key_to_input_name
from dbt_component.manifest.index import ManifestIndex


@dataclass(frozen=True)
class NodeKeys:
    """Unique ids -> keys in the definitions.

    ``key_of`` also contains sources and nodes outside the selection that selected nodes depend on.
    """

    key_of: Mapping[str, dg.AssetKey]
    check_key_of: Mapping[str, dg.AssetCheckKey]

    def moved_to(self, assets_def: dg.AssetsDefinition, index: ManifestIndex) -> "NodeKeys":
        """These keys, with those of sources for which Dagster found an asset that makes their table.

        Args:
            assets_def: The definition of the op, after Dagster has seen all definitions.
            index: The project.
        """
        inputs = assets_def.node_keys_by_input_name
        moved: dict[str, dg.AssetKey] = {}
        for node in index.nodes:
            key = self.key_of.get(node.unique_id) if node.is_source else None
            if key is not None:
                now = inputs.get(stringify_asset_key_to_input_name(key), key)
                if now != key:
                    moved[node.unique_id] = now
        return replace(self, key_of={**self.key_of, **moved}) if moved else self
