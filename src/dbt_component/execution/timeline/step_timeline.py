"""The timeline of a step: learns from its durations, orders the next run by them, and draws them."""

import base64
import logging
from collections.abc import Callable, Collection, Mapping
from datetime import datetime, timezone
from functools import cached_property, partial
from pathlib import Path
from typing import Any

import dagster as dg

from dbt_component.dbt_process.child.child_statuses import FINE_STATUSES, SKIPPED
from dbt_component.dbt_process.events import NodeFinished
from dbt_component.execution.timeline.bar import TimelineBar
from dbt_component.execution.timeline.critical_path import critical_path
from dbt_component.execution.timeline.duration_text import duration_text
from dbt_component.execution.timeline.history import DurationHistory
from dbt_component.execution.timeline.lanes import assign_lanes
from dbt_component.execution.timeline.picture import timeline_picture
from dbt_component.execution.timeline.priority import worthwhile_priorities
from dbt_component.execution.timeline.project_history import history_of
from dbt_component.execution.timeline.summary import TimelineSummary
from dbt_component.execution.timeline.waits import waits_of
from dbt_component.manifest.index import ManifestIndex
from dbt_component.project.project import DbtProject

FILE_NAME = "timeline.svg"
_MAX_LISTED = 50

Attach = Callable[[str, Mapping[str, Any]], None]
"""Adds a message with metadata to the run's log."""


class StepTimeline:
    """The timeline of the nodes that one step runs.

    Args:
        index: The project.
        history: The durations of its nodes in earlier runs.
        find_waits: Finds what each node of the step waits for, see ``waits_of``; called when it is first needed.
        attach: Shows the timeline in Dagster.
        log: Receives a warning if the picture can't be written.
    """

    def __init__(
        self,
        index: ManifestIndex,
        history: DurationHistory,
        find_waits: Callable[[], Mapping[str, Collection[str]]],
        *,
        attach: Attach,
        log: logging.Logger,
    ) -> None:
        self._index = index
        self._history = history
        self._find_waits = find_waits
        self._attach = attach
        self._log = log

    @classmethod
    def of(
        cls,
        project: DbtProject,
        index: ManifestIndex,
        selected: frozenset[str],
        *,
        gates_on_tests: bool,
        attach: Attach,
        log: logging.Logger,
    ) -> "StepTimeline":
        """The timeline of a step that runs ``selected``."""
        history = history_of(project, index)
        history.usual_seconds()  # before this run adds to it
        find_waits = partial(waits_of, index, selected, gates_on_tests=gates_on_tests)
        return cls(index, history, find_waits, attach=attach, log=log)

    @cached_property
    def _waits(self) -> Mapping[str, Collection[str]]:
        return self._find_waits()

    def priorities(self) -> dict[str, float]:
        """The seconds of the longest chain that starts with each node; empty if the order hardly matters."""
        usual = self._history.usual_seconds()
        if not usual:
            return {}
        found = worthwhile_priorities(self._waits, usual)
        return {i: seconds for i, seconds in found.items() if not self._is_unit_test(i)}

    def record(self, reports: Collection[NodeFinished]) -> None:
        """Adds the durations of nodes that did what they were meant to do."""
        self._history.record(
            {
                bar.unique_id: bar.seconds
                for bar in self.bars(reports)
                if bar.status in FINE_STATUSES and bar.kind != "skipped"
            }
        )

    def draw(self, reports: Collection[NodeFinished], *, command: str, folder: Path) -> None:
        """Writes the picture to a folder and attaches it; nothing if no node ran, and a warning if it can't be written.

        Args:
            reports: The last report of each node.
            command: The dbt command, for the heading.
            folder: Where ``timeline.svg`` is written.
        """
        bars = self.bars(reports)
        if not any(bar.kind != "skipped" for bar in bars):
            return
        path = critical_path(bars, self._waits)
        picture = timeline_picture(bars, path=path, command=command)
        file = folder / FILE_NAME
        metadata: dict[str, Any] = {}
        try:
            file.write_text(picture, encoding="utf-8")
            metadata["timeline_file"] = dg.MetadataValue.path(str(file))
        except OSError as error:
            self._log.warning("The timeline can't be written to %s: %s", file, error)
        encoded = base64.b64encode(picture.encode()).decode()
        metadata["timeline"] = dg.MetadataValue.md(
            f"![timeline](data:image/svg+xml;base64,{encoded})"
        )
        metadata["critical_path"] = dg.MetadataValue.md(_listed(path))
        self._attach(f"Timeline: {TimelineSummary.of(assign_lanes(bars), path).text()}", metadata)

    def bars(self, reports: Collection[NodeFinished]) -> list[TimelineBar]:
        """The nodes on the timeline. Without times, a skipped node is where the last one ended, and others are left out."""
        bars = []
        latest: float | None = None
        skipped: list[NodeFinished] = []
        for report in reports:
            started, ended = _seconds(report.started_at), _seconds(report.finished_at)
            if report.status == SKIPPED:
                skipped.append(report)
            elif started is not None and ended is not None:
                latest = ended if latest is None else max(latest, ended)
                bars.append(self._bar(report, started, max(started, ended)))
        if latest is not None:
            bars.extend(self._bar(report, latest, latest) for report in skipped)
        return bars

    def _bar(self, report: NodeFinished, started: float, ended: float) -> TimelineBar:
        known = self._index.node_by_id.get(report.unique_id)
        test = self._index.test_by_id.get(report.unique_id)
        named = known or test
        return TimelineBar(
            unique_id=report.unique_id,
            name=report.unique_id if named is None else named.name,
            resource_type=report.resource_type,
            status=report.status,
            thread=None if report.status == SKIPPED else report.thread,
            started=started,
            ended=ended,
            usual_seconds=self._history.usual(report.unique_id),
        )

    def _is_unit_test(self, unique_id: str) -> bool:
        test = self._index.test_by_id.get(unique_id)
        return test is not None and test.is_unit_test


def _seconds(time: str | None) -> float | None:
    """A time of dbt's events in seconds since the epoch; ``None`` if there is none."""
    try:
        parsed = datetime.fromisoformat((time or "").replace("Z", "+00:00"))
    except ValueError:
        return None
    if parsed.tzinfo is None:
        parsed = parsed.replace(tzinfo=timezone.utc)
    return parsed.timestamp()


def _listed(path: Collection[TimelineBar]) -> str:
    rows = [
        f"| {bar.name} | {duration_text(bar.seconds)} | "
        + ("" if bar.usual_seconds is None else duration_text(bar.usual_seconds))
        + " |"
        for bar in path
    ]
    if len(rows) > _MAX_LISTED:
        rows = [*rows[:_MAX_LISTED], f"| … and {len(path) - _MAX_LISTED} more | | |"]
    return "\n".join(["| node | this run | usual |", "|---|---|---|", *rows])
