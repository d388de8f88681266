"""Starts runs on the platform and follows them; none outlives the step or script that started it unnoticed."""

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
from dbt_component.errors import DbtCloudError
from dbt_component.execution.run_worker import interrupted_without_run_worker

_SEARCHED_RUNS = 20
_CANCEL_SECONDS = 20.0


@dataclass
class PlatformRunner:
    """Runs steps on the platform.

    Args:
        client: The account.
        pick_job: Chooses the job for the next run.
        log: The log of the step, or of this package.
        purpose: What the runs are for, as part of their cause.
        note: Called with each run as soon as it has been started.
        timeout_seconds: The limit of time of each run; ``None`` for none.
        pace: How often the platform is asked.
        patience: How long failures of the platform are endured.
    """

    client: DbtCloudClient
    pick_job: Callable[[], int]
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
            DbtCloudError: The run can't be started or followed.
        """
        yield from self._follow(self._start(steps), commands)

    def retry(self, *, commands: frozenset[str]) -> Iterator[StepReport]:
        """Lets the platform run again what failed or was skipped in the last run, as ``execute`` does.

        Raises:
            DbtCloudError: The platform does not retry the run, or it can't be followed.
        """
        assert self.run is not None, "a run was started before"
        yield from self._follow(self.client.retry(self.run.id), commands)

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
        try:
            self.log.info("Run %d on the dbt platform: %s", run.id, run.url)
            self.note(run)
            with interrupted_without_run_worker():
                yield from followed.reports()
        finally:
            followed.cancel()

    def _start(self, steps: tuple[str, ...]) -> CloudRun:
        cause = unique_cause(self.purpose)
        job_id = self.pick_job()
        try:
            return self.client.trigger(job_id, steps=steps, cause=cause)
        except DbtCloudError:
            raise
        except BaseException:  # interrupted: the platform may have started the run
            self._cancel_caused(job_id, cause)
            raise

    def _cancel_caused(self, job_id: int, cause: str) -> None:
        limited = self.client.until(time.monotonic() + _CANCEL_SECONDS)
        try:
            job = limited.job(job_id)
            for run in limited.runs(
                project_id=job.project_id,
                environment_id=job.environment_id,
                job_id=job_id,
                limit=_SEARCHED_RUNS,
            ):
                if run.cause == cause:
                    limited.cancel(run.id)
                    self.log.info("Cancelled run %d on the dbt platform: %s", run.id, run.url)
        except DbtCloudError as error:
            self.log.error(
                "The start of a run of job %d on the dbt platform was interrupted, and whether it started is unknown. Its"
                " cause is %r. %s",
                job_id,
                cause,
                error.message,
            )
