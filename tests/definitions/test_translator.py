"""The default mapping, and what a subclass may change, without any component."""

import json
from collections.abc import Mapping
from dataclasses import FrozenInstanceError, dataclass
from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from dbt_component import DagsterDbtTranslator, DagsterDbtTranslatorSettings, DbtProject
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


class EveryMethod(DagsterDbtTranslator):
    """Overrides all methods for an entry, as classmethods, as older code does."""

    @classmethod
    def get_asset_key(cls, props):  # type: ignore[no-untyped-def]
        return dg.AssetKey(["own", props["name"]])

    @classmethod
    def get_description(cls, props):  # type: ignore[no-untyped-def]
        return props["original_file_path"]

    @classmethod
    def get_metadata(cls, props):  # type: ignore[no-untyped-def]
        return {"parents": len(props.get("depends_on", {}).get("nodes", []))}

    @classmethod
    def get_tags(cls, props):  # type: ignore[no-untyped-def]
        return {"layer": props["fqn"][1]}

    @classmethod
    def get_group_name(cls, props):  # type: ignore[no-untyped-def]
        return props["fqn"][1]

    @classmethod
    def get_code_version(cls, props):  # type: ignore[no-untyped-def]
        return props.get("checksum", {}).get("checksum")

    @classmethod
    def get_owners(cls, props):  # type: ignore[no-untyped-def]
        return ["team:all"]

    @classmethod
    def get_automation_condition(cls, props):  # type: ignore[no-untyped-def]
        return dg.AutomationCondition.on_missing()

    @classmethod
    def get_partitions_def(cls, props):  # type: ignore[no-untyped-def]
        return dg.DailyPartitionsDefinition("2024-01-01")

    @classmethod
    def get_partition_mapping(cls, props, parent):  # type: ignore[no-untyped-def]
        return dg.LastPartitionMapping() if parent["resource_type"] == "model" else None


def test_each_method_decides_its_attribute() -> None:
    spec = EveryMethod().get_asset_spec(PROJECT, ORDERS, None)
    assert spec.key == dg.AssetKey(["own", "orders"])
    assert spec.description == "models/marts/orders.sql"
    assert spec.metadata["parents"] == 1
    assert spec.tags["layer"] == spec.group_name == "marts"
    assert spec.code_version == "c0ffee"
    assert list(spec.owners) == ["team:all"]
    assert spec.automation_condition == dg.AutomationCondition.on_missing()
    assert spec.partitions_def == dg.DailyPartitionsDefinition("2024-01-01")
    assert list(spec.deps) == [
        dg.AssetDep(["own", "stg_orders"], partition_mapping=dg.LastPartitionMapping())
    ]


class Eager(DagsterDbtTranslator):
    def get_auto_materialize_policy(
        self, dbt_resource_props: Mapping[str, Any]
    ) -> dg.AutoMaterializePolicy | None:
        return dg.AutoMaterializePolicy.eager()


def test_a_policy_becomes_the_condition() -> None:
    eager = dg.AutoMaterializePolicy.eager().to_automation_condition()
    lazy = dg.AutoMaterializePolicy.lazy().to_automation_condition()
    assert Eager().get_asset_spec(PROJECT, ORDERS, None).automation_condition == eager
    for kind, condition in (("eager", eager), ("lazy", lazy), ("never", None)):
        meta = {"dagster": {"auto_materialize_policy": {"type": kind}}}
        spec = DagsterDbtTranslator().get_asset_spec(
            manifest_of(model("a", meta=meta)), "model.shop.a", None
        )
        assert spec.automation_condition == condition


GROUPED = manifest_of(
    model("a", group="finance", config={"group": "finance"}),
    model("b"),
    groups={
        "group.shop.finance": {
            "name": "finance",
            "unique_id": "group.shop.finance",
            "owner": {"name": "Finance", "email": ["a@example.com", "b@example.com"]},
        }
    },
)


class GroupTeam(DagsterDbtTranslator):
    def get_owners(self, dbt_resource_props: Mapping[str, Any]) -> list[str]:
        group = dbt_resource_props.get("group")
        team = [f"team:{group['owner']['name']}"] if group else []
        return [*team, *(super().get_owners(dbt_resource_props) or [])]

    def get_group_name(self, dbt_resource_props: Mapping[str, Any]) -> str | None:
        return dbt_resource_props.get("group")


def test_owners_are_derived_from_the_entry_of_the_dbt_group() -> None:
    translator = GroupTeam()
    spec = translator.get_asset_spec(GROUPED, "model.shop.a", None)
    assert list(spec.owners) == ["team:Finance", "a@example.com", "b@example.com"]
    assert spec.group_name == "finance"
    assert list(translator.get_asset_spec(GROUPED, "model.shop.b", None).owners) == []
    default = DagsterDbtTranslator().get_asset_spec(GROUPED, "model.shop.a", None)
    assert list(default.owners) == ["a@example.com", "b@example.com"]


