"""Which node each asset and check of the definitions is, and back."""

from collections.abc import Mapping
from dataclasses import dataclass

import dagster as dg


@dataclass(frozen=True)
class NodeMap:
    """The correspondence that execution needs between Dagster's keys and dbt's unique ids.

    ``selected_ids`` are all ids of dbt's selection, in which also tests without a check are. ``key_of`` also
    knows sources and nodes outside the selection that something refers to.
    """

    asset_ids: Mapping[dg.AssetKey, str]
    check_ids: Mapping[dg.AssetCheckKey, str]
    key_of: Mapping[str, dg.AssetKey]
    check_key_of: Mapping[str, dg.AssetCheckKey]
    output_name_of: Mapping[dg.AssetKey, str]
    selected_ids: frozenset[str]
    """Every node and test of dbt's selection."""
