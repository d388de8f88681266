"""One tick of the sensor: finds runs that finished, and reports their nodes, each once.

Runs are listed from a time on that lies before the last run that is done, so that a run which the platform lists late is
found; those that are done are in the cursor. A run is done when all its events are handed to Dagster. A run that can't be
read is tried again in later ticks, while others go on.
"""

import logging
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timezone

from dbt_component.cloud.client.client import DbtCloudClient
from dbt_component.cloud.client.run import CloudRun
from dbt_component.cloud.client.run_status import RunStatus
from dbt_component.cloud.dagster_runs import DagsterRuns
from dbt_component.cloud.event_metadata import with_metadata
from dbt_component.cloud.resumed_runs import with_resumed
from dbt_component.cloud.run_metadata import completed_at, run_metadata
from dbt_component.cloud.sensor.cursor import Postponed, SensorCursor
from dbt_component.cloud.sensor.observed_project import ObservedProject
from dbt_component.cloud.sensor.run_reports import MissingReports, NodeReport, read_reports
from dbt_component.cloud.sensor.runless_events import RunlessEvent, RunlessEvents
from dbt_component.errors import (
    DbtCloudAnswerError,
    DbtCloudError,
    DbtCloudNotFoundError,
    DbtCloudRequestError,
    DbtCloudUnavailableError,
)
from dbt_component.execution.outcomes import outcome_of

_FINISHED = (RunStatus.SUCCESS, RunStatus.ERROR, RunStatus.CANCELLED)
_SHARE_FOR_LISTING = 0.4
_SHARE_FOR_STARTING = 0.7
_MAX_LISTED = 3_000
_LONGEST_DELAY_SECONDS = 1_800.0
_MOST_FAILURES = 2
"""After so many runs in a row for which the platform did not answer, the tick ends."""
_MOST_NAMES = 10


@dataclass(frozen=True)
class PollLimits:
    """The limits of ticks.

    Attributes:
        events: About how many events a tick reports. A run with more goes on in the next tick.
        attempts: How often a run is tried whose results can't be read. With the default delay that is two hours.
        attempts_after_failure: How often, if the run failed and may have no results.
        retry_delay_seconds: The time before the second attempt. It doubles each time, up to half an hour.
    """

    events: int = 1_000
    attempts: int = 10
    attempts_after_failure: int = 3
    retry_delay_seconds: float = 30.0


@dataclass(frozen=True)
class PollResult:
    """What a tick found.

    Attributes:
        events: In the order in which they are to be reported.
        cursor: For the next tick.
        run_ids: The runs that the events are of.
        is_complete: Whether no run is left for the next tick that could have been handled.
    """

    events: list[RunlessEvent]
    cursor: SensorCursor
    run_ids: list[int]
    is_complete: bool


@dataclass(frozen=True)
class _Candidate:
    """A run to handle: one from the list, or one that was postponed."""

    run_id: int
    finished_at: float
    listed: CloudRun | None = None
    attempts: int = 0


@dataclass(frozen=True)
class _Tick:
    """What the runs of one tick share: the client and the time of ``time.monotonic()`` until which they may take."""

    client: DbtCloudClient
    dagster_runs: DagsterRuns
    deadline: float


@dataclass(frozen=True)
class _Handled:
    """The events of a run, the cursor after it, and whether the platform did not answer."""

    events: list[RunlessEvent]
    cursor: SensorCursor
    is_unavailable: bool = False


