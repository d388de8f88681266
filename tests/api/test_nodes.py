"""Nodes of a manifest and what is upstream of them, in each form of a manifest."""

import json
from collections.abc import Mapping
from typing import Any

import pytest

from dbt_component import (
    DAGSTER_DBT_UNIQUE_ID_METADATA_KEY,
    DBT_DEFAULT_EXCLUDE,
    DBT_DEFAULT_SELECT,
    DBT_DEFAULT_SELECTOR,
    build_dbt_asset_specs,
    get_node,
    get_upstream_unique_ids,
)
from dbt_component.errors import UnknownNodeError
from dbt_component.project.state import StateFile
from dbt_component.selection.criteria import SelectionCriteria


@pytest.fixture(params=["lazy", "decoded"])
def manifest(request: pytest.FixtureRequest, shop_state: StateFile) -> Mapping[str, Any]:
    if request.param == "lazy":
        return shop_state.manifest
    decoded: dict[str, Any] = json.loads(shop_state.read_manifest_json())
    return decoded


def test_entries_of_every_section_are_found(manifest: Mapping[str, Any]) -> None:
    assert get_node(manifest, "model.shop.stg_orders")["name"] == "stg_orders"
    (source, *_) = [name for name in manifest["sources"] if name.startswith("source.shop.external")]
    assert get_node(manifest, source)["resource_type"] == "source"
    with pytest.raises(UnknownNodeError, match=r"no 'model\.shop\.nothing'"):
        get_node(manifest, "model.shop.nothing")


def test_upstream_is_looked_for_through_ephemeral_models(manifest: Mapping[str, Any]) -> None:
    ephemeral = [
        u for u, n in manifest["nodes"].items() if n["config"]["materialized"] == "ephemeral"
    ]
    child = next(
        entry
        for entry in manifest["nodes"].values()
        if entry["resource_type"] == "model" and set(entry["depends_on"]["nodes"]) & set(ephemeral)
    )
    found = get_upstream_unique_ids(manifest, child)
    assert found and not found & set(ephemeral)
    for unique_id in set(child["depends_on"]["nodes"]) & set(ephemeral):
        assert set(manifest["nodes"][unique_id]["depends_on"]["nodes"]) - set(ephemeral) <= found
    with pytest.raises(UnknownNodeError):
        get_upstream_unique_ids(manifest, {"unique_id": "model.shop.nothing"})


def test_the_defaults_select_everything() -> None:
    assert SelectionCriteria(DBT_DEFAULT_SELECT, DBT_DEFAULT_EXCLUDE).is_everything
    assert not DBT_DEFAULT_SELECTOR


def test_the_unique_id_of_an_asset_is_in_its_metadata(manifest: Mapping[str, Any]) -> None:
    for spec in build_dbt_asset_specs(manifest=manifest):
        assert spec.metadata[DAGSTER_DBT_UNIQUE_ID_METADATA_KEY] in manifest["nodes"]
