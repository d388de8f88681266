"""Follows a run on the dbt platform to its end."""

import logging
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass

from dbt_component.cloud.client.client import DbtCloudClient
from dbt_component.cloud.client.run import CloudRun
from dbt_component.cloud.client.run_status import RunStatus
from dbt_component.cloud.client.run_step import CloudRunStep
from dbt_component.cloud.execution.deadline import Deadline
from dbt_component.cloud.execution.followed_step import FollowedStep
from dbt_component.cloud.execution.poll_pace import PollPace
from dbt_component.cloud.execution.step_reports import StepReport
from dbt_component.dbt_process.arguments import command_words
from dbt_component.errors import (
    CliArgsError,
    DbtCloudAnswerError,
    DbtCloudError,
    DbtCloudNotFoundError,
    DbtCloudUnavailableError,
)

_CANCEL_SECONDS = 20.0
_CANCELLED = "Cancelled run %d on the dbt platform: %s"


@dataclass(frozen=True)
class Patience:
    """How long failures of the platform are endured, in seconds.

    Args:
        without_answer: The platform does not answer, or not in its own form.
        without_run: It does not know the run that it has just started.
        without_results: A command that ran nodes has ended, the run is over, and there is no run_results.json.
        without_nodes: The same for a command that seems to have run no node.
    """

    without_answer: float = 1_800.0
    without_run: float = 60.0
    without_results: float = 60.0
    without_nodes: float = 5.0


