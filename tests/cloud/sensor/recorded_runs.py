"""Runs in the staging environment of the stand-in platform, with results that real dbt wrote once."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone

from tests.dbt_platform import StandInPlatform
from tests.dbt_platform.run import Run


@dataclass
class RecordedRuns:
    """Adds runs that seem to have just finished; ``close`` removes them all.

    ``add`` gives a run the steps, logs and artifacts of one that dbt has really run in the production environment.
    """

    platform: StandInPlatform
    job_name: str = "nightly"
    begin: datetime = field(default_factory=lambda: datetime.now(timezone.utc))

    def __post_init__(self) -> None:
        self._jobs: dict[str, int] = {}
        self._added: list[int] = []

    def job(self, name: str) -> int:
        if name not in self._jobs:
            staging = self.platform.staging_environment_id
            job = self.platform.create_job(name, ["dbt build"], environment_id=staging)
            self._jobs[name] = job.id
        return self._jobs[name]

    def add(self, source: Run | None, *, seconds: float = 0, job_name: str | None = None) -> Run:
        """A run that finished ``seconds`` after this object was made; without steps if there is no source."""
        finished_at = self.begin + timedelta(seconds=seconds)
        run = self.platform.add_finished_run(
            self.job(job_name or self.job_name),
            **({} if source is None else {"status": source.status}),
            created_at=finished_at - timedelta(minutes=1),
            finished_at=finished_at,
        )
        if source is not None:
            run.steps = source.steps
            run.git_sha = source.git_sha
        self._added.append(run.id)
        return run

    def start(self, steps: list[str]) -> Run:
        """Starts a real run, as a person does on the platform's pages, and waits for its end."""
        run = self.platform.trigger(self.job(self.job_name), steps)
        self._added.append(run.id)
        return self.platform.wait_for(run.id)

    def delete(self, run: Run) -> None:
        self.platform.delete_run(run.id)
        self._added.remove(run.id)

    def close(self) -> None:
        self.platform.clear_faults()
        for run_id in self._added:
            self.platform.delete_run(run_id)
        for job_id in self._jobs.values():
            self.platform.delete_job(job_id)
