"""Runs the nodes of a step of dbt definitions on the platform, accounts for all of them, and yields Dagster events."""

import logging
from collections.abc import Generator, Iterator
from datetime import datetime, timezone

from dbt_component.cloud.event_metadata import with_metadata
from dbt_component.cloud.execution.output_order import OutputOrder
from dbt_component.cloud.execution.platform_command import PlatformCommand
from dbt_component.cloud.execution.platform_retry import PlatformRetry
from dbt_component.cloud.execution.platform_runner import PlatformRunner
from dbt_component.cloud.execution.run_failure import command_end
from dbt_component.cloud.execution.step_reports import NodeLogged, StepEnded, StepReport
from dbt_component.cloud.run_metadata import completed_at, run_metadata
from dbt_component.dbt_process.child.child_statuses import FINE_STATUSES, SKIPPED, WARNED
from dbt_component.dbt_process.events import NodeFinished
from dbt_component.definitions.listing import listed
from dbt_component.errors import DbtCloudRequestError
from dbt_component.execution.account import Account, is_failed
from dbt_component.execution.command_end import CommandEnd
from dbt_component.execution.event_text import cut
from dbt_component.execution.failure import DagsterDbtCliRuntimeError
from dbt_component.execution.outcome_events import DagsterEvent
from dbt_component.execution.outcomes import outcome_of
from dbt_component.execution.skip_causes import SkipCauses, is_hook
from dbt_component.execution.step_events import StepEvents

_CERTAIN = FINE_STATUSES - {WARNED}
"""Statuses that the log tells completely. For others the results have the message and the SQL."""


