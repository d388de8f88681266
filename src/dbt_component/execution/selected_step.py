"""Runs a dbt command over the nodes of a step, accounts for all of them, and yields Dagster events."""

import logging
import threading
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Set
from contextlib import nullcontext
from dataclasses import replace

from dbt_component.dbt_process.child.child_metadata import TIMELINE
from dbt_component.dbt_process.child.child_statuses import SKIPPED
from dbt_component.dbt_process.events import NodeFinished, RawEvent
from dbt_component.execution.account import Account
from dbt_component.execution.attempt import Attempt
from dbt_component.execution.event_text import cut
from dbt_component.execution.failure import DagsterDbtCliRuntimeError
from dbt_component.execution.first_build import FirstBuild
from dbt_component.execution.freshness_gate import FreshnessGate
from dbt_component.execution.node_reports import node_reports
from dbt_component.execution.node_retry import NodeRetry
from dbt_component.execution.outcome_events import DagsterEvent
from dbt_component.execution.outcomes import NotBuilt, outcome_of
from dbt_component.execution.plan import RunPlan, write_request
from dbt_component.execution.report_wishes import NO_WISHES, ReportWishes
from dbt_component.execution.retry import next_attempt
from dbt_component.execution.retry_policy import DbtRetryPolicy
from dbt_component.execution.run_folder import RunFolder, naming_run_folder
from dbt_component.execution.skip_causes import SkipCauses
from dbt_component.execution.step_events import StepEvents
from dbt_component.execution.timeline.step_timeline import StepTimeline
from dbt_component.project.prepared import PreparedProject


