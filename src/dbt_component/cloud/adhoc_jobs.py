"""The pool of jobs on the dbt platform in which runs of Dagster execute their commands.

A run on the platform belongs to a job. Dagster's commands differ from run to run, so they override the steps of jobs
that exist for this purpose only. The platform runs one run of a job at a time, and queues the others.
"""

import logging
import secrets
import threading
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Literal

from dbt_component.cloud.client.client import DbtCloudClient
from dbt_component.cloud.client.job import CloudJob
from dbt_component.cloud.client.run_status import RunStatus
from dbt_component.cloud.place import Place
from dbt_component.errors import DbtCloudError

PREFIX = "DAGSTER_ADHOC_JOB__"
"""What the default names of these jobs begin with; it is dagster-dbt's."""
PoolMode = Literal["overflow", "wait", "fail"]
"""What happens while all ad hoc jobs are busy: the run is queued on one of them, waits for one, or is an error."""
_ACTIVE = (RunStatus.QUEUED, RunStatus.STARTING, RunStatus.RUNNING)
_POLL_SECONDS = 5.0
_DESCRIPTION = "Runs commands of Dagster, which overrides its steps. Made by dbt-component; it may be deleted at any time."

_logger = logging.getLogger("dbt_component")


class AdhocJobs:
    """The ad hoc jobs of an environment, which are made when they are first needed.

    Args:
        client: Speaks to the platform.
        place: The environment.
        name: The name of the first job. Default: made of the ids of the project and the environment, as in dagster-dbt.
        size: How many jobs there are.
        mode: What happens while all of them are busy: ``overflow`` queues the run on the one with the fewest, ``wait`` waits for one,
            ``fail`` is an error.
    """

    def __init__(
        self,
        client: DbtCloudClient,
        place: Place,
        *,
        name: str | None = None,
        size: int = 1,
        mode: PoolMode = "overflow",
    ) -> None:
        self._client = client
        self._place = place
        self._name = name
        self._size = size
        self._mode = mode

    def pick(self, is_stopped: Callable[[float], bool] | None = None) -> int:
        """The id of the job for the next run: any of those with the fewest unfinished runs. One that was deleted is made again.

        A pool of one job is not asked whether it is busy, unless the mode needs it.

        Args:
            is_stopped: Waits for some seconds, and says whether to give up, for the mode ``wait``. Default: never.

        Raises:
            DbtCloudError: All jobs are busy and the mode is ``fail``, or waiting was stopped; or the platform can't be
                asked.
        """
        is_stopped = is_stopped or threading.Event().wait
        jobs = self.jobs()
        if self._mode == "overflow" and len(jobs) == 1:
            return jobs[0].id
        has_said = False
        while True:
            waiting = self.unfinished_runs()
            chosen = _any_of_least(jobs, waiting)
            if self._mode == "overflow" or not waiting[chosen.id]:
                return chosen.id
            if self._mode == "fail":
                raise DbtCloudError(
                    f"All {len(jobs)} ad hoc jobs are busy: {', '.join(job.name for job in jobs)}.",
                    where=str(self._place),
                    hint="Wait for their runs, raise `adhoc_job_pool_size`, or set `adhoc_job_pool_mode` to `wait` or"
                    " `overflow`.",
                )
            if not has_said:
                has_said = True
                _logger.info("All %d ad hoc jobs are busy; waiting for one.", len(jobs))
            if is_stopped(_POLL_SECONDS):
                raise DbtCloudError(
                    "Waiting for an ad hoc job was stopped.", where=str(self._place)
                )

    def jobs(self) -> Sequence[CloudJob]:
        """The jobs of the pool, in order; those that do not exist are made.

        Raises:
            DbtCloudError: The platform can't be asked, does not let this token make jobs, or has none in this environment.
        """
        names = self._names
        found = self._find(names)
        if missing := [name for name in names if name not in found]:
            self._check_environment()
            made = {name: self._make(name) for name in missing}
            # Another process may have made them at the same time: the oldest of each name is the one to use.
            found = {**made, **self._find(names)}
        return [found[name] for name in names]

    def leftovers(self) -> list[CloudJob]:
        """All ad hoc jobs of the environment, also those of earlier names, sizes and of dagster-dbt."""
        own = set(self._names)
        return [job for job in self._all() if job.name in own or job.name.startswith(PREFIX)]

    @property
    def _names(self) -> list[str]:
        place = self._place
        first = self._name or f"{PREFIX}{place.project_id}__{place.environment_id}"
        return [first, *(f"{first}__{number}" for number in range(1, self._size))]

    def _all(self) -> list[CloudJob]:
        place = self._place
        return self._client.jobs(project_id=place.project_id, environment_id=place.environment_id)

    def _find(self, names: Sequence[str]) -> dict[str, CloudJob]:
        found: dict[str, CloudJob] = {}
        for job in sorted(self._all(), key=lambda job: job.id):
            if job.name in names:
                found.setdefault(job.name, job)
        return found

    def _check_environment(self) -> None:
        """Says what the platform does not: which of the ids is the wrong one."""
        place = self._place
        environment = self._client.environment(place.environment_id)
        if environment.project_id != place.project_id:
            raise DbtCloudError(
                f"Environment {environment.id} ({environment.name!r}) belongs to project {environment.project_id}, not to"
                f" project {place.project_id}.",
                where=str(place),
                hint="Set `environment_id` to an environment of that project, or `project_id` to this one's.",
            )
        if environment.type == "development":
            raise DbtCloudError(
                f"Environment {environment.id} ({environment.name!r}) is for development: it has no jobs and no runs.",
                where=str(place),
                hint="Set `environment_id` to a deployment environment, such as production.",
            )

    def _make(self, name: str) -> CloudJob:
        return self._client.create_job(
            name,
            project_id=self._place.project_id,
            environment_id=self._place.environment_id,
            steps=["dbt parse"],
            description=_DESCRIPTION,
        )

    def unfinished_runs(self) -> Counter[int]:
        """How many runs of each job have not ended, by the job's id."""
        place = self._place
        runs = self._client.runs(
            project_id=place.project_id, environment_id=place.environment_id, statuses=_ACTIVE
        )
        return Counter(run.job_id for run in runs)


def _any_of_least(jobs: Sequence[CloudJob], waiting: Counter[int]) -> CloudJob:
    """Steps that begin at the same moment see the same jobs idle, so it is not always the first of them."""
    least = min(waiting[job.id] for job in jobs)
    return secrets.choice([job for job in jobs if waiting[job.id] == least])
