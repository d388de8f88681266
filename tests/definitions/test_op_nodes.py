"""Which op runs which node."""

from collections.abc import Mapping, Set
from typing import Any

import dagster as dg
import pytest

from dbt_component import DagsterDbtTranslator, DagsterDbtTranslatorSettings
from dbt_component.definitions.op_nodes import OpNodes, OpSpecs, divide_nodes
from dbt_component.definitions.spec_builder import SelectedSpecs, build_specs
from dbt_component.definitions.spec_rules import SpecRules
from dbt_component.manifest.read import read_manifest
from tests.manifest_entries import data_test, manifest_of, model, source


def divide(
    manifest: Mapping[str, Any], *ops: set[str], jobs: Mapping[str, Set[str]] | None = None
) -> list[OpNodes]:
    """Divides everything of the manifest; each op is given as the names of its models."""
    read = read_manifest(manifest)
    specs = build_specs(
        read,
        SpecRules(DagsterDbtTranslator(), DagsterDbtTranslatorSettings()),
        selected_ids=read.index.node_by_id.keys() | read.index.test_by_id.keys(),
        project=None,
    )
    made = [_op(specs, number, names) for number, names in enumerate(ops)]
    return divide_nodes(specs, made, jobs=jobs)


def _op(specs: SelectedSpecs, number: int, names: set[str]) -> OpSpecs:
    keys = {dg.AssetKey(name) for name in names}
    return OpSpecs(
        f"op_{number}",
        [spec for spec in specs.asset_specs if spec.key in keys],
        [spec for spec in specs.check_specs if spec.asset_key in keys],
    )


def ids(*names: str) -> list[str]:
    return [f"model.shop.{name}" for name in names]


SHOP = manifest_of(
    source("t"),
    model("a", parents=["source.shop.raw.t"]),
    model("inlined", parents=ids("a"), config={"materialized": "ephemeral"}),
    model("b", parents=ids("inlined")),
    model("c"),
    data_test("of_a", parents=ids("a")),
    data_test("a_and_b", parents=ids("a", "b")),
    data_test("c_and_t", parents=[*ids("c"), "source.shop.raw.t"]),
    data_test("of_inlined", parents=ids("inlined")),
    data_test("of_t", parents=["source.shop.raw.t"]),
    exposures={
        "exposure.shop.board": {
            "unique_id": "exposure.shop.board",
            "resource_type": "exposure",
            "name": "board",
            "depends_on": {"nodes": ids("b")},
        }
    },
)


def test_one_op_runs_everything_of_the_selection() -> None:
    (only,) = divide(SHOP, {"a", "b", "c"})
    index = read_manifest(SHOP).index
    assert only.all_ids == index.node_by_id.keys() | index.test_by_id.keys()
    assert only.asset_ids == {name: f"model.shop.{name}" for name in "abc"}
    assert only.check_ids == {"a_of_a": "test.shop.of_a"}
    assert only.check_hosts == {"a_of_a": "a"}
    assert only.outputs == {"a", "b", "c", "a_of_a"}
    assert only.output_of["test.shop.of_a"] == "a_of_a"
    assert only.loose_tests == {
        f"test.shop.{name}" for name in ("a_and_b", "c_and_t", "of_inlined", "of_t")
    }
    assert only.others == {"source.shop.raw.t", "model.shop.inlined", "exposure.shop.board"}


@pytest.mark.parametrize("is_b_first", [False, True])
def test_a_test_over_two_ops_belongs_to_the_later_one(is_b_first: bool) -> None:
    ops = [{"b", "c"}, {"a"}] if is_b_first else [{"a"}, {"b", "c"}]
    divided = divide(SHOP, *ops)
    with_b = next(op for op in divided if "b" in op.asset_ids)
    with_a = next(op for op in divided if "a" in op.asset_ids)
    assert {"test.shop.a_and_b", "test.shop.c_and_t"} <= with_b.loose_tests
    assert "test.shop.of_inlined" in with_a.loose_tests
    assert "test.shop.of_t" in divided[0].loose_tests
    assert divided[0].others and not divided[1].others


def test_each_node_is_in_exactly_one_op() -> None:
    divided = divide(SHOP, {"a"}, {"b"}, {"c"})
    index = read_manifest(SHOP).index
    everything = [unique_id for op in divided for unique_id in op.all_ids]
    assert sorted(everything) == sorted([*index.node_by_id, *index.test_by_id])


def test_the_order_is_that_of_the_ops_not_of_the_parents() -> None:
    """``late`` comes after ``early`` in the project, but its op runs first."""
    manifest = manifest_of(
        model("early"),
        model("x"),
        model("y", parents=ids("x")),
        model("late"),
        data_test("both", parents=ids("early", "late")),
    )
    first, second = divide(manifest, {"x", "late"}, {"y", "early"})
    assert not first.loose_tests and second.loose_tests == {"test.shop.both"}


def test_of_ops_in_a_cycle_the_one_of_the_last_parent_is_taken() -> None:
    manifest = manifest_of(
        model("a"),
        model("b", parents=ids("a")),
        model("c", parents=ids("b")),
        data_test("t", parents=ids("a", "b")),
        data_test("u", parents=ids("b", "c")),
    )
    outer, inner = divide(manifest, {"a", "c"}, {"b"})
    assert inner.loose_tests == {"test.shop.t"} and outer.loose_tests == {"test.shop.u"}


def test_a_job_has_its_loose_tests_in_the_last_of_the_ops_that_take_part() -> None:
    tests = {f"test.shop.{name}" for name in ("a_and_b", "c_and_t", "of_t")}
    jobs = {
        "both": {*ids("a", "b"), *tests},
        "first": {*ids("a"), "source.shop.raw.t", "test.shop.a_and_b"},
        "second": {"test.shop.of_t", *ids("b")},
    }
    first, second = divide(SHOP, {"a"}, {"b", "c"}, jobs=jobs)
    assert first.jobs == {
        "both": {*ids("a"), "test.shop.c_and_t", "test.shop.of_t"},
        "first": jobs["first"],
    }
    assert second.jobs == {
        "both": {*ids("b"), "test.shop.a_and_b"},
        "second": jobs["second"],
    }
