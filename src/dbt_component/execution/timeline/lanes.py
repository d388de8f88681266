"""Lanes: the rows of a timeline, one for each thread."""

import heapq
import re
from collections.abc import Sequence
from dataclasses import dataclass

from dbt_component.execution.timeline.bar import TimelineBar


@dataclass(frozen=True)
class Lane:
    """Nodes that ran one after another, in the order in which they started. ``name`` is for people."""

    name: str
    bars: tuple[TimelineBar, ...]


def assign_lanes(bars: Sequence[TimelineBar]) -> list[Lane]:
    """Gives each thread a lane, in the order of the numbers in their names.

    Nodes whose thread is unknown go to lanes after these, as few as possible; skipped ones, which no thread ran,
    to one of their own.
    """
    by_thread: dict[str, list[TimelineBar]] = {}
    others: list[TimelineBar] = []
    skipped: list[TimelineBar] = []
    for bar in sorted(bars, key=lambda bar: (bar.started, bar.ended, bar.unique_id)):
        if bar.thread:
            by_thread.setdefault(bar.thread, []).append(bar)
        elif bar.kind == "skipped":
            skipped.append(bar)
        else:
            others.append(bar)
    lanes = [
        Lane(_short(thread), tuple(by_thread[thread])) for thread in sorted(by_thread, key=_natural)
    ]
    for number, members in enumerate(_packed(others), start=1):
        lanes.append(Lane(f"Unknown {number}", tuple(members)))
    if skipped:
        lanes.append(Lane("Skipped", tuple(skipped)))
    return lanes


def _packed(bars: Sequence[TimelineBar]) -> list[list[TimelineBar]]:
    """Nodes, in the order of their starts, in lanes without overlap: each in the first that is free."""
    lanes: list[list[TimelineBar]] = []
    busy: list[tuple[float, int]] = []
    free: list[int] = []
    for bar in bars:
        while busy and busy[0][0] <= bar.started:
            heapq.heappush(free, heapq.heappop(busy)[1])
        if free:
            number = heapq.heappop(free)
        else:
            number = len(lanes)
            lanes.append([])
        lanes[number].append(bar)
        heapq.heappush(busy, (bar.ended, number))
    return lanes


def _natural(thread: str) -> list[tuple[int, str]]:
    """``Thread-10`` after ``Thread-9``."""
    return [
        (int(part), "") if part.isdecimal() else (0, part) for part in re.split(r"(\d+)", thread)
    ]


def _short(thread: str) -> str:
    """``Thread-1 (worker)``, as Python names it, without the name of the function."""
    return re.sub(r"^(Thread-\d+) \(.*\)$", r"\1", thread)
