"""Specs -> AssetsDefinitions."""

from collections.abc import Mapping
from typing import Any, NamedTuple

import dagster as dg

from dbt_component import DagsterDbtTranslator, DagsterDbtTranslatorSettings
from dbt_component.definitions.assets import build_assets
from dbt_component.definitions.op_nodes import OpNodes
from dbt_component.definitions.op_registry import bound_ops
from dbt_component.definitions.op_settings import OpSettings
from dbt_component.definitions.spec_builder import build_specs
from dbt_component.definitions.spec_rules import SpecRules
from dbt_component.manifest.read import read_manifest
from dbt_component.project.manifest_project import ManifestProject
from tests.manifest_entries import data_test, manifest_of, model

DAILY = dg.DailyPartitionsDefinition("2024-01-01")
STATIC = dg.StaticPartitionsDefinition(["x"])

PROJECT = manifest_of(
    model("plain"),
    model("day", parents=["model.shop.plain"]),
    model("part"),
    data_test("of_day", parents=["model.shop.day"]),
    data_test("day_and_plain", parents=["model.shop.day", "model.shop.plain"]),
)


class BuiltOp(NamedTuple):
    assets_def: dg.AssetsDefinition
    nodes: OpNodes


class Partitioned(DagsterDbtTranslator):
    def get_partitions_def(
        self, dbt_resource_props: Mapping[str, Any]
    ) -> dg.PartitionsDefinition | None:
        return {"day": DAILY, "part": STATIC}.get(dbt_resource_props["name"])


def build(translator: DagsterDbtTranslator, select: set[str] | None = None) -> list[BuiltOp]:
    manifest = read_manifest(PROJECT)
    everything = manifest.index.node_by_id.keys() | manifest.index.test_by_id.keys()
    specs = build_specs(
        manifest,
        SpecRules(translator, DagsterDbtTranslatorSettings()),
        selected_ids=everything if select is None else select,
        project=None,
    )
    op = OpSettings("shop", tags={"team": "x"})
    prepared = ManifestProject(manifest, None)
    return [
        BuiltOp(assets, bound.nodes)
        for assets in build_assets(specs, prepared, op, lambda context: iter(()))
        if (bound := bound_ops.find(assets.node_def)) and bound.prepared is prepared
    ]


def test_a_project_is_one_op() -> None:
    (op,) = build(DagsterDbtTranslator())
    assert op.assets_def.node_def.name == op.nodes.name == "shop"
    assert op.assets_def.keys == {dg.AssetKey(name) for name in ("plain", "day", "part")}
    assert op.assets_def.node_def.tags["team"] == "x"
    assert op.assets_def.can_subset


def test_outputs_are_those_of_the_op() -> None:
    (op,) = build(DagsterDbtTranslator())
    names = set(op.assets_def.node_def.output_dict)
    assert op.nodes.outputs == names
    renamed = op.assets_def.with_attributes(
        asset_key_replacements={dg.AssetKey("day"): dg.AssetKey(["other", "day"])}
    )
    assert set(renamed.node_def.output_dict) == names
    assert dg.AssetKey(["other", "day"]) in renamed.keys


def test_each_partitions_definition_is_an_op_with_its_own_nodes() -> None:
    ops = {op.nodes.name: op for op in build(Partitioned())}
    assert set(ops) == {"shop", "shop__daily", "shop__static"}
    assert ops["shop__daily"].nodes.asset_ids == {"day": "model.shop.day"}
    assert ops["shop__daily"].nodes.check_ids == {"day_of_day": "test.shop.of_day"}
    assert ops["shop__daily"].nodes.loose_tests == {"test.shop.day_and_plain"}
    assert not ops["shop"].nodes.loose_tests


def test_an_empty_selection_is_no_op() -> None:
    assert build(DagsterDbtTranslator(), select={"test.shop.of_day"}) == []
