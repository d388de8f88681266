"""What `dbt build` runs before a node, compared with dbt's own graph."""

from types import SimpleNamespace
from typing import Any

import networkx
from dbt.compilation import Linker

from dbt_component.execution.timeline.gated_parents import gated_parents

PARENTS = {
    "a": ("source",),
    "b": ("a",),
    "c": ("b", "a"),
    "d": ("b",),
    "test.a": ("a",),
    "test.source": ("source",),
    "test.b": ("b",),
    "test.a_b": ("a", "b"),
    "test.c_d": ("c", "d"),
    "test.nothing": (),
}
TESTS = [name for name in PARENTS if name.startswith("test.")]


def test_children_wait_for_the_tests_of_their_parents() -> None:
    gated = {node: set(found) for node, found in gated_parents(PARENTS, TESTS).items()}
    assert gated == {
        "a": {"source", "test.source"},
        "b": {"a", "test.a"},
        "c": {"a", "b", "test.a", "test.b", "test.a_b"},
        "d": {"b", "test.b"},
        **{test: set(PARENTS[test]) for test in TESTS},
    }


def test_the_gates_are_those_of_dbts_graph_but_for_tests_of_nodes_further_up() -> None:
    graph = networkx.DiGraph()
    graph.add_nodes_from(["source", *PARENTS])
    graph.add_edges_from((parent, node) for node, named in PARENTS.items() for parent in named)
    nodes = {
        node: SimpleNamespace(
            resource_type="test" if node in TESTS else "model", depends_on_nodes=list(named)
        )
        for node, named in {"source": (), **PARENTS}.items()
    }
    children = {node: list(graph.successors(node)) for node in graph.nodes}
    manifest: Any = SimpleNamespace(nodes=nodes, child_map=children)
    dbts = set(Linker._get_test_edges_2(graph, manifest))
    gated = gated_parents(PARENTS, TESTS)
    ours = {(gate, node) for node in PARENTS for gate in set(gated[node]) - set(PARENTS[node])}
    assert ours <= dbts
    assert dbts - ours == {("test.a_b", "d")}
