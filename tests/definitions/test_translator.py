"""The default mapping, and what a subclass may change, without any component."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from dbt_component import DagsterDbtTranslator, DagsterDbtTranslatorSettings
from dbt_component.errors import DefinitionError
from dbt_component.manifest.node import Node
from dbt_component.manifest.read import read_manifest
from tests.manifest_entries import data_test, manifest_of, model, source

PROJECT = manifest_of(
    source("orders"),
    model("stg_orders", parents=["source.shop.raw.orders"]),
    model("inlined", parents=["model.shop.stg_orders"], config={"materialized": "ephemeral"}),
    model("orders", parents=["model.shop.inlined"], tags=["daily", "has space"]),
    data_test("orders_are_positive", parents=["model.shop.orders"]),
    data_test("orders_add_up", parents=["model.shop.orders", "model.shop.stg_orders"]),
)
ORDERS = "model.shop.orders"


class Upper(DagsterDbtTranslator):
    """Changes keys in two ways, and calls no ``super().__init__()``."""

    def __init__(self) -> None:
        self.calls: list[str] = []

    def get_asset_key(self, dbt_resource_props: Mapping[str, Any]) -> dg.AssetKey:
        self.calls.append(dbt_resource_props["name"])
        return super().get_asset_key(dbt_resource_props).with_prefix("upper")

    def get_asset_spec(self, manifest: Any, unique_id: str, project: Any) -> dg.AssetSpec:
        spec = super().get_asset_spec(manifest, unique_id, project)
        return spec.replace_attributes(key=[part.upper() for part in spec.key.path])


def test_a_subclass_without_the_constructor_works() -> None:
    translator = Upper()
    assert translator.settings == DagsterDbtTranslatorSettings()
    spec = translator.get_asset_spec(PROJECT, ORDERS, None)
    assert spec.key == dg.AssetKey(["UPPER", "ORDERS"])


def test_dependencies_carry_the_keys_that_the_translator_gives_the_parents() -> None:
    spec = Upper().get_asset_spec(PROJECT, ORDERS, None)
    assert [dep.asset_key for dep in spec.deps] == [dg.AssetKey(["UPPER", "STG_ORDERS"])]


def test_one_spec_costs_its_neighbours_and_no_more() -> None:
    depth = 3_000
    chain = [model("m0")]
    chain += [model(f"m{n}", parents=[f"model.shop.m{n - 1}"]) for n in range(1, depth)]
    translator = Upper()
    translator.get_asset_spec(manifest_of(*chain), f"model.shop.m{depth - 1}", None)
    assert set(translator.calls) == {f"m{depth - 1}", f"m{depth - 2}"}


def test_any_form_of_a_manifest_gives_the_same_spec(tmp_path: Path) -> None:
    path = tmp_path / "manifest.json"
    path.write_text(json.dumps(PROJECT))
    translator = DagsterDbtTranslator()
    forms: list[Any] = [PROJECT, read_manifest(PROJECT), path, str(path)]
    specs = [translator.get_asset_spec(form, ORDERS, None) for form in forms]
    assert all(spec == specs[0] for spec in specs)
    assert specs[0].tags.keys() >= {"daily"} and "has space" not in specs[0].tags


def test_nothing_of_a_manifest_is_kept() -> None:
    translator = DagsterDbtTranslator()
    translator.get_asset_spec(PROJECT, ORDERS, None)
    assert vars(translator) == {"_settings": DagsterDbtTranslatorSettings()}


def test_methods_take_plain_entries_as_dbt_wrote_them() -> None:
    translator = DagsterDbtTranslator()
    entry = PROJECT["nodes"][ORDERS]
    assert translator.get_asset_key(entry) == dg.AssetKey("orders")
    assert translator.get_asset_key({**entry, "name": "sales"}) == dg.AssetKey("sales")
    assert translator.get_tags(entry) == {"daily": ""}
    assert translator.get_group_name(entry) is None
    assert translator.get_owners(entry) is None
    assert translator.get_description(entry).startswith("dbt model orders")
    assert translator.get_metadata(entry)["dagster/table_name"] == "dev.main.orders"
    in_manifest = read_manifest(PROJECT).props(ORDERS)
    assert translator.get_code_version(in_manifest) is not None
    raw = PROJECT["sources"]["source.shop.raw.orders"]
    assert translator.get_asset_key(raw) == dg.AssetKey(["raw", "orders"])


@pytest.mark.parametrize(
    ("props", "message"),
    [
        ({"name": "x"}, "got dict without 'resource_type'"),
        (PROJECT["nodes"]["test.shop.orders_add_up"], "that of test 'test.shop.orders_add_up'"),
    ],
)
def test_what_is_no_entry_of_a_node_is_refused(props: Any, message: str) -> None:
    with pytest.raises(DefinitionError, match=message):
        DagsterDbtTranslator().get_asset_key(props)


def test_a_test_is_a_check_of_its_only_parent_by_the_translators_own_keys() -> None:
    translator = Upper()
    spec = translator.get_asset_spec(PROJECT, ORDERS, None)
    check = translator.get_asset_check_spec(spec, PROJECT, "test.shop.orders_are_positive", None)
    assert check is not None
    assert (check.asset_key, check.name, check.blocking) == (spec.key, "orders_are_positive", True)
    for unique_id in ("test.shop.orders_add_up", "test.shop.nothing"):
        assert translator.get_asset_check_spec(spec, PROJECT, unique_id, None) is None


def test_an_unknown_node_is_a_key_error() -> None:
    with pytest.raises(KeyError):
        DagsterDbtTranslator().get_asset_spec(PROJECT, "model.shop.nothing", None)


class Renaming(DagsterDbtTranslator):
    def get_resource_props(self, manifest: Any, unique_id: str) -> Mapping[str, Any]:
        props = super().get_resource_props(manifest, unique_id)
        return {**props, "name": f"{props['name']}_1"}


def test_an_override_of_the_entry_is_applied_once_wherever_the_entry_is_used() -> None:
    translator = Renaming()
    spec = translator.get_asset_spec(PROJECT, ORDERS, None)
    assert spec.key == dg.AssetKey("orders_1")
    assert [dep.asset_key for dep in spec.deps] == [dg.AssetKey("stg_orders_1")]
    node = read_manifest(PROJECT).props(ORDERS).node
    assert isinstance(node, Node) and spec.code_version == node.code_version
    check = translator.get_asset_check_spec(spec, PROJECT, "test.shop.orders_are_positive", None)
    assert check is not None and check.name == "orders_are_positive_1"


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        (model("a", meta={"dagster": {"group": "not a group"}}), "model.shop.a can't become"),
        (model("a", meta={"dagster": {"owners": ["nobody"]}}), "model.shop.a can't become"),
    ],
)
def test_a_value_that_dagster_refuses_is_named_with_its_node(entry: Any, message: str) -> None:
    with pytest.raises(DefinitionError, match=message) as caught:
        DagsterDbtTranslator().get_asset_spec(manifest_of(entry), "model.shop.a", None)
    assert caught.value.where == "models/marts/a.sql"
