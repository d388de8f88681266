"""Dagster's selection of exactly some assets and checks."""

from collections.abc import Iterable

import dagster as dg


def asset_selection(
    asset_keys: Iterable[dg.AssetKey], check_keys: Iterable[dg.AssetCheckKey]
) -> dg.AssetSelection:
    """Selects these assets and these checks only; selects nothing if there are none.

    An asset's other checks stay out, and so do the assets of the checks.
    """
    assets = dg.AssetSelection.assets(*asset_keys).without_checks()
    checks = list(check_keys)
    return assets | dg.AssetSelection.checks(*checks) if checks else assets