class FollowedRun:
    """A run on the platform, asked about again and again until it is over.

    Failed requests are repeated, beyond what the client repeats itself. There is no limit of time unless
    ``timeout_seconds`` is given.

    Args:
        client: The account.
        run: The run, as it was when it was started.
        commands: Names of the dbt commands whose nodes are reported; other commands of the run, such as the platform's
            own `dbt deps`, are only logged.
        log: Gets changes of the run's status.
        timeout_seconds: After this time since now the run is cancelled.
        pace: How often the platform is asked.
        patience: How long failures are endured.
    """

    def __init__(
        self,
        client: DbtCloudClient,
        run: CloudRun,
        *,
        commands: frozenset[str],
        log: logging.Logger,
        timeout_seconds: float | None = None,
        pace: PollPace | None = None,
        patience: Patience | None = None,
    ) -> None:
        self.run = run
        """The run as it was last seen."""
        self.is_timed_out = False
        """Whether it was cancelled because of its limit of time."""
        self._client = client
        self._commands = commands | {"retry"}
        self._log = log
        self._pace = pace or PollPace()
        self._patience = patience or Patience()
        self._stopped = threading.Event()
        self._has_settled_cancel = False
        self._steps: dict[int, FollowedStep] = {}
        self._timeout_seconds = timeout_seconds
        self._ends_at = None if timeout_seconds is None else time.monotonic() + timeout_seconds
        self._answered_at = time.monotonic()
        self._has_answered = False
        self._has_complete_logs = False
        self._deadlines: dict[tuple[int, float], Deadline] = {}

    def reports(self) -> Iterator[StepReport]:
        """Yields what the run's commands report until it is over.

        Raises:
            DbtCloudError: The run can't be followed any longer, although it may go on; the message has its page.
        """
        is_new = True
        while not self._is_complete:
            if self._stopped.wait(self._pace.next_interval(is_anything_new=is_new)):
                return
            self._check_time()
            before = self.run
            if (run := self._ask()) is not None:
                self.run = run
                self._note_status(before)
                yield from self._read_steps(run)
            is_new = self.run != before

    @property
    def _is_complete(self) -> bool:
        return self.run.is_finished and all(step.is_over for step in self._steps.values())

    def stop(self) -> None:
        """Ends the following. Another thread may call it."""
        self._stopped.set()

    def cancel(self) -> None:
        """Cancels the run unless it is over or was cancelled, and logs that.

        Logs an error with its URL if that fails. A later call tries again, unless the platform has refused it.
        """
        if self.run.is_finished or self._has_settled_cancel:
            return
        limited = self._client.until(time.monotonic() + _CANCEL_SECONDS)
        try:
            status = limited.cancel(self.run.id).status
        except DbtCloudError as error:
            may_pass = isinstance(error, (DbtCloudUnavailableError, DbtCloudAnswerError))
            self._has_settled_cancel = not may_pass
            self._log.error(
                "Run %d on the dbt platform could not be cancelled, so it may go on; cancel it there: %s (%s)",
                self.run.id,
                self.run.url,
                error,
            )
        else:
            self._has_settled_cancel = True
            is_late = status in (RunStatus.SUCCESS, RunStatus.ERROR)
            text = "Run %d on the dbt platform had already ended: %s" if is_late else _CANCELLED
            self._log.info(text, self.run.id, self.run.url)

    # -- asking ------------------------------------------------------------------------------------

    def _ask(self) -> CloudRun | None:
        """The run now; ``None`` if the platform does not answer at the moment."""
        needs_all = any(step.needs_complete_log for step in self._steps.values())
        try:
            run = self._client.run(self.run.id, with_steps=True, with_debug_logs=needs_all)
        except (DbtCloudUnavailableError, DbtCloudAnswerError) as error:
            self._endure(error, self._patience.without_answer)
            return None
        except DbtCloudNotFoundError as error:
            self._endure(error, 0 if self._has_answered else self._patience.without_run)
            return None
        except DbtCloudError as error:
            raise self._lost(error) from error
        self._has_complete_logs = needs_all
        self._answered_at = time.monotonic()
        self._has_answered = True
        return run

    def _endure(self, error: DbtCloudError, seconds: float) -> None:
        waited = time.monotonic() - self._answered_at
        if waited >= seconds:
            raise self._lost(error) from error
        self._log.warning(
            "Asking about run %d on the dbt platform failed, and is tried again for up to %d s: %s",
            self.run.id,
            seconds - waited,
            error.message,
        )

    def _lost(self, error: DbtCloudError) -> DbtCloudError:
        return type(error)(
            f"Run {self.run.id} on the dbt platform can't be followed any longer: {error.message}",
            where=self.run.url,
            hint="The log says whether it could be cancelled. It may go on there, so look at it before you start another"
            " one." + (f" {error.hint}" if error.hint else ""),
        )

    def _check_time(self) -> None:
        """Cancels the run if its time is over, at each call until the platform has answered to that."""
        if self._ends_at is None or self.run.is_finished or time.monotonic() < self._ends_at:
            return
        if not self.is_timed_out:
            self.is_timed_out = True
            self._log.error(
                "Run %d on the dbt platform has not ended after %g s, its limit.",
                self.run.id,
                self._timeout_seconds,
            )
        self.cancel()

    def _note_status(self, before: CloudRun) -> None:
        run = self.run
        if run.status != before.status:
            detail = f": {run.status_message}" if run.status_message else ""
            self._log.info("Run %d on the dbt platform: %s%s", run.id, run.status, detail)

    # -- steps -------------------------------------------------------------------------------------

    def _read_steps(self, run: CloudRun) -> Iterator[StepReport]:
        for step in run.steps:
            if not self._is_reported(step):
                continue
            followed = self._steps.get(step.index)
            if followed is None:
                followed = self._steps[step.index] = FollowedStep(self._client, run.id, step.index)
                self._log.info("Run %d, step %d: %s", run.id, step.index, step.name)
            if followed.is_over:
                continue
            yield from followed.read(step, is_complete_log=self._has_complete_logs)
            if step.is_finished or run.is_finished:
                yield from self._end_step(followed, run)

    def _end_step(self, followed: FollowedStep, run: CloudRun) -> Iterator[StepReport]:
        known = frozenset(
            step.invocation_id
            for step in self._steps.values()
            if step is not followed and step.invocation_id is not None
        )
        try:
            ended = followed.fetch_results(known)
        except DbtCloudUnavailableError as error:
            if self._deadline(followed, self._patience.without_answer).is_over:
                raise self._lost(error) from error
            self._log.warning("Run %d on the dbt platform: %s", run.id, error.message)
            return
        except DbtCloudError as error:
            raise self._lost(error) from error
        if ended is not None:
            yield ended
            return
        if not run.is_finished:
            return
        seconds = self._patience.without_nodes
        if followed.may_have_results and run.status is not RunStatus.CANCELLED:
            seconds = self._patience.without_results
        if self._deadline(followed, seconds).is_over:
            yield followed.end_without_results()

    def _deadline(self, followed: FollowedStep, seconds: float) -> Deadline:
        return self._deadlines.setdefault((followed.index, seconds), Deadline(seconds))

    def _is_reported(self, step: CloudRunStep) -> bool:
        if step.command is None:
            return False
        try:
            return " ".join(command_words(step.command)) in self._commands
        except CliArgsError:
            return False
