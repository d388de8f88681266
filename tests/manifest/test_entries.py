"""Entries read one at a time, from a state or from memory, behave like the dicts that dbt wrote."""

import copy
import json
import pickle
from collections.abc import Callable
from typing import Any

import pytest

from dbt_component.manifest.manifest import Manifest
from dbt_component.manifest.node import Node
from dbt_component.manifest.parse import decode_manifest
from dbt_component.manifest.read import read_manifest
from dbt_component.project.state import StateFile

MODEL = "model.shop.customers"
TEST = "test.shop.loose_test"


@pytest.fixture(params=["state", "memory"])
def manifest(request: pytest.FixtureRequest, shop_state: StateFile) -> Manifest:
    """The same manifest, from each implementation of ``ManifestEntries``; no entry has been loaded."""
    if request.param == "state":
        shared = shop_state.manifest
    else:
        shared = read_manifest(decode_manifest(shop_state.read_manifest_json()))
    return Manifest(shared.index, shared.entries)


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
def test_an_entry_is_the_dict_that_dbt_wrote(
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
    assert len(props) == len(entry) and list(reversed(props)) == list(reversed(list(props)))
    assert repr(props) == f"NodeProps({unique_id!r})"


@pytest.mark.parametrize(
    "use",
    [
        dict,
        copy.copy,
        copy.deepcopy,
        lambda props: json.loads(json.dumps(props)),
        lambda props: json.loads(json.dumps(props, indent=1, sort_keys=True)),
        lambda props: pickle.loads(pickle.dumps(props)),
        lambda props: {**props},
        lambda props: dict(props.items()),
        lambda props: dict(zip(props.keys(), props.values(), strict=True)),
        lambda props: props | {},
        lambda props: {} | props,
    ],
)
def test_each_way_of_copying_an_entry_copies_all_of_it(
    manifest: Manifest, written: dict[str, Any], use: Callable[[Any], Any]
) -> None:
    made = use(manifest.props(MODEL))  # nothing has loaded the entry before
    assert type(made) is dict and made == written["nodes"][MODEL]


def test_an_entry_can_be_matched(manifest: Manifest) -> None:
    props: object = manifest.props(MODEL)
    assert isinstance(props, dict)
    match props:
        case {"resource_type": "model", "config": {"materialized": str() as materialized}}:
            assert materialized == "table"
        case _:
            pytest.fail("no match")
    assert props != {} and bool(props)


def change_by_item(props: Any) -> None:
    props["tags"] = ["other"]


def change_by_update(props: Any) -> None:
    props.update(tags=["other"])


def change_by_or(props: Any) -> None:
    props |= {"tags": ["other"]}


def change_by_removal(props: Any) -> None:
    del props["tags"]
    assert props.pop("nothing", 1) == 1
    assert props.setdefault("tags", ["other"]) == ["other"]


@pytest.mark.parametrize(
    "change", [change_by_item, change_by_update, change_by_or, change_by_removal]
)
def test_the_parsed_fields_follow_a_changed_key(
    manifest: Manifest, written: dict[str, Any], change: Callable[[Any], None]
) -> None:
    props = manifest.props(MODEL)
    before = props.node
    change(props)
    after = props.node
    assert isinstance(before, Node) and isinstance(after, Node)
    assert after.tags == ("other",)
    assert (after.name, after.code_version) == (before.name, before.code_version)
    assert props == {**written["nodes"][MODEL], "tags": ["other"]}


def test_reading_indexed_fields_does_not_load_the_entry(manifest: Manifest) -> None:
    props = manifest.props(MODEL)
    assert props["resource_type"] == "model" and "tags" in props
    assert props._load is not None
    assert manifest.props(MODEL) is props


def test_an_unknown_id_raises_key_error(manifest: Manifest) -> None:
    for find in (manifest.props, manifest["nodes"].__getitem__):
        with pytest.raises(KeyError):
            find("model.shop.nothing")
