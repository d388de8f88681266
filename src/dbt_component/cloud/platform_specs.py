"""Marks the assets of nodes that dbt builds on the dbt platform."""

import dagster as dg

from dbt_component.cloud.place import Place

KIND = "dbtcloud"


def on_platform(spec: dg.AssetSpec, place: Place) -> dg.AssetSpec:
    """The spec with kind ``dbtcloud`` instead of ``dbt``, and the ids of account, project and environment as metadata."""
    kinds = {KIND if kind == "dbt" else kind for kind in spec.kinds}
    return spec.replace_attributes(kinds=kinds, metadata={**spec.metadata, **place.metadata})
