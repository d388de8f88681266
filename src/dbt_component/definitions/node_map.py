"""Which nodes the definitions hold, by the keys under which a selection names them."""

from collections.abc import Mapping
from dataclasses import dataclass

import dagster as dg


@dataclass(frozen=True)
class NodeMap:
    """Asset and check keys -> unique ids. ``selected_ids`` is all of dbt's selection, loose tests included."""

    asset_ids: Mapping[dg.AssetKey, str]
    check_ids: Mapping[dg.AssetCheckKey, str]
    selected_ids: frozenset[str]
