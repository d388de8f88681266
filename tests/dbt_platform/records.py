"""The jobs and runs of the account, and the queue of each job."""

import itertools
import threading
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from tests.dbt_platform.account import Account
from tests.dbt_platform.answer import ApiError, not_found
from tests.dbt_platform.body import Body
from tests.dbt_platform.execution import CANCELLED, Executor
from tests.dbt_platform.job import Job
from tests.dbt_platform.run import Run
from tests.dbt_platform.statuses import RunStatus
from tests.dbt_platform.timestamps import now, show_time
from tests.dbt_platform.trigger import Trigger


class Records:
    """All access is under one lock. A job runs one run at a time; its other runs wait in its queue."""

    def __init__(self, folder: Path, account: Account, executor: Executor) -> None:
        self.account = account
        self._folder = folder
        self._executor = executor
        self._lock = threading.RLock()
        self._jobs: dict[int, Job] = {}
        self._runs: dict[int, Run] = {}
        self._waiting: dict[int, list[Run]] = {}
        self._workers: list[threading.Thread] = []
        self._job_ids = itertools.count(70_437_463_651_001)
        self._run_ids = itertools.count(70_437_463_655_001)
        self._is_closed = False

    def jobs(self) -> list[Job]:
        with self._lock:
            return [job for job in self._jobs.values() if job.state == 1]

    def job(self, id: int) -> Job:
        with self._lock:
            job = self._jobs.get(id)
        if job is None or job.state != 1:
            raise not_found()
        return job

    def create_job(self, body: Body) -> Job:
        with self._lock:
            time = show_time(now()) or ""
            job = Job.from_body(
                body, self.account, id=next(self._job_ids), created_at=time, updated_at=time
            )
            self._jobs[job.id] = job
            return job

    def add_job(
        self,
        name: str,
        steps: list[str],
        *,
        threads: int,
        environment_id: int,
        job_type: str = "other",
    ) -> Job:
        with self._lock:
            time = show_time(now()) or ""
            job = Job(
                next(self._job_ids),
                environment_id,
                name,
                steps,
                time,
                time,
                threads=threads,
                job_type=job_type,
            )
            self._jobs[job.id] = job
            return job

    def update_job(self, id: int, body: Body) -> Job:
        with self._lock:
            job = self.job(id)
            changed = Job.from_body(
                body,
                self.account,
                id=id,
                created_at=job.created_at,
                updated_at=show_time(now()) or "",
            )
            self._jobs[id] = changed
            return changed

    def delete_job(self, id: int) -> Job:
        with self._lock:
            deleted = replace(self.job(id), state=2, updated_at=show_time(now()) or "")
            self._jobs[id] = deleted
            return deleted

    def runs(self) -> list[Run]:
        with self._lock:
            return [run for run in self._runs.values() if not run.is_deleted]

    def run(self, id: int) -> Run:
        with self._lock:
            run = self._runs.get(id)
        if run is None or run.is_deleted:
            raise not_found()
        return run

    def delete_run(self, id: int) -> None:
        with self._lock:
            self.run(id).is_deleted = True

    def is_latest(self, run: Run) -> bool:
        """Whether no later run of the job exists."""
        return all(other.id <= run.id for other in self.runs() if other.job.id == run.job.id)

    def trigger(self, job_id: int, trigger: Trigger) -> Run:
        with self._lock:
            job = self.job(job_id)
            return self._enqueue(job, trigger, ["dbt deps", *job.commands(trigger)])

    def retry(self, run_id: int) -> Run:
        """Enqueues a run that goes on at the failed command of another."""
        with self._lock:
            run = self.run(run_id)
            reason = run.reason_against_retry(is_latest=self.is_latest(run))
            if reason is not None:
                raise ApiError(400, f"This run cannot be retried: {reason}.")
            commands = ["dbt deps", "dbt retry", *run.skipped_commands]
            trigger = replace(run.trigger, cause="Retried", cause_category="rerun")
            return self._enqueue(run.job, trigger, commands, retrying=run)

    def rerun(self, job_id: int) -> Run:
        """Retries the job's latest run if that is possible; otherwise triggers a new run."""
        with self._lock:
            job = self.job(job_id)
            runs = [run for run in self.runs() if run.job.id == job.id]
            if runs and runs[-1].reason_against_retry(is_latest=True) is None:
                return self.retry(runs[-1].id)
            return self.trigger(job_id, Trigger("Triggered again", cause_category="rerun"))

    def cancel(self, run_id: int) -> Run:
        """Asks the run to end; a queued run has ended on return, a finished one stays as it is."""
        with self._lock:
            run = self.run(run_id)
            self._cancel(run)
            return run

    def add_finished_run(
        self, job_id: int, status: RunStatus, created_at: datetime, finished_at: datetime
    ) -> Run:
        """Records a run that never ran: no steps, no artifacts. Only for tests of long lists."""
        with self._lock:
            run = self._record(self.job(job_id), Trigger("Recorded"), [], created_at)
            run.dequeued_at = run.started_at = created_at
            run.finish(status)
            run.finished_at = finished_at
            return run

    def close(self) -> None:
        """Cancels all runs and waits for their ends."""
        with self._lock:
            self._is_closed = True
            for run in self._runs.values():
                if not run.status.is_complete:
                    self._cancel(run)
            workers = list(self._workers)
        for worker in workers:
            worker.join()

    def _cancel(self, run: Run) -> None:
        run.cancel.set()
        waiting = self._waiting.get(run.job.id, [])
        if run in waiting:
            waiting.remove(run)
            run.finish(RunStatus.CANCELLED, CANCELLED)

    def _enqueue(
        self, job: Job, trigger: Trigger, commands: list[str], *, retrying: Run | None = None
    ) -> Run:
        if self._is_closed:
            raise ApiError(503, "The stand-in is closed.")
        run = self._record(job, trigger, commands, now())
        if retrying is not None:
            run.retrying, run.git_sha = retrying, retrying.git_sha
        if job.id in self._waiting:
            self._waiting[job.id].append(run)
        else:
            self._waiting[job.id] = [run]
            worker = threading.Thread(
                target=self._work, args=[job.id], name=f"job-{job.id}", daemon=True
            )
            self._workers.append(worker)
            worker.start()
        return run

    def _record(self, job: Job, trigger: Trigger, commands: list[str], created_at: datetime) -> Run:
        id = next(self._run_ids)
        run = Run(
            id, job, trigger, self._folder / str(id), self.account.dbt_version, created_at, commands
        )
        self._runs[id] = run
        return run

    def _work(self, job_id: int) -> None:
        """Executes the runs of a job's queue until it is empty."""
        while True:
            with self._lock:
                if not self._waiting[job_id]:
                    del self._waiting[job_id]
                    return
                run = self._waiting[job_id].pop(0)
            self._executor.execute(run)
