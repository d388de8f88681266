"""Starts runs on the platform and follows them; none outlives the step or script that started it unnoticed."""

import contextlib
import logging
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from dbt_component.cloud.cause import unique_cause
from dbt_component.cloud.client.client import DbtCloudClient
from dbt_component.cloud.client.run import CloudRun
from dbt_component.cloud.execution.followed_run import FollowedRun, Patience
from dbt_component.cloud.execution.poll_pace import PollPace
from dbt_component.cloud.execution.step_reports import StepReport
from dbt_component.errors import (
    DbtCloudAnswerError,
    DbtCloudError,
    DbtCloudUnavailableError,
)
from dbt_component.execution.run_worker import interrupted_without_run_worker

PickJob = Callable[[Callable[[float], bool]], int]
_SEARCHED_RUNS = 20
_CANCEL_SECONDS = 20.0
_SEARCH_SECONDS = 1.0
_PASSING = (DbtCloudUnavailableError, DbtCloudAnswerError)


@dataclass
class PlatformRunner:
    """Runs steps on the platform.

    Args:
        client: The account.
        pick_job: Chooses the job for the next run. If it has to wait for one, it does so with the function that it is
            given, which waits for some seconds and says whether to give up.
        log: The log of the step, or of this package.
        purpose: What the runs are for, as part of their cause.
        note: Called with each run as soon as it has been started.
        timeout_seconds: The limit of time of each run; ``None`` for none.
        pace: How often the platform is asked.
        patience: How long failures of the platform are endured.
    """

    client: DbtCloudClient
    pick_job: PickJob
    log: logging.Logger
    purpose: str
    note: Callable[[CloudRun], None] = lambda _: None
    timeout_seconds: float | None = None
    pace: PollPace = field(default_factory=PollPace)
    patience: Patience = field(default_factory=Patience)
    _followed: FollowedRun | None = None
    _stopped: threading.Event = field(default_factory=threading.Event)

    @property
    def run(self) -> CloudRun | None:
        """The last run, as it was last seen; ``None`` if none was started."""
        return None if self._followed is None else self._followed.run

    @property
    def exceeded_seconds(self) -> float | None:
        """The limit of time because of which the last run was cancelled; ``None`` if it was not."""
        timed_out = self._followed is not None and self._followed.is_timed_out
        return self.timeout_seconds if timed_out else None

    def execute(self, steps: tuple[str, ...], *, commands: frozenset[str]) -> Iterator[StepReport]:
        """Starts a run with these steps and yields what it reports. It is cancelled if the iteration ends before it.

        Args:
            steps: dbt commands.
            commands: Names of the commands whose nodes are reported.

        Raises:
            DbtCloudError: The run can't be started or followed, or ``stop`` was called before.
        """
        yield from self._follow(self._start(steps), commands)

    def retry(self, *, commands: frozenset[str]) -> Iterator[StepReport]:
        """Lets the platform run again what failed or was skipped in the last run, as ``execute`` does.

        Raises:
            DbtCloudError: The platform does not retry the run, or it can't be followed.
        """
        failed = self.run
        assert failed is not None, "a run was started before"
        with self._cancelled_if_interrupted(
            failed.job_id, f"retries run {failed.id}", lambda run: run.retrying_run_id == failed.id
        ):
            run = self.client.retry(failed.id)
        yield from self._follow(run, commands)

    def wait(self, seconds: float) -> bool:
        """Waits; false if ``stop`` was called meanwhile."""
        return not self._stopped.wait(seconds)

    def stop(self) -> None:
        """Ends the following and cancels the run if it is not over. Another thread may call it."""
        self._stopped.set()
        if self._followed is not None:
            self._followed.stop()
            self._followed.cancel()

    def _follow(self, run: CloudRun, commands: frozenset[str]) -> Iterator[StepReport]:
        followed = self._followed = FollowedRun(
            self.client,
            run,
            commands=commands,
            log=self.log,
            timeout_seconds=self.timeout_seconds,
            pace=self.pace,
            patience=self.patience,
        )
        if self._stopped.is_set():  # while the run was being started
            followed.stop()
        try:
            self.log.info("Run %d on the dbt platform: %s", run.id, run.url)
            self.note(run)
            with interrupted_without_run_worker():
                yield from followed.reports()
        finally:
            followed.cancel()

    def _start(self, steps: tuple[str, ...]) -> CloudRun:
        if self._stopped.is_set():
            raise DbtCloudError("The command was stopped before its run was started.")
        cause = unique_cause(self.purpose)
        job_id = self.pick_job(self._stopped.wait)
        with self._cancelled_if_interrupted(
            job_id, f"has the cause {cause!r}", lambda run: run.cause == cause
        ):
            return self.client.trigger(job_id, steps=steps, cause=cause)

    @contextlib.contextmanager
    def _cancelled_if_interrupted(
        self, job_id: int, mark: str, is_it: Callable[[CloudRun], bool]
    ) -> Iterator[None]:
        """Cancels a run that the platform may have started although its start was interrupted, or got no answer.

        Args:
            job_id: The job of the run.
            mark: What tells the run from others, for people.
            is_it: Whether it is the run.
        """
        try:
            yield
        except _PASSING:
            self._cancel_started(job_id, mark, is_it)
            raise
        except DbtCloudError:  # refused: there is no run
            raise
        except BaseException:
            self._cancel_started(job_id, mark, is_it)
            raise

    def _cancel_started(self, job_id: int, mark: str, is_it: Callable[[CloudRun], bool]) -> None:
        """Looks for the run for some time, as the platform may be away only for a moment."""
        end = time.monotonic() + _CANCEL_SECONDS
        limited = self.client.until(end)
        while True:
            try:
                return self._cancel_runs(limited, job_id, is_it)
            except DbtCloudError as error:
                may_pass = isinstance(error, _PASSING)
                if not may_pass or time.monotonic() + _SEARCH_SECONDS >= end:
                    self.log.error(
                        "Whether the platform started a run of job %d is unknown; it may go on there. It is the one that"
                        " %s. %s",
                        job_id,
                        mark,
                        error.message,
                    )
                    return None
            time.sleep(_SEARCH_SECONDS)

    def _cancel_runs(
        self, client: DbtCloudClient, job_id: int, is_it: Callable[[CloudRun], bool]
    ) -> None:
        job = client.job(job_id)
        for run in client.runs(
            project_id=job.project_id,
            environment_id=job.environment_id,
            job_id=job_id,
            limit=_SEARCHED_RUNS,
        ):
            if is_it(run) and not run.is_finished:
                client.cancel(run.id)
                self.log.info("Cancelled run %d on the dbt platform: %s", run.id, run.url)
