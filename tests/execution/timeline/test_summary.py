"""The figures of a run."""

import pytest

from dbt_component.execution.timeline.lanes import assign_lanes
from dbt_component.execution.timeline.summary import TimelineSummary
from tests.execution.timeline.bars import bar


def test_threads_that_only_waited_lower_the_busy_share_and_skipped_nodes_do_not() -> None:
    bars = [
        bar("a", 100, 108, thread="1"),
        bar("b", 100, 102, thread="2"),
        bar("c", 108, 110, thread="1"),
        bar("skipped", 110, 110, thread=None, status="skipped"),
    ]
    summary = TimelineSummary.of(assign_lanes(bars), [bars[0], bars[2]])
    assert (summary.started, summary.wall_seconds, summary.threads) == (100, 10, 2)
    assert summary.busy_share == pytest.approx(0.6)
    assert summary.text() == (
        "4 nodes in 10.0 s  ·  critical path 10.0 s in 2 nodes  ·  2 threads, 60 % busy"
        "  ·  started 1970-01-01 00:01:40 UTC"
    )


def test_nodes_that_overlap_on_a_thread_count_once() -> None:
    bars = [bar("a", 0, 3), bar("b", 1, 2), bar("c", 2, 4)]
    assert TimelineSummary.of(assign_lanes(bars), []).busy_share == 1


def test_a_run_without_nodes_has_figures_too() -> None:
    assert TimelineSummary.of([], []).text() == "0 nodes in 0 ms"