@dataclass
class RunPoll:
    """Polls one environment.

    Args:
        client: The account.
        project_id: The project on the platform.
        environment_id: The environment.
        project: The nodes and their keys.
        is_reported: Whether an event is in Dagster's log already. Asked for the first event of each run, and for
            its others if that one is.
        log: The sensor's log.
        limits: The limits of a tick.
    """

    client: DbtCloudClient
    project_id: int
    environment_id: int
    project: ObservedProject
    is_reported: Callable[[RunlessEvent], bool]
    log: logging.Logger
    limits: PollLimits = field(default_factory=PollLimits)

    def __post_init__(self) -> None:
        self._unknown: set[str] = set()
        self._rendering = RunlessEvents(self.project, self.log)

    def tick(self, cursor: SensorCursor, *, budget_seconds: float) -> PollResult:
        """Handles as many runs as the time allows, at least one, oldest first.

        Args:
            cursor: Of the tick before.
            budget_seconds: When it must have ended.

        Raises:
            DbtCloudError: The platform does not answer or refuses access, and nothing was reported.
        """
        begin = time.monotonic()
        deadline = begin + budget_seconds
        client = self.client.until(deadline)
        tick = _Tick(client, DagsterRuns(client), deadline)
        candidates = self._candidates(client, cursor, begin + _SHARE_FOR_LISTING * budget_seconds)
        latest_start = begin + _SHARE_FOR_STARTING * budget_seconds
        events: list[RunlessEvent] = []
        run_ids: list[int] = []
        failures = 0
        for number, candidate in enumerate(candidates):
            has_time = number == 0 or time.monotonic() < latest_start
            if not has_time or len(events) >= self.limits.events or failures >= _MOST_FAILURES:
                return self._result(events, cursor, run_ids, is_complete=False)
            try:
                handled = self._handle(
                    tick, candidate, cursor, already=len(events), is_first=number == 0
                )
            except DbtCloudError as error:
                if number == 0:
                    raise
                # What was found is not lost; the next tick raises the error if it stays.
                self.log.warning("Polling stopped at run %d: %s", candidate.run_id, error)
                return self._result(events, cursor, run_ids, is_complete=False)
            cursor = handled.cursor
            events += handled.events
            run_ids += [candidate.run_id] if handled.events else []
            failures = failures + 1 if handled.is_unavailable else 0
        return self._result(events, cursor, run_ids, is_complete=not cursor.partial)

    def _result(
        self,
        events: list[RunlessEvent],
        cursor: SensorCursor,
        run_ids: list[int],
        *,
        is_complete: bool,
    ) -> PollResult:
        if self._unknown:
            self.log.warning(
                "%d of the nodes that dbt reported are not in the project's state, so they have no events: %s. Refresh"
                " the state.",
                len(self._unknown),
                ", ".join(sorted(self._unknown)[:_MOST_NAMES]),
            )
            self._unknown.clear()
        return PollResult(events, cursor, run_ids, is_complete)

    def _candidates(
        self, client: DbtCloudClient, cursor: SensorCursor, end: float
    ) -> list[_Candidate]:
        """The runs to handle, by the time at which they finished."""
        now = time.time()
        known = cursor.handled_ids
        found = {
            run.id: _Candidate(run.id, run.finished_at.timestamp(), run)
            for run in self._listed(client, cursor.floor, end)
            if run.finished_at is not None and run.id not in known
        }
        for item in cursor.postponed:
            if item.not_before <= now:
                found[item.run_id] = _Candidate(
                    item.run_id, item.finished_at, attempts=item.attempts
                )
            else:
                found.pop(item.run_id, None)
        return sorted(found.values(), key=lambda one: (one.finished_at, one.run_id))

    def _listed(self, client: DbtCloudClient, floor: float, end: float) -> Iterator[CloudRun]:
        """Finished runs, oldest first, as many as can be listed in time. Later ones wait for the next tick."""
        runs = client.runs(
            project_id=self.project_id,
            environment_id=self.environment_id,
            statuses=_FINISHED,
            finished_after=datetime.fromtimestamp(floor, timezone.utc),
            order_by="finished_at",
        )
        for number, run in enumerate(runs):
            yield run
            if number >= _MAX_LISTED or time.monotonic() > end:
                return

    def _handle(
        self,
        tick: _Tick,
        candidate: _Candidate,
        cursor: SensorCursor,
        *,
        already: int,
        is_first: bool,
    ) -> _Handled:
        """Handles a run.

        Args:
            tick: What the runs of this tick share.
            candidate: The run.
            cursor: The cursor before it.
            already: The number of events of this tick so far.
            is_first: Whether it is the first of this tick. Another one that could not be read before the deadline began
                too late, and begins earlier in the next tick.
        """
        client = tick.client
        done = cursor.with_handled(candidate.run_id, candidate.finished_at)
        reported = cursor.reported_of(candidate.run_id)
        events: list[RunlessEvent] = []
        is_partial = False
        missing: MissingReports | None
        try:
            if candidate.listed is not None and self._is_left_out(tick, candidate.listed):
                return _Handled([], done)
            run = client.run(candidate.run_id, with_steps=True)
            # One that was postponed may have been so because this could not be found out.
            if candidate.listed is None and self._is_left_out(tick, run):
                return _Handled([], done)
        except DbtCloudNotFoundError:
            self.log.info("Run %d was deleted before it was reported.", candidate.run_id)
            return _Handled([], done)
        except DbtCloudUnavailableError as error:
            missing = MissingReports(str(error), is_unavailable=True)
        except (DbtCloudRequestError, DbtCloudAnswerError) as error:
            missing = MissingReports(str(error))
        else:
            reports = read_reports(client, run, self.project.index)
            missing = reports.missing
            events, is_partial = self._events(
                run, reports.nodes, reported, already=already, deadline=tick.deadline
            )
        is_unavailable = missing is not None and missing.is_unavailable
        is_late = is_unavailable and not is_first and time.monotonic() >= tick.deadline
        if is_partial or is_late:
            after = cursor.with_reported(candidate.run_id, reported)
        elif missing is not None:
            after = self._postponed(cursor, candidate, missing, reported)
        else:
            after = done
        return _Handled(events, after, is_unavailable)

    def _is_left_out(self, tick: _Tick, run: CloudRun) -> bool:
        """Whether Dagster started the run, or it builds into a schema of its own, so that it built none of the assets.

        A run is left out too if this holds of one that it resumes.
        """
        for one in with_resumed(tick.client, run):
            if tick.dagster_runs.contain(one):
                return True
            if one.is_trial:
                self.log.info(
                    "Run %d builds into a schema of its own, so it is not reported: %s",
                    run.id,
                    run.url,
                )
                return True
        return False

    def _events(
        self,
        run: CloudRun,
        nodes: tuple[NodeReport, ...],
        reported: dict[int, int],
        *,
        already: int,
        deadline: float,
    ) -> tuple[list[RunlessEvent], bool]:
        """The events of nodes that were not reported, which are added to ``reported``; whether some are left.

        At least one node is handled. Looking in Dagster's log for events of all the others may take longer than a tick.
        """
        events: list[RunlessEvent] = []
        has_begun = False
        of_run = run_metadata(run)
        is_repeated: bool | None = None
        for node in nodes:
            bit = 1 << node.place
            if reported.get(node.step, 0) & bit:
                continue
            is_over = has_begun and time.monotonic() >= deadline
            if is_over or already + len(events) >= self.limits.events:
                return events, True
            has_begun = True
            reported[node.step] = reported.get(node.step, 0) | bit
            time_of_end = completed_at(
                node.finished, otherwise=node.generated_at or run.finished_at
            )
            for event in self._rendered(node):
                complete = with_metadata(event, {**of_run, **time_of_end})
                if is_repeated is None:
                    is_repeated = self.is_reported(complete)
                if not is_repeated or not self.is_reported(complete):
                    events.append(complete)
        return events, False

    def _rendered(self, node: NodeReport) -> Iterator[RunlessEvent]:
        index = self.project.index
        outcome = outcome_of(index, node.finished, command=node.command)
        if outcome is None:
            unique_id = node.finished.unique_id
            if unique_id not in index.all_ids and not unique_id.startswith("operation."):
                self._unknown.add(unique_id)
            return
        for event in self._rendering.of(outcome):
            if isinstance(event, RunlessEvent):
                yield event

    def _postponed(
        self,
        cursor: SensorCursor,
        candidate: _Candidate,
        missing: MissingReports,
        reported: dict[int, int],
    ) -> SensorCursor:
        """The cursor with a run that is to be tried again; without it, if it was tried often enough."""
        limits = self.limits
        attempts = candidate.attempts + 1
        most = limits.attempts_after_failure if missing.is_expected else limits.attempts
        if attempts >= most:
            level = logging.INFO if missing.is_expected else logging.WARNING
            self.log.log(
                level,
                "Run %d is not reported, or only in part, after %d attempts: %s",
                candidate.run_id,
                attempts,
                missing.reason,
            )
            return cursor.with_handled(candidate.run_id, candidate.finished_at)
        delay = min(limits.retry_delay_seconds * 2 ** (attempts - 1), _LONGEST_DELAY_SECONDS)
        self.log.info(
            "Run %d will be tried again in %.0f seconds: %s",
            candidate.run_id,
            delay,
            missing.reason,
        )
        postponed = Postponed(
            candidate.run_id, candidate.finished_at, attempts, time.time() + delay
        )
        cursor = cursor.with_postponed(postponed, reported)
        for surplus in cursor.surplus():
            self.log.warning(
                "Run %d is not reported: too many runs are waiting to be tried again.",
                surplus.run_id,
            )
            cursor = cursor.with_handled(surplus.run_id, surplus.finished_at)
        return cursor