class SelectedStep:
    """Runs a plan over the nodes of one step, in as many attempts as needed.

    Every expected node is reported by dbt, run in another attempt, or named in the error.

    Args:
        prepared: What is known of the project.
        events: Renders outcomes for this step.
        metadata: What to fetch of each relation that was built.
        timeline: Learns from the run, and draws it if ``metadata`` or the reader of the events asks for that.
        log: The step's log.
        retry: Which failed nodes run again; ``None`` for none.
        first_build: Keeps apart the runs that build an incremental model for the first time.
        gate: Keeps nodes from being built that read stale sources; ``None`` for none.
        is_resumed: Whether some of the step's nodes are left out: an earlier attempt has finished them, or they are
            unchanged.
        left_out: The events about unchanged nodes; they come first.
        find_left_out: Finds the nodes that are unchanged after the gate has measured their sources, given those that
            are left and the data versions of the sources. With it, ``left_out`` is known only then.
    """

    def __init__(
        self,
        prepared: PreparedProject,
        events: StepEvents,
        *,
        metadata: frozenset[str],
        timeline: StepTimeline,
        log: logging.Logger,
        retry: DbtRetryPolicy | None = None,
        first_build: FirstBuild | None = None,
        gate: FreshnessGate | None = None,
        is_resumed: bool = False,
        left_out: Iterable[DagsterEvent] = (),
        find_left_out: Callable[[frozenset[str], Mapping[str, str]], frozenset[str]] | None = None,
    ) -> None:
        self._prepared = prepared
        self._events = events
        self._metadata = metadata
        self._timeline = timeline
        self._log = log
        self._retry = retry
        self._first_build = first_build
        self._gate = gate
        self._is_resumed = is_resumed
        self._left_out = left_out
        self._find_left_out = find_left_out
        self._node_retry: NodeRetry | None = None
        self._attempts: list[Attempt] = []
        self._held: list[tuple[NodeFinished, Attempt]] = []
        self._stopped = threading.Event()
        self._running: Attempt | None = None

    def open_account(self, plan: RunPlan) -> Account:
        """An account of the plan's nodes that also knows why nodes are skipped."""
        causes = SkipCauses(self._prepared.manifest.index, passing_on=plan.tests.passing_on)
        return Account(plan.expected, causes)

    def run(
        self,
        first: Attempt,
        folder: RunFolder,
        account: Account,
        *,
        wishes: ReportWishes = NO_WISHES,
    ) -> Generator[DagsterEvent | RawEvent, None, tuple[Attempt, DagsterDbtCliRuntimeError | None]]:
        """Runs dbt and yields one Dagster event for each node, as dbt reports it.

        Args:
            first: The first attempt.
            folder: The folder for others.
            account: Records the nodes that report.
            wishes: What to report besides. dbt's own events come between the Dagster events.

        Returns:
            The last attempt, and the error of the command as a whole.
        """
        plan = first.plan
        if self._find_left_out is None:
            yield from self._left_out
        if not plan.expected:
            first.stop()
            if self._is_resumed:
                self._log.info("Nothing is left to run.")
                return first, None
            self._log.warning(
                "Nothing was run, so no asset is materialized: no selected node is one that `%s` runs.",
                _with_selection(plan),
            )
            return first, None
        if not self._is_resumed:
            self._warn_if_no_asset_is_built(plan)
        if self._gate is not None:
            yield from self._withhold(first, account, self._gate)
            if self._find_left_out is not None:
                unchanged = self._find_left_out(first.plan.expected, self._gate.data_versions)
                account.leave_out(unchanged)
                first.plan = first.plan.without(unchanged)
                yield from self._left_out
                if unchanged and not first.plan.expected:
                    self._log.info("Nothing is left to run.")
            plan = first.plan
            if not plan.expected:
                first.end_unused()
                return first, account.failure(first.end)
        attempts = self._attempts = [first]
        if self._retry is not None:
            adapter = self._prepared.manifest.index.adapter_type or ""
            self._node_retry = NodeRetry(self._retry, adapter=adapter, plan=plan)
        with nullcontext() if self._first_build is None else self._first_build.alone():
            yield from self._attempts_of(first, folder, account, wishes)
        self._end_timeline(attempts[-1], account, wishes)
        return attempts[-1], account.failure(attempts[-1].end)

    def _attempts_of(
        self, first: Attempt, folder: RunFolder, account: Account, wishes: ReportWishes
    ) -> Iterator[DagsterEvent | RawEvent]:
        """Runs dbt until no node is to run again."""
        attempts = self._attempts
        yield from self._attempt(first, account, wishes)
        while (following := next_attempt(account, attempts, self._node_retry)) is not None:
            reason = cut(following.retry_reason or "", whole=attempts[-1].log_path)
            self._log.warning("Attempt %d: %s.", len(attempts) + 1, reason)
            repeated = following.expected if following.delay_seconds is not None else frozenset()
            yield from self._release(account, but=repeated)
            account.forget(repeated)
            if self._stopped.wait(following.delay_seconds or 0):
                break
            attempt = Attempt(following, folder.target_path(len(attempts) + 1))
            attempts.append(attempt)
            yield from self._attempt(attempt, account, wishes)
        yield from self._release(account)

    def _end_timeline(self, last: Attempt, account: Account, wishes: ReportWishes) -> None:
        reports = list(account.finished)
        if TIMELINE in self._metadata | wishes.metadata:
            self._timeline.draw(reports, command=last.plan.dbt_command, folder=last.target_path)
        self._timeline.record(reports)

    def _withhold(
        self, first: Attempt, account: Account, gate: FreshnessGate
    ) -> Iterator[DagsterEvent]:
        """Takes the nodes that the gate withholds from the first attempt, and reports them with the reason."""
        index = self._prepared.manifest.index
        withheld = yield from gate.withheld_from(first.plan, self._log)
        for unique_id in sorted(
            withheld.keys() & first.plan.expected, key=index.positions.__getitem__
        ):
            reason = withheld[unique_id]
            node = index.node_by_id.get(unique_id)
            kind = "" if node is None else node.resource_type
            finished = NodeFinished(unique_id, SKIPPED, kind, message=reason)
            account.withhold(finished)
            self._log.warning("%s is not run: %s.", unique_id, reason)
            if node is not None:
                yield from self._events.of(NotBuilt(node, finished, reason, is_withheld=True))
        first.plan = first.plan.without(withheld.keys())

    def stop(self) -> None:
        """Stops dbt if an attempt is running, and the waiting for one."""
        self._stopped.set()
        if self._gate is not None:
            self._gate.stop()
        if self._running is not None:
            self._running.stop()

    def _warn_if_no_asset_is_built(self, plan: RunPlan) -> None:
        command, planned = plan.arguments.command, self._events.asset_ids
        if not command.builds:
            if planned or not command.tests:
                self._log.warning(
                    "`%s` builds nothing: no asset is materialized.", plan.dbt_command
                )
        elif planned and planned.isdisjoint(plan.expected):
            self._log.warning(
                "`%s` runs none of the selected assets: no asset is materialized.",
                _with_selection(plan),
            )

    def _attempt(
        self, attempt: Attempt, account: Account, wishes: ReportWishes
    ) -> Iterator[DagsterEvent | RawEvent]:
        self._running = attempt
        try:
            reports = self._reports(attempt, account, wishes)
            if not attempt.plan.arguments.command.is_topological:
                # Dagster refuses an output after one that depends on it.
                reports = iter(sorted(reports, key=self._position))
            for report in reports:
                if isinstance(report, RawEvent):
                    yield report
                else:
                    yield from self._report(report, attempt, account)
        finally:
            attempt.stop()

    def _reports(
        self, attempt: Attempt, account: Account, wishes: ReportWishes
    ) -> Iterator[NodeFinished | RawEvent]:
        wishes = replace(wishes, metadata=wishes.metadata | self._metadata)
        with naming_run_folder(attempt.target_path):
            request = write_request(
                attempt.plan,
                self._prepared,
                attempt.target_path,
                wishes=wishes,
                priorities=self._timeline.priorities(),
            )
        return node_reports(attempt, request, account, self._log)

    def _position(self, report: NodeFinished | RawEvent) -> int:
        positions = self._prepared.manifest.index.positions
        unique_id = "" if isinstance(report, RawEvent) else report.unique_id
        return positions.get(unique_id, len(positions))

    def _report(
        self, finished: NodeFinished, attempt: Attempt, account: Account
    ) -> Iterator[DagsterEvent]:
        if self._node_retry is not None and self._node_retry.may_repeat(
            finished, account, self._attempts
        ):
            self._held.append((finished, attempt))
            return
        yield from self._report_now(finished, attempt, account)

    def _release(
        self, account: Account, *, but: Set[str] = frozenset()
    ) -> Iterator[DagsterEvent | RawEvent]:
        """Reports the nodes that were held back because they might run again, except those that do."""
        held, self._held = self._held, []
        for finished, attempt in held:
            if finished.unique_id not in but:
                yield from self._report_now(finished, attempt, account)

    def _report_now(
        self, finished: NodeFinished, attempt: Attempt, account: Account
    ) -> Iterator[DagsterEvent]:
        reason = account.skip_reason(finished)
        if finished.status == SKIPPED and finished.unique_id in account.expected:
            text = cut(reason or "dbt gave no reason", whole=attempt.log_path)
            self._log.warning("%s was skipped: %s.", finished.unique_id, text)
        outcome = outcome_of(
            self._prepared.manifest.index,
            finished,
            command=attempt.plan.arguments.command,
            skip_reason=reason,
            earlier=account.earlier(finished.unique_id),
        )
        if outcome is not None:
            yield from self._events.of(outcome, log_path=attempt.log_path)


def _with_selection(plan: RunPlan) -> str:
    """The command with the selection that narrows it."""
    arguments = plan.arguments
    return " ".join(
        [
            plan.dbt_command,
            *(f"--select {value}" for value in arguments.select),
            *(f"--exclude {value}" for value in arguments.exclude),
            *([f"--selector {arguments.selector}"] if arguments.selector else []),
        ]
    )
