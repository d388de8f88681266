"""Dagster's choice of outputs -> nodes to run."""

from dataclasses import replace

import pytest

from dbt_component.definitions.op_nodes import OpNodes
from dbt_component.execution.subset import nodes_to_run
from dbt_component.manifest.parse import index_manifest
from tests.manifest_entries import data_test, manifest_of, model, source

INDEX = index_manifest(
    manifest_of(
        source("t"),
        model("before"),
        model("a", parents=["source.shop.raw.t", "model.shop.before"]),
        model("inlined", parents=["model.shop.a"], config={"materialized": "ephemeral"}),
        model("b", parents=["model.shop.inlined"]),
        data_test("of_a", parents=["model.shop.a"]),
        data_test("a_and_b", parents=["model.shop.a", "model.shop.b"]),
        data_test("a_and_source", parents=["model.shop.a", "source.shop.raw.t"]),
        data_test("a_and_before", parents=["model.shop.a", "model.shop.before"]),
        data_test("b_and_inlined", parents=["model.shop.b", "model.shop.inlined"]),
        data_test("of_source", parents=["source.shop.raw.t"]),
    )
)
NODES = OpNodes(
    name="later",  # `before` is made by another op
    asset_ids={"a": "model.shop.a", "b": "model.shop.b"},
    check_ids={"a_of_a": "test.shop.of_a"},
    check_hosts={"a_of_a": "a"},
    loose_tests=frozenset(
        f"test.shop.{name}"
        for name in ("a_and_b", "a_and_source", "a_and_before", "b_and_inlined", "of_source")
    ),
    others=frozenset({"source.shop.raw.t", "model.shop.inlined"}),
)


@pytest.mark.parametrize(
    ("outputs", "nodes"),
    [
        ({"a", "b", "a_of_a"}, NODES.all_ids),
        ({"a", "a_of_a"}, {"a", "of_a", "a_and_source", "a_and_before"}),
        ({"a", "b"}, {"a", "b"}),  # a check of `a` was left out, so tests are not wanted
        ({"a"}, {"a"}),
        ({"b"}, {"b"}),  # `inlined` comes from `a`, which is not chosen
        ({"a_of_a"}, {"of_a"}),
        ({"b", "a_of_a"}, {"b", "of_a"}),
        (set(), set()),
    ],
    ids=lambda value: " ".join(sorted(value)) if len(value) < 5 else "everything",
)
def test_a_choice_of_outputs_is_these_nodes(outputs: set[str], nodes: set[str]) -> None:
    expected = {
        name if "." in name else f"{'model' if name in ('a', 'b') else 'test'}.shop.{name}"
        for name in nodes
    }
    assert nodes_to_run(INDEX, NODES, outputs=outputs) == expected


@pytest.mark.parametrize(
    ("outputs", "nodes"),
    [
        ({"a", "a_of_a"}, {"a", "of_a", "b_and_inlined", "of_source"}),
        ({"a"}, {"a"}),
        ({"a", "b", "a_of_a"}, {"a", "b", "of_a", "b_and_inlined", "of_source"}),
    ],
)
def test_in_a_job_of_dbts_selection_its_loose_tests_run_and_no_others(
    outputs: set[str], nodes: set[str]
) -> None:
    in_job = {"model.shop.a", *(f"test.shop.{n}" for n in ("of_a", "b_and_inlined", "of_source"))}
    job = replace(NODES, jobs={"nightly_job": frozenset(in_job)})
    expected = {f"{'model' if name in ('a', 'b') else 'test'}.shop.{name}" for name in nodes}
    assert nodes_to_run(INDEX, job, outputs=outputs, job_name="nightly_job") == expected
    others = nodes_to_run(INDEX, NODES, outputs=outputs, job_name="nightly_job")
    assert others == nodes_to_run(INDEX, NODES, outputs=outputs)


@pytest.mark.parametrize(
    ("outputs", "nodes"),
    [
        ({"a", "a_of_a"}, {"a", "of_a", "of_source", "a_and_source", "a_and_before"}),
        ({"a"}, {"a"}),  # a check of `a` was left out, so tests are not wanted
        ({"b"}, {"b"}),  # reads no source itself
        ({"raw_t_of_source"}, {"of_source"}),
        ({"a", "b", "a_of_a"}, None),
    ],
)
def test_checks_of_a_source_run_with_the_assets_that_read_it(
    outputs: set[str], nodes: set[str] | None
) -> None:
    of_source = "test.shop.of_source"
    checked = replace(
        NODES,
        check_ids={**NODES.check_ids, "raw_t_of_source": of_source},
        loose_tests=NODES.loose_tests - {of_source},
    )
    expected = {f"{'model' if n in ('a', 'b') else 'test'}.shop.{n}" for n in nodes or ()}
    assert nodes_to_run(INDEX, checked, outputs=outputs) == (expected or checked.all_ids)
    job = replace(checked, jobs={"nightly_job": frozenset({"model.shop.a", "test.shop.of_a"})})
    in_job = nodes_to_run(INDEX, job, outputs=outputs, job_name="nightly_job")
    assert (of_source in in_job) == (outputs == {"raw_t_of_source"})