class Assigning(DagsterDbtTranslator):
    def get_tags(self, dbt_resource_props: Any) -> Mapping[str, str]:
        dbt_resource_props["tags"] = [*dbt_resource_props["tags"], "assigned"]
        return super().get_tags(dbt_resource_props)


def test_a_key_that_an_override_assigns_is_seen_by_the_default() -> None:
    spec = Assigning().get_asset_spec(json.loads(json.dumps(PROJECT)), ORDERS, None)
    assert {"daily", "assigned"} <= spec.tags.keys()


def test_defaults_need_no_more_of_an_entry_than_they_use() -> None:
    translator = DagsterDbtTranslator()
    assert translator.get_tags({"tags": ["a"]}) == {"a": ""}
    assert translator.get_group_name({"meta": {"dagster": {"group": "g"}}}) == "g"
    assert translator.get_owners({"group": {"owner": {"email": "a@example.com"}}}) == [
        "a@example.com"
    ]
    columns = {"id": {"data_type": "int"}}
    schema = translator.get_metadata({"columns": columns})["dagster/column_schema"]
    assert [(column.name, column.type) for column in schema.columns] == [("id", "int")]
    assert translator.get_automation_condition({}) is None
    assert translator.get_description({"resource_type": "seed", "name": "s"}) == "dbt seed s"
    assert translator.get_asset_key({"resource_type": "model", "name": "m"}) == dg.AssetKey("m")


def test_code_references_need_the_project(tmp_path: Path) -> None:
    translator = DagsterDbtTranslator(DagsterDbtTranslatorSettings(enable_code_references=True))
    with pytest.raises(dg.DagsterInvalidDefinitionError, match="project=project"):
        translator.get_asset_spec(PROJECT, ORDERS, None)
    (tmp_path / "dbt_project.yml").write_text("name: shop")
    spec = translator.get_asset_spec(PROJECT, ORDERS, DbtProject(tmp_path))
    [reference] = spec.metadata["dagster/code_references"].code_references
    assert reference.file_path == str(tmp_path / "models" / "marts" / "orders.sql")


def test_views_become_virtual_assets_if_that_is_enabled() -> None:
    manifest = manifest_of(model("v", config={"materialized": "view"}), model("t"))
    translator = DagsterDbtTranslator(
        DagsterDbtTranslatorSettings(enable_dbt_views_as_virtual_assets=True)
    )
    view = translator.get_asset_spec(manifest, "model.shop.v", None)
    table = translator.get_asset_spec(manifest, "model.shop.t", None)
    assert (view.is_virtual, "view" in view.kinds) == (True, True)
    assert (table.is_virtual, "view" in table.kinds) == (False, False)


def test_without_asset_checks_no_test_becomes_one() -> None:
    translator = DagsterDbtTranslator(DagsterDbtTranslatorSettings(enable_asset_checks=False))
    spec = translator.get_asset_spec(PROJECT, ORDERS, None)
    test = "test.shop.orders_are_positive"
    assert translator.get_asset_check_spec(spec, PROJECT, test, None) is None


@dataclass(frozen=True)
class TeamSettings(DagsterDbtTranslatorSettings):
    by_team: bool = False


class ByTeam(DagsterDbtTranslator):
    def get_group_name(self, dbt_resource_props: Mapping[str, Any]) -> str | None:
        assert isinstance(self.settings, TeamSettings)
        return "team" if self.settings.by_team else None


def test_settings_may_be_extended() -> None:
    settings = TeamSettings(by_team=True, enable_asset_checks=False)
    assert not settings.enable_asset_checks and settings.enable_source_metadata
    assert ByTeam(settings).get_asset_spec(PROJECT, ORDERS, None).group_name == "team"
    with pytest.raises(FrozenInstanceError):
        settings.by_team = False  # type: ignore[misc]


class Failing(DagsterDbtTranslator):
    def get_group_name(self, dbt_resource_props: Mapping[str, Any]) -> str | None:
        return str(dbt_resource_props["config"]["nothing"])


def test_an_error_in_an_override_is_named_with_its_node() -> None:
    message = r"Failing failed on source\.shop\.raw\.orders: KeyError"
    with pytest.raises(DefinitionError, match=message) as caught:
        Failing().get_asset_spec(PROJECT, "source.shop.raw.orders", None)
    assert isinstance(caught.value.__cause__, KeyError)
