"""A node's priority is the longest chain that waits for it, in seconds."""

import time
from functools import cache

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dbt_component.execution.timeline.priority import chain_seconds


def test_a_chain_counts_each_node_once_and_takes_the_longest_way() -> None:
    parents = {"a": [], "b": ["a"], "c": ["a"], "d": ["b", "c"], "alone": []}
    usual = {"a": 1.0, "b": 10.0, "c": 2.0, "d": 5.0, "alone": 3.0}
    assert chain_seconds(parents, usual) == {
        "a": 16.0,
        "b": 15.0,
        "c": 7.0,
        "d": 5.0,
        "alone": 3.0,
    }


def test_nodes_without_history_count_as_the_median_of_the_known_ones() -> None:
    parents = {"a": [], "b": ["new"], "new": ["a"], "c": []}
    usual = {"a": 1.0, "b": 2.0, "c": 9.0, "elsewhere": 500.0}
    assert chain_seconds(parents, usual) == {"a": 5.0, "new": 4.0, "b": 2.0, "c": 9.0}


def test_without_any_history_there_are_no_priorities() -> None:
    assert chain_seconds({"a": [], "b": ["a"]}, {}) == {}
    assert chain_seconds({"a": []}, {"elsewhere": 1.0}) == {}
    assert chain_seconds({}, {"elsewhere": 1.0}) == {}


def test_parents_that_do_not_run_are_ignored_and_named_twice_count_once() -> None:
    assert chain_seconds({"a": ["source"], "b": ["a", "a"]}, {"a": 1.0, "b": 1.0}) == {
        "a": 2.0,
        "b": 1.0,
    }


def test_nodes_in_a_circle_have_no_priority_and_hold_nothing_up() -> None:
    parents = {"a": ["b"], "b": ["a"], "free": ["a"], "self": ["self"]}
    assert chain_seconds(parents, {"free": 2.0}) == {"free": 2.0, "self": 2.0}


@given(
    edges=st.sets(st.tuples(st.integers(0, 9), st.integers(0, 9)).filter(lambda e: e[0] < e[1])),
    seconds=st.lists(st.integers(0, 50).map(float), min_size=10, max_size=10),
)
def test_it_is_the_longest_chain_as_found_by_trying_all(
    edges: set[tuple[int, int]], seconds: list[float]
) -> None:
    parents = {str(node): [str(p) for p, child in edges if child == node] for node in range(10)}

    @cache
    def longest(node: int) -> float:
        return seconds[node] + max([longest(child) for p, child in edges if p == node], default=0.0)

    usual = {str(node): value for node, value in enumerate(seconds)}
    assert chain_seconds(parents, usual) == {str(node): longest(node) for node in range(10)}


def test_a_chain_of_5000_nodes_takes_no_recursion_and_well_under_a_second() -> None:
    parents = {str(number): [str(number - 1)] for number in range(5000)}
    begin = time.process_time()
    chains = chain_seconds(parents, {"0": 2.0})
    assert time.process_time() - begin < 1
    assert chains["0"] == pytest.approx(10_000.0)
    assert chains["4999"] == 2.0
