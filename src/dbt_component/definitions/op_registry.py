"""Finds the project and nodes of an op by the op's node definition.

All copies of an AssetsDefinition that ``with_attributes``, ``map_asset_specs`` or a selection make share
one node definition, so asset metadata need not carry this.
"""

from dataclasses import dataclass
from weakref import WeakKeyDictionary

import dagster as dg

from dbt_component._dagster import NodeDefinition
from dbt_component.definitions.node_keys import NodeKeys
from dbt_component.definitions.op_nodes import OpNodes
from dbt_component.definitions.resolving_manifest import ResolvingManifest
from dbt_component.project.prepared import PreparedProject


@dataclass(frozen=True)
class BoundOp:
    """The definitions' data that a run of an op needs. It may not refer to the op itself.

    Args:
        prepared: The project that the definitions were built from.
        nodes: The nodes of the op.
        keys: The keys of all nodes in the definitions.
        view: The manifest with the rules of the definitions.
        metadata: Metadata to fetch for each relation after it is built.
    """

    prepared: PreparedProject
    nodes: OpNodes
    keys: NodeKeys
    view: ResolvingManifest
    metadata: frozenset[str] = frozenset()

    def final_key(self, unique_id: str) -> dg.AssetKey:
        """The final key of any node of the project, also of one outside the definitions."""
        return self.view.final_spec(unique_id).key


class OpRegistry:
    """The values bound to the ops of this process, each kept for as long as its op exists."""

    def __init__(self) -> None:
        self._bound: WeakKeyDictionary[NodeDefinition, BoundOp] = WeakKeyDictionary()

    def register(self, node_def: NodeDefinition, bound: BoundOp) -> None:
        """Binds a value to an op and replaces any previous one."""
        self._bound[node_def] = bound

    def find(self, node_def: NodeDefinition) -> BoundOp | None:
        """The value bound to an op; ``None`` for an op that this package did not build."""
        return self._bound.get(node_def)

    def newest_first(self) -> list[BoundOp]:
        """All values, those bound last first."""
        return list(self._bound.values())[::-1]


bound_ops = OpRegistry()
"""The ops that this package built."""
