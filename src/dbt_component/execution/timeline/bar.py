"""One node on the timeline of a run."""

from dataclasses import dataclass
from typing import Literal

from dbt_component.dbt_process.child.child_statuses import (
    FAILED_STATUSES,
    PASSED_STATUSES,
    SKIPPED,
    WARNED,
)

TEST_TYPES = frozenset({"test", "unit_test"})

SHORTEST_SECONDS = 1e-6
"""Nothing shorter is drawn to scale."""

BarKind = Literal["built", "passed", "warned", "failed", "skipped"]


@dataclass(frozen=True)
class TimelineBar:
    """A node that a run has ended.

    Args:
        unique_id: dbt's.
        name: As people know it.
        resource_type: dbt's, such as ``model``.
        status: dbt's.
        thread: dbt's name of the thread that ran it, ``None`` where unknown.
        started: In seconds since the epoch, as ``ended``.
        ended: Not before ``started``.
        usual_seconds: The median duration of the node's earlier runs, ``None`` without any.
    """

    unique_id: str
    name: str
    resource_type: str
    status: str
    thread: str | None
    started: float
    ended: float
    usual_seconds: float | None = None

    @property
    def seconds(self) -> float:
        return max(0.0, self.ended - self.started)

    @property
    def kind(self) -> BarKind:
        """What the status means. A status that is unknown here is not shown as a success."""
        if self.status == SKIPPED:
            return "skipped"
        if self.status == WARNED:
            return "warned"
        if self.status in FAILED_STATUSES or self.status not in PASSED_STATUSES:
            return "failed"
        return "passed" if self.resource_type in TEST_TYPES else "built"
