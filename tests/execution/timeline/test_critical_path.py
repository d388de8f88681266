"""The critical path is what determined the end of the run: parents, or a busy thread."""

import time
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from dbt_component.execution.timeline.bar import TimelineBar
from dbt_component.execution.timeline.critical_path import CLOCK_SECONDS, critical_path
from tests.execution.timeline.bars import bar

Parents = dict[str, list[str]]


def names(bars: list[TimelineBar], parents: Parents | None = None) -> list[str]:
    return [found.unique_id for found in critical_path(bars, parents or {})]


def test_without_nodes_there_is_no_path() -> None:
    assert names([]) == []
    assert names([bar("skipped", 0, 1, status="skipped")]) == []


def test_a_single_node_is_the_path() -> None:
    assert names([bar("only", 3, 4)]) == ["only"]
    assert names([bar("only", 3, 4)], {"only": ["only", "unknown"]}) == ["only"]


def test_the_path_follows_the_parent_that_ended_last() -> None:
    bars = [
        bar("early", 0, 1, thread="1"),
        bar("late", 0, 3, thread="2"),
        bar("end", 3.01, 4, thread="1"),
    ]
    assert names(bars, {"end": ["early", "late"]}) == ["late", "end"]


def test_a_node_without_parents_waited_for_its_thread() -> None:
    bars = [bar("a", 0, 2, thread="1"), bar("b", 0, 1, thread="2"), bar("c", 2.5, 4, thread="1")]
    assert names(bars) == ["a", "c"]
    assert names([bar("a", 0, 2, thread=None), bar("c", 2, 4, thread=None)]) == ["c"]


def test_a_node_whose_parents_ended_long_before_waited_for_its_thread() -> None:
    bars = [
        bar("parent", 0, 1, thread="2"),
        bar("long", 0, 5, thread="1"),
        bar("end", 5.3, 6, thread="1"),
    ]
    assert names(bars, {"end": ["parent"]}) == ["long", "end"]


def test_a_parent_that_ended_at_once_before_explains_more_than_the_thread() -> None:
    bars = [
        bar("parent", 0, 4.95, thread="2"),
        bar("other", 0, 4.99, thread="1"),
        bar("end", 5, 6, thread="1"),
    ]
    assert names(bars, {"end": ["parent"]}) == ["parent", "end"]
    assert names(bars) == ["other", "end"]


def test_a_parent_that_ended_after_the_thread_was_free_counts_even_with_a_gap() -> None:
    bars = [
        bar("parent", 0, 4, thread="2"),
        bar("other", 0, 2, thread="1"),
        bar("end", 5, 6, thread="1"),
    ]
    assert names(bars, {"end": ["parent"]}) == ["parent", "end"]


def test_of_two_that_ended_together_the_longer_counts_then_the_first_by_name() -> None:
    bars = [
        bar("b", 1, 3, thread="1"),
        bar("a", 1, 3, thread="2"),
        bar("c", 2, 3, thread="3"),
        bar("end", 3, 4, thread="4"),
        bar("other_end", 3.5, 4, thread="5"),
    ]
    parents = {"end": ["c", "b", "a"], "other_end": ["c"]}
    assert names(bars, parents) == ["a", "end"]
    assert names(bars[::-1], parents) == ["a", "end"]


def test_skipped_nodes_are_on_no_path() -> None:
    bars = [
        bar("failed", 0, 2, status="error"),
        bar("skipped", 2, 2.1, status="skipped"),
        bar("other", 0, 1, thread="2"),
    ]
    assert names(bars, {"skipped": ["failed"]}) == ["failed"]


def test_a_parent_that_had_not_ended_is_not_what_a_node_waited_for() -> None:
    bars = [bar("parent", 0, 3, thread="1"), bar("child", 1, 4, thread="2")]
    assert names(bars, {"child": ["parent"]}) == ["child"]


def test_rounded_times_break_no_chain() -> None:
    bars = [bar("parent", 0, 2.0005, thread="1"), bar("child", 2.0, 3, thread="2")]
    assert names(bars, {"child": ["parent"]}) == ["parent", "child"]


TIMES = st.integers(0, 8).map(float)


@given(
    spans=st.lists(
        st.tuples(TIMES, TIMES, st.sampled_from(["1", "2", None])), min_size=1, max_size=9
    ),
    edges=st.sets(st.tuples(st.integers(0, 8), st.integers(0, 8))),
)
def test_each_step_of_a_path_leads_from_what_ended_before(
    spans: list[tuple[float, float, str | None]], edges: set[tuple[int, int]]
) -> None:
    bars = [
        bar(str(number), start, start + seconds, thread=thread)
        for number, (start, seconds, thread) in enumerate(spans)
    ]
    parents: Parents = {str(child): [] for _, child in edges}
    for parent, child in edges:
        parents[str(child)].append(str(parent))
    path = critical_path(bars, parents)
    assert len({found.unique_id for found in path}) == len(path)
    assert path[-1].ended == max(found.ended for found in bars)
    for before, after in pairwise(path):
        assert before.ended <= after.started + CLOCK_SECONDS
        is_parent = before.unique_id in parents.get(after.unique_id, [])
        assert is_parent or before.thread == after.thread is not None


def test_a_chain_of_5000_nodes_takes_no_recursion_and_well_under_a_second() -> None:
    bars = [bar(str(number), number, number + 1, thread=str(number)) for number in range(5000)]
    parents = {str(number): [str(number - 1)] for number in range(1, 5000)}
    begin = time.process_time()
    assert len(critical_path(bars, parents)) == 5000
    assert time.process_time() - begin < 1
