"""The keys of nodes and tests, for events about nodes that belong to another op."""

from collections.abc import Mapping
from dataclasses import dataclass

import dagster as dg


@dataclass(frozen=True)
class NodeKeys:
    """Unique ids -> keys in the definitions.

    ``key_of`` also contains sources and nodes outside the selection that selected nodes depend on.
    """

    key_of: Mapping[str, dg.AssetKey]
    check_key_of: Mapping[str, dg.AssetCheckKey]
