"""Entries read one at a time, from a state or from memory, behave like the dicts that dbt wrote."""

import json
from typing import Any

import pytest

from dbt_component.manifest.manifest import Manifest
from dbt_component.manifest.parse import decode_manifest
from dbt_component.manifest.read import read_manifest
from dbt_component.project.state import StateFile

MODEL = "model.shop.customers"
TEST = "test.shop.loose_test"


@pytest.fixture(params=["state", "memory"])
def manifest(request: pytest.FixtureRequest, shop_state: StateFile) -> Manifest:
    """The same manifest, from each implementation of ``ManifestEntries``."""
    if request.param == "state":
        return shop_state.manifest
    return read_manifest(decode_manifest(shop_state.read_manifest_json()))


@pytest.fixture
def written(shop_state: StateFile) -> dict[str, Any]:
    content: dict[str, Any] = json.loads(shop_state.read_manifest_json())
    return content


def test_entries_are_equal_to_what_dbt_wrote(manifest: Manifest, written: dict[str, Any]) -> None:
    for section in ("nodes", "sources", "unit_tests", "exposures"):
        assert dict(manifest[section]) == written[section]


def test_other_sections_are_equal_to_what_dbt_wrote(
    manifest: Manifest, written: dict[str, Any]
) -> None:
    assert manifest["child_map"] == written["child_map"]
    assert list(manifest) == list(written)
    assert len(manifest) == len(written)
    assert manifest.get("nothing") is None


@pytest.mark.parametrize("unique_id", [MODEL, TEST])
def test_an_entry_behaves_like_a_read_only_dict(
    manifest: Manifest, written: dict[str, Any], unique_id: str
) -> None:
    entry = written["nodes"][unique_id]
    props = manifest.props(unique_id)
    assert props["name"] == entry["name"] and props["tags"] == entry["tags"]
    assert props["fqn"] + ["x"] == [*entry["fqn"], "x"]
    assert "description" in props and "nothing" not in props
    assert props.get("nothing", 1) == 1
    assert props["config"] == entry["config"]
    assert props == entry and {**props} == entry and props.copy() == entry
    assert (props | {"name": "x"})["name"] == "x" and ({"name": "x"} | props) == entry
    assert len(props) == len(entry)
    assert not hasattr(props, "__setitem__")


def test_reading_indexed_fields_does_not_load_the_entry(manifest: Manifest) -> None:
    props = manifest.props(MODEL)
    assert props["resource_type"] == "model" and "tags" in props
    assert props._load is not None
    assert manifest.props(MODEL) is props


def test_an_unknown_id_raises_key_error(manifest: Manifest) -> None:
    for find in (manifest.props, manifest["nodes"].__getitem__):
        with pytest.raises(KeyError):
            find("model.shop.nothing")
