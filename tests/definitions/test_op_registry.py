"""What is bound to an op is found for every copy of its assets."""

import gc
from collections.abc import Callable, Iterator
from typing import Any

import dagster as dg
import pytest

from dbt_component.definitions.node_keys import NodeKeys
from dbt_component.definitions.op_nodes import OpNodes
from dbt_component.definitions.op_registry import BoundOp, OpRegistry
from dbt_component.definitions.resolving_manifest import ResolvingManifest
from dbt_component.definitions.spec_rules import SpecRules
from dbt_component.definitions.translator import DagsterDbtTranslator
from dbt_component.manifest.read import read_manifest
from dbt_component.project.manifest_project import ManifestProject
from tests.manifest_entries import manifest_of, model

MANIFEST = read_manifest(manifest_of(model("a")))
TRANSLATOR = DagsterDbtTranslator()
BOUND = BoundOp(
    ManifestProject(MANIFEST, None),
    OpNodes("op", {"a": "model.shop.a"}, {}),
    NodeKeys({}, {}),
    ResolvingManifest(MANIFEST, SpecRules(TRANSLATOR, TRANSLATOR.settings), None),
)


def assets() -> dg.AssetsDefinition:
    @dg.multi_asset(
        specs=[dg.AssetSpec("a"), dg.AssetSpec("b", deps=["a"])],
        check_specs=[dg.AssetCheckSpec("c", asset="a")],
        can_subset=True,
    )
    def run_dbt() -> Iterator[Any]:
        yield

    return run_dbt


@pytest.mark.parametrize(
    "copy",
    [
        lambda a: a.with_attributes(asset_key_replacements={dg.AssetKey("a"): dg.AssetKey("z")}),
        lambda a: a.map_asset_specs(lambda spec: spec.replace_attributes(group_name="g")),
        lambda a: a.subset_for({dg.AssetKey("a")}, set()),
        lambda a: (
            dg.Definitions(assets=[a])
            .map_asset_specs(func=lambda spec: spec.merge_attributes(tags={"x": "y"}))
            .get_repository_def()
            .assets_defs_by_key[dg.AssetKey("a")]
        ),
        lambda a: a.with_resources({"io_manager": dg.mem_io_manager}),
    ],
    ids=["with_attributes", "map_asset_specs", "subset", "definitions", "with_resources"],
)
def test_copies_are_found(
    copy: Callable[[dg.AssetsDefinition], dg.AssetsDefinition],
) -> None:
    registry = OpRegistry()
    original = assets()
    registry.register(original.node_def, BOUND)
    copied = copy(original)
    assert copied is not original
    assert registry.find(copied.node_def) is BOUND


def test_a_step_finds_its_own() -> None:
    registry = OpRegistry()
    found: list[BoundOp | None] = []

    @dg.multi_asset(specs=[dg.AssetSpec("a")], can_subset=True)
    def run_dbt(context: dg.AssetExecutionContext) -> Iterator[Any]:
        found.append(registry.find(context.op_execution_context.op_def))
        yield dg.MaterializeResult("z")

    registry.register(run_dbt.node_def, BOUND)
    copied = run_dbt.with_attributes(asset_key_replacements={dg.AssetKey("a"): dg.AssetKey("z")})
    assert dg.materialize([copied]).success
    assert found == [BOUND]


def test_what_is_bound_goes_with_the_op() -> None:
    registry = OpRegistry()
    original = assets()
    registry.register(original.node_def, BOUND)
    assert registry.find(assets().node_def) is None
    del original
    gc.collect()
    assert len(registry._bound) == 0
