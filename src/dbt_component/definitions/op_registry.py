"""What belongs to which op, found by the definition of the op's node.

A node definition is shared by all copies of an AssetsDefinition that ``with_attributes``,
``map_asset_specs`` or a selection make, so nothing needs to ride in asset metadata.
"""

from dataclasses import dataclass
from typing import Generic, TypeVar
from weakref import WeakKeyDictionary

from dbt_component._dagster import NodeDefinition
from dbt_component.definitions.node_keys import NodeKeys
from dbt_component.definitions.op_nodes import OpNodes

Bound = TypeVar("Bound", bound="BoundOp")


@dataclass(frozen=True)
class BoundOp:
    """What a run of an op must know of its definitions. It must not refer to the op itself."""

    nodes: OpNodes
    keys: NodeKeys


class OpRegistry(Generic[Bound]):
    """Ops of this process and what is bound to each, for as long as the op exists."""

    def __init__(self) -> None:
        self._bound: WeakKeyDictionary[NodeDefinition, Bound] = WeakKeyDictionary()

    def register(self, node_def: NodeDefinition, bound: Bound) -> None:
        """Binds a value to an op, in place of a former one."""
        self._bound[node_def] = bound

    def find(self, node_def: NodeDefinition) -> Bound | None:
        """The value bound to an op, ``None`` if there is none."""
        return self._bound.get(node_def)


bound_ops: OpRegistry[BoundOp] = OpRegistry()
"""The ops that this package built."""
