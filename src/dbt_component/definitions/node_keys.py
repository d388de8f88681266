"""The keys of nodes and tests, for events of nodes beyond the op that reports them."""

from collections.abc import Mapping
from dataclasses import dataclass

import dagster as dg


@dataclass(frozen=True)
class NodeKeys:
    """Unique ids -> keys as the definitions were built.

    ``key_of`` also knows sources and nodes outside the selection that something refers to.
    """

    key_of: Mapping[str, dg.AssetKey]
    check_key_of: Mapping[str, dg.AssetCheckKey]
