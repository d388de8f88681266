"""A slice preserves order and failure propagation through unselected nodes."""

from dbt_component.dbt_process.slice import plan_slice
from dbt_component.manifest.dbt_test import DbtTest
from dbt_component.manifest.index import ManifestIndex
from dbt_component.manifest.node import Node


def node(name: str, *parents: str, materialized: str = "view") -> Node:
    return Node(
        name, "model", name, "p", ["p", name], "x.sql", list(parents), materialized=materialized
    )


def index_of(*nodes: Node, tests: tuple[DbtTest, ...] = ()) -> ManifestIndex:
    return ManifestIndex("p", None, "duckdb", "1.11", list(nodes), list(tests))


def test_a_path_through_unselected_nodes_survives() -> None:
    index = index_of(node("a"), node("b", "a"), node("c", "b"), node("d", "c"), node("e"))
    plan = plan_slice(index, {"a", "d"})
    assert set(plan.keep) == {"a", "d", "c"}
    assert plan.rewired == {"c": ["a"]}


def test_bodies_of_ephemeral_parents_are_kept() -> None:
    index = index_of(
        node("a"),
        node("e1", "a", materialized="ephemeral"),
        node("e2", "e1", materialized="ephemeral"),
        node("d", "e2"),
    )
    plan = plan_slice(index, {"d"})
    assert set(plan.keep) == {"d", "e2", "e1", "a"}
    assert "e1" not in plan.rewired and "e2" not in plan.rewired


def test_a_unit_test_keeps_its_model_and_the_models_inputs() -> None:
    unit = DbtTest("u", "unit_test", "u", "p", [], "x.yml", ["c"], "unit")
    index = index_of(node("a"), node("b", "a"), node("c", "b"), tests=(unit,))
    assert set(plan_slice(index, {"u"}).keep) == {"u", "c", "b"}


def test_a_chain_of_a_thousand_nodes_can_be_sliced() -> None:
    chain = [node("n0"), *(node(f"n{i}", f"n{i - 1}") for i in range(1, 3000))]
    plan = plan_slice(index_of(*chain), {"n0", "n2999"})
    assert plan.rewired == {"n2998": ["n0"]}
