"""The parsed fields of the entry that a translator's method received, or of any mapping like it."""

from collections.abc import Mapping
from typing import Any

from dbt_component.errors import DefinitionError
from dbt_component.manifest.node import Node
from dbt_component.manifest.node_props import NodeProps
from dbt_component.manifest.parse import parse_entry

_WITHOUT_ID = {"unique_id": ""}
_ANONYMOUS = {**_WITHOUT_ID, "resource_type": "model", "name": ""}


def node_of(props: Mapping[str, Any], *, is_named: bool = False) -> Node:
    """The parsed fields of a node's manifest entry.

    Args:
        props: The entry, or a mapping with some of its keys, as in a user's unit test.
        is_named: Whether ``resource_type`` and ``name`` are needed.

    Raises:
        DefinitionError: A key is missing, or the entry is that of a test.
    """
    try:
        if isinstance(props, NodeProps):
            node = props.node
        else:
            node = parse_entry({**(_WITHOUT_ID if is_named else _ANONYMOUS), **props})
    except (KeyError, TypeError, AttributeError) as error:
        raise DefinitionError(
            f"Expected the manifest entry of a node, got {type(props).__name__} without {error}.",
            hint='Pass the mapping that the method received, or `manifest["nodes"][unique_id]`.',
        ) from error
    if isinstance(node, Node):
        return node
    raise DefinitionError(
        f"Expected the manifest entry of a node, got that of {node.resource_type} {node.unique_id!r}.",
        hint="A test becomes a check in `get_asset_check_spec`; it is not an asset.",
    )
