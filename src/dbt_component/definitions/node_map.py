"""The nodes in the definitions, by their asset and check keys."""

from collections.abc import Mapping
from dataclasses import dataclass

import dagster as dg


@dataclass(frozen=True)
class NodeMap:
    """Asset and check keys -> unique ids. ``selected_ids`` is dbt's entire selection, loose tests included."""

    asset_ids: Mapping[dg.AssetKey, str]
    check_ids: Mapping[dg.AssetCheckKey, str]
    selected_ids: frozenset[str]
