"""Runs a dbt command over the nodes of a step, accounts for all of them, and yields Dagster events."""

import logging
from collections.abc import Generator, Iterator, Sequence

from dbt_component.dbt_process.child.child_statuses import SKIPPED
from dbt_component.dbt_process.events import LogLine, NodeFinished, SkipCause
from dbt_component.dbt_process.requests import Invoke
from dbt_component.execution.account import Account
from dbt_component.execution.attempt import Attempt
from dbt_component.execution.event_text import cut
from dbt_component.execution.failure import DagsterDbtCliRuntimeError
from dbt_component.execution.outcomes import outcome_of
from dbt_component.execution.plan import write_request
from dbt_component.execution.retry import next_attempt
from dbt_component.execution.run_folder import RunFolder
from dbt_component.execution.step_events import DagsterEvent, StepEvents
from dbt_component.project.prepared import PreparedProject


class SelectedStep:
    """Runs a plan over the nodes of one step, in as many attempts as needed.

    Every expected node is reported by dbt, run in another attempt, or named in the error.

    Args:
        prepared: What is known of the project.
        events: Renders outcomes for this step.
        metadata: What to fetch of each relation that was built.
        log: The step's log.
    """

    def __init__(
        self,
        prepared: PreparedProject,
        events: StepEvents,
        *,
        metadata: Sequence[str],
        log: logging.Logger,
    ) -> None:
        self._prepared = prepared
        self._events = events
        self._metadata = metadata
        self._log = log
        self._running: Attempt | None = None

    def run(
        self, first: Attempt, folder: RunFolder, account: Account
    ) -> Generator[DagsterEvent, None, tuple[Attempt, DagsterDbtCliRuntimeError | None]]:
        """Runs dbt and yields one Dagster event for each node, as dbt reports it.

        Args:
            first: The first attempt.
            folder: The folder for others.
            account: Records the nodes that report.

        Returns:
            The last attempt, and the error of the command as a whole.
        """
        plan = first.plan
        if not plan.expected:
            first.stop()
            self._log.info(
                "Nothing to run: no selected node is one that `%s` runs.", plan.dbt_command
            )
            return first, None
        if not (plan.arguments.command.builds or plan.arguments.command.tests):
            self._log.warning("`%s` builds nothing: no asset is materialized.", plan.dbt_command)
        attempts = [first]
        yield from self._attempt(first, account)
        while (following := next_attempt(account, attempts)) is not None:
            reason = cut(following.retry_reason or "", whole=attempts[-1].log_path)
            self._log.warning("Attempt %d: %s.", len(attempts) + 1, reason)
            attempt = Attempt(following, folder.target_path(len(attempts) + 1))
            attempts.append(attempt)
            yield from self._attempt(attempt, account)
        return attempts[-1], account.failure(attempts[-1])

    def stop(self) -> None:
        """Stops dbt if an attempt is running."""
        if self._running is not None:
            self._running.stop()

    def request_for(self, attempt: Attempt) -> Invoke:
        """Writes what the attempt needs into its folder, and returns its request."""
        return write_request(
            attempt.plan, self._prepared, attempt.target_path, metadata=self._metadata
        )

    def _attempt(self, attempt: Attempt, account: Account) -> Iterator[DagsterEvent]:
        self._running = attempt
        try:
            finished = self._finished_nodes(attempt, account)
            if not attempt.plan.arguments.command.is_topological:
                # Dagster refuses an output after one that depends on it.
                finished = iter(sorted(finished, key=self._position))
            for node in finished:
                yield from self._report(node, attempt, account)
        finally:
            attempt.stop()

    def _finished_nodes(self, attempt: Attempt, account: Account) -> Iterator[NodeFinished]:
        for event in attempt.events(self.request_for(attempt)):
            if isinstance(event, NodeFinished):
                account.record(event)
                yield event
            elif isinstance(event, SkipCause):
                account.note_skip(event.unique_id, event.message)
            elif isinstance(event, LogLine) and event.name == "DbtComponent":
                self._log.warning(event.message)
        for late in account.unreported(attempt.result):
            account.record(late)
            yield late

    def _position(self, finished: NodeFinished) -> int:
        positions = self._prepared.manifest.index.positions
        return positions.get(finished.unique_id, len(positions))

    def _report(
        self, finished: NodeFinished, attempt: Attempt, account: Account
    ) -> Iterator[DagsterEvent]:
        reason = account.skip_reason(finished)
        if finished.status == SKIPPED and finished.unique_id in account.expected:
            text = cut(reason or finished.message or "", whole=attempt.log_path)
            self._log.warning("%s was skipped: %s", finished.unique_id, text)
        outcome = outcome_of(
            self._prepared.manifest.index,
            finished,
            command=attempt.plan.arguments.command,
            skip_reason=reason,
        )
        if outcome is not None:
            yield from self._events.of(outcome, log_path=attempt.log_path)