class PlatformStep:
    """Runs a command over the nodes of one step, in as many runs as needed.

    Successes are reported as soon as the log of the run tells of them, everything else when its command has ended and
    its results are there. The results are the truth: every expected node is in them, or named in the error.

    Args:
        command: The command.
        runner: Starts runs and follows them.
        events: Renders outcomes for this step.
        log: The step's log.
        retry: Which errors the platform's own retry is used after; ``None`` for none.
        is_resumed: Whether nodes are left out because an earlier attempt has finished them.
    """

    def __init__(
        self,
        command: PlatformCommand,
        runner: PlatformRunner,
        events: StepEvents,
        log: logging.Logger,
        *,
        retry: PlatformRetry | None = None,
        is_resumed: bool = False,
    ) -> None:
        self.command = command
        self.runner = runner
        self.account = Account(command.expected, SkipCauses(events.index))
        self._events = events
        self._log = log
        self._retry = retry
        self._is_resumed = is_resumed
        self._order = OutputOrder(events.index, command.expected)
        self._rendered: set[str] = set()
        self._early: dict[str, NodeFinished] = {}
        self._held: list[NodeFinished] = []
        self._contradictions: list[str] = []
        self._unknown: set[str] = set()

    def run(self) -> Generator[DagsterEvent, None, DagsterDbtCliRuntimeError | None]:
        """Runs dbt on the platform and yields the events of each node.

        Returns:
            The error of the command as a whole.

        Raises:
            DbtCloudError: The run can't be started, or not followed to its end.
        """
        command = self.command
        if not command.steps:
            if self._is_resumed:
                self._log.info("Nothing is left to run.")
            else:
                self._log.warning(
                    "Nothing was run, so no asset is materialized: no selected node is one that `%s` runs.",
                    command.dbt_command,
                )
            return None
        reports = self.runner.execute(command.steps, commands=command.command_names)
        while True:
            yield from self._render_reports(reports)
            again = self._next_reports()
            if again is None:
                break
            reports = again
        held, self._held = self._held, []
        for finished in held:
            yield from self._render(finished)
        self._warn_of_unknown_nodes()
        return self.account.failure(self._end())

    # -- reports -----------------------------------------------------------------------------------

    def _render_reports(self, reports: Iterator[StepReport]) -> Iterator[DagsterEvent]:
        for report in reports:
            if isinstance(report, NodeLogged):
                yield from self._render_logged(report.finished)
            else:
                yield from self._render_ended(report)

    def _render_logged(self, finished: NodeFinished) -> Iterator[DagsterEvent]:
        unique_id = finished.unique_id
        if unique_id not in self.command.expected or unique_id in self._rendered:
            return
        if finished.status not in _CERTAIN:
            if is_failed(finished):
                self._log.error(
                    "%s: dbt reports %r. Details follow when `%s` has ended.",
                    unique_id,
                    finished.status,
                    self.command.dbt_command,
                )
            return
        self._early[unique_id] = finished
        for ready_id in self._order.add(unique_id, self._rendered):
            found = self._early.pop(ready_id)
            self.account.record(found)
            yield from self._render(found)

    def _render_ended(self, ended: StepEnded) -> Iterator[DagsterEvent]:
        self._early.clear()
        self._order.clear()
        nodes = list(ended.nodes)
        index = self._events.index
        if not ended.has_results and nodes:
            self._log.warning(
                "Step %d of the run has no run_results.json. What its nodes did is taken from its log, which lacks details"
                " and may lack nodes.",
                ended.step.index,
            )
            last = len(index.positions)
            nodes.sort(key=lambda node: index.positions.get(node.unique_id, last))
        for finished in nodes:
            is_success = finished.status in FINE_STATUSES
            if finished.unique_id in self._rendered and not is_success:
                self._contradictions.append(f"{finished.unique_id} ({finished.status})")
            if finished.unique_id not in index.all_ids and not is_hook(finished.unique_id):
                self._unknown.add(finished.unique_id)
            self.account.record(finished)
        for finished in nodes:
            if finished.unique_id in self._rendered:
                continue
            if self._retry is not None and finished.status not in FINE_STATUSES:
                self._held.append(finished)
            else:
                yield from self._render(finished)

    def _render(self, finished: NodeFinished) -> Iterator[DagsterEvent]:
        self._rendered.add(finished.unique_id)
        account = self.account
        reason = account.skip_reason(finished)
        if finished.status == SKIPPED and finished.unique_id in account.expected:
            text = cut(reason or "dbt gave no reason", whole=None)
            self._log.warning("%s was skipped: %s.", finished.unique_id, text)
        outcome = outcome_of(
            self._events.index,
            finished,
            command=self.command.arguments.command,
            skip_reason=reason,
            earlier=account.earlier(finished.unique_id),
        )
        if outcome is None:
            return
        run = self.runner.run
        assert run is not None, "a node is reported by a run"
        metadata = {
            **completed_at(finished, otherwise=datetime.now(timezone.utc)),
            **run_metadata(run),
        }
        for event in self._events.of(outcome):
            yield with_metadata(event, metadata)

    # -- the next run, and the end -----------------------------------------------------------------

    def _next_reports(self) -> Iterator[StepReport] | None:
        """Starts another run if the policy asks for one."""
        if self._retry is None or self._end().error is not None:
            return None
        failed = [finished for finished in self._held if is_failed(finished)]
        reason = self._retry.reason(failed)
        is_anew = not self.account.reported
        if is_anew:
            reason = self._retry.reason_for_all(self._end().error_without_failures)
        if reason is None:
            return None
        delay = self._retry.begin()
        self._log.warning("The platform tries again in %.1f s: %s.", delay, reason)
        if not self.runner.wait(delay):
            return None
        names = self.command.command_names
        if is_anew:
            return self.runner.execute(self.command.steps, commands=names)
        return self._retried(names)

    def _retried(self, names: frozenset[str]) -> Iterator[StepReport]:
        held, self._held = self._held, []
        failed_run = self.runner.run
        self.account.forget(finished.unique_id for finished in held)
        try:
            yield from self.runner.retry(commands=names)
        except DbtCloudRequestError as error:
            if self.runner.run is not failed_run:
                raise
            self._retry = None
            self._log.warning("The dbt platform does not retry the run: %s", error.message)
            for finished in held:
                self.account.record(finished)
            self._held = held

    def _end(self) -> CommandEnd:
        run = self.runner.run
        assert run is not None, "a run was started"
        return command_end(
            run,
            command=self.command.dbt_command,
            contradictions=self._contradictions,
            timeout_seconds=self.runner.exceeded_seconds,
        )

    def _warn_of_unknown_nodes(self) -> None:
        if self._unknown:
            run = self.runner.run
            commit = f" {run.git_sha}" if run is not None and run.git_sha else ""
            self._log.warning(
                "%d of the nodes that dbt reported are not in the state, so they have no events: %s. The run used a newer"
                " commit%s; refresh the state.",
                len(self._unknown),
                listed(self._unknown, limit=10),
                commit,
            )
