"""A Dagster selection of an exact set of assets and checks."""

from collections.abc import Iterable

import dagster as dg


def asset_selection(
    asset_keys: Iterable[dg.AssetKey], check_keys: Iterable[dg.AssetCheckKey]
) -> dg.AssetSelection:
    """Selects only these assets and these checks; selects nothing if there are none.

    Neither an asset's other checks nor the assets of the checks are selected.
    """
    assets = dg.AssetSelection.assets(*asset_keys).without_checks()
    checks = list(check_keys)
    return assets | dg.AssetSelection.checks(*checks) if checks else assets
