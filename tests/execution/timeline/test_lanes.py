"""A thread is a lane; nodes of unknown threads are packed without overlap."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from dbt_component.execution.timeline.lanes import assign_lanes
from tests.execution.timeline.bars import bar


def test_threads_are_lanes_in_the_order_of_their_numbers() -> None:
    threads = ["Thread-10 (worker)", "Thread-9 (worker)", "MainThread", "Thread-1"]
    lanes = assign_lanes([bar(thread, 0, 1, thread=thread) for thread in threads])
    assert [lane.name for lane in lanes] == ["MainThread", "Thread-1", "Thread-9", "Thread-10"]


def test_the_nodes_of_a_lane_are_in_the_order_in_which_they_started() -> None:
    (lane,) = assign_lanes([bar("b", 1, 2), bar("a", 0, 1)])
    assert [found.name for found in lane.bars] == ["a", "b"]


def test_nodes_of_unknown_threads_have_lanes_of_their_own() -> None:
    lanes = assign_lanes([bar("known", 0, 9), bar("lost", 0, 1, thread=None)])
    assert [(lane.name, len(lane.bars)) for lane in lanes] == [("Thread-1", 1), ("Unknown 1", 1)]


def test_without_nodes_there_are_no_lanes() -> None:
    assert assign_lanes([]) == []


@given(spans=st.lists(st.tuples(st.integers(0, 20), st.integers(0, 6)), max_size=30))
def test_unknown_threads_need_as_many_lanes_as_nodes_ran_at_once(
    spans: list[tuple[int, int]],
) -> None:
    bars = [
        bar(str(number), start, start + seconds, thread=None)
        for number, (start, seconds) in enumerate(spans)
    ]
    lanes = assign_lanes(bars)
    assert sorted(b.unique_id for lane in lanes for b in lane.bars) == sorted(
        b.unique_id for b in bars
    )
    for lane in lanes:
        assert all(one.ended <= other.started for one, other in pairwise(lane.bars))
    at_once = [sum(b.started <= time < b.ended for b in bars) for time in range(27)]
    assert len(lanes) <= max(at_once) + sum(not b.seconds for b in bars)
