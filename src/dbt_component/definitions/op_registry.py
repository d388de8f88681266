"""What belongs to which op, found by the definition of the op's node.

A node definition is shared by all copies of an AssetsDefinition that ``with_attributes``,
``map_asset_specs`` or a selection make, so nothing needs to ride in asset metadata.
"""

from dataclasses import dataclass
from weakref import WeakKeyDictionary

from dbt_component._dagster import NodeDefinition
from dbt_component.definitions.node_keys import NodeKeys
from dbt_component.definitions.op_nodes import OpNodes
from dbt_component.project.prepared import PreparedProject


@dataclass(frozen=True)
class BoundOp:
    """What a run of an op must know of its definitions. It must not refer to the op itself.

    Args:
        prepared: The project that the definitions were built from.
        nodes: The nodes of the op.
        keys: The keys of all nodes in the definitions.
        metadata: What to fetch of each relation after it is built.
    """

    prepared: PreparedProject
    nodes: OpNodes
    keys: NodeKeys
    metadata: frozenset[str] = frozenset()


class OpRegistry:
    """The ops of this process and what is bound to each, for as long as the op exists."""

    def __init__(self) -> None:
        self._bound: WeakKeyDictionary[NodeDefinition, BoundOp] = WeakKeyDictionary()

    def register(self, node_def: NodeDefinition, bound: BoundOp) -> None:
        """Binds a value to an op, in place of a former one."""
        self._bound[node_def] = bound

    def find(self, node_def: NodeDefinition) -> BoundOp | None:
        """The value bound to an op; ``None`` for an op of others."""
        return self._bound.get(node_def)


bound_ops = OpRegistry()
"""The ops that this package built."""
