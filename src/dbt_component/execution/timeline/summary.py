"""What a timeline says in one line."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timezone

from dbt_component.definitions.listing import counted
from dbt_component.execution.timeline.bar import TimelineBar
from dbt_component.execution.timeline.duration_text import duration_text
from dbt_component.execution.timeline.lanes import Lane


@dataclass(frozen=True)
class TimelineSummary:
    """The figures of a run.

    Args:
        nodes: The number of nodes.
        started: When the first node started, in seconds since the epoch.
        wall_seconds: From the start of the first node to the end of the last one.
        critical_nodes: The number of nodes on the critical path.
        critical_seconds: The sum of their durations.
        threads: The number of threads that ran anything.
        busy_share: The part of ``wall_seconds`` in which threads ran nodes, on average, from 0 to 1.
    """

    nodes: int
    started: float
    wall_seconds: float
    critical_nodes: int
    critical_seconds: float
    threads: int
    busy_share: float

    @classmethod
    def of(cls, lanes: Sequence[Lane], path: Sequence[TimelineBar]) -> "TimelineSummary":
        bars = [bar for lane in lanes for bar in lane.bars]
        threads = sum(any(bar.kind != "skipped" for bar in lane.bars) for lane in lanes)
        started = min((bar.started for bar in bars), default=0.0)
        wall_seconds = max((bar.ended for bar in bars), default=started) - started
        possible = wall_seconds * threads
        return cls(
            nodes=len(bars),
            started=started,
            wall_seconds=wall_seconds,
            critical_nodes=len(path),
            critical_seconds=sum(bar.seconds for bar in path),
            threads=threads,
            busy_share=sum(map(_busy_seconds, lanes)) / possible if possible else 0.0,
        )

    def text(self) -> str:
        parts = [f"{counted(self.nodes, 'node')} in {duration_text(self.wall_seconds)}"]
        if self.critical_nodes:
            path = (
                f"{duration_text(self.critical_seconds)} in {counted(self.critical_nodes, 'node')}"
            )
            parts.append(f"critical path {path}")
        if self.threads:
            parts.append(
                f"{counted(self.threads, 'thread')}, {self.busy_share:.0%} busy".replace("%", " %")
            )
        if self.nodes:
            start = datetime.fromtimestamp(self.started, timezone.utc)
            parts.append(f"started {start:%Y-%m-%d %H:%M:%S} UTC")
        return "  ·  ".join(parts)


def _busy_seconds(lane: Lane) -> float:
    """The time in which any node of a lane ran, counted once where they overlap."""
    busy = 0.0
    until = float("-inf")
    for bar in lane.bars:
        busy += max(0.0, bar.ended - max(bar.started, until))
        until = max(until, bar.ended)
    return busy
