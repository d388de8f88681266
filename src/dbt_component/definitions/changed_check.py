"""A check spec with some of its attributes changed."""

import warnings
from typing import Any

import dagster as dg


def changed_check(spec: dg.AssetCheckSpec, **changes: Any) -> dg.AssetCheckSpec:
    """The spec with other values of arguments of ``dagster.AssetCheckSpec``."""
    arguments: dict[str, Any] = {
        "name": spec.name,
        "asset": spec.asset_key,
        "description": spec.description,
        "additional_deps": spec.additional_deps,
        "blocking": spec.blocking,
        "metadata": spec.metadata,
        "automation_condition": spec.automation_condition,
        "partitions_def": spec.partitions_def,
    }
    with warnings.catch_warnings():
        # Partitions of checks are a preview in Dagster.
        warnings.simplefilter("ignore", dg.PreviewWarning)
        return dg.AssetCheckSpec(**{**arguments, **changes})
