"""The client of the dbt platform's Administrative API (v2).

See: https://docs.getdbt.com/dbt-cloud/api-v2
"""

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime, timedelta, timezone
from functools import partial
from typing import TYPE_CHECKING, TypeVar
from urllib.parse import quote

import msgspec

from dbt_component.cloud.access_url import DEFAULT_ACCESS_URL, AccessUrl, parse_access_url
from dbt_component.cloud.client.environment import CloudEnvironment, read_environment
from dbt_component.cloud.client.fields import Fields
from dbt_component.cloud.client.job import CloudJob, read_job
from dbt_component.cloud.client.pages import Page, iterate_pages, read_page
from dbt_component.cloud.client.run import CloudRun, read_run
from dbt_component.cloud.client.run_status import RunStatus
from dbt_component.errors import DbtCloudNotFoundError, DbtCloudRequestError

if TYPE_CHECKING:
    from dbt_component.cloud.client.http import Query

_READ_ACCOUNT = "read the account (permission set Account Viewer)"
_READ_JOBS = "read jobs and runs (permission set Job Viewer or Account Viewer)"
_RUN_JOBS = "run jobs (permission set Job Runner or Job Admin)"
_EDIT_JOBS = "create and delete jobs (permission set Job Admin)"
_NEWEST_RUNS = 100
_FIRST_DAY = datetime(2016, 1, 1, tzinfo=timezone.utc)

T = TypeVar("T")


class DbtCloudClient:
    """Reads and changes what one account on the dbt platform holds. Threads may share a client.

    Each method sends at least one request. A request that fails in a way that may pass is repeated: lost
    connections, exceeded time limits, truncated and malformed answers, and the statuses 429, 500, 502, 503 and
    504. No method takes effect twice because of that.

    Args:
        account_id: The number in the address of the account's pages.
        token: A service token or personal access token. It is never shown.
        access_url: The account's access URL, as ``parse_access_url`` accepts it.
        timeout_seconds: For connecting, and for each wait for data.
        max_retries: How often a request is repeated.
        retry_delay_seconds: The wait before the first repetition. It doubles each time, with jitter.

    Raises:
        DbtCloudError: The access URL is none.
        DbtCloudAuthError: The token is empty or malformed. Each method raises it if the platform rejects the
            token, or the token lacks a permission.
        DbtCloudNotFoundError: By each method that says no other: there is no such object.
        DbtCloudRequestError: By each method: the platform refuses the request.
        DbtCloudUnavailableError: By each method: the platform did not answer, however often it was asked.
        DbtCloudAnswerError: By each method: the answer is not of the documented form.
    """

    def __init__(
        self,
        account_id: int,
        *,
        token: str,
        access_url: str = DEFAULT_ACCESS_URL,
        timeout_seconds: float = 15.0,
        max_retries: int = 3,
        retry_delay_seconds: float = 0.25,
    ) -> None:
        # Every load of definitions imports this module, and requests takes half the time of importing all of `cloud`.
        from dbt_component.cloud.client.http import CloudHttp

        self.account_id = account_id
        self.access_url: AccessUrl = parse_access_url(access_url)
        self._http = CloudHttp(
            self.access_url,
            account_id,
            token=token,
            timeout_seconds=timeout_seconds,
            max_retries=max_retries,
            retry_delay_seconds=retry_delay_seconds,
        )

    def __repr__(self) -> str:
        return f"DbtCloudClient({self.account_id}, access_url={self.access_url.text!r})"

    @property
    def place(self) -> str:
        """The access URL and account, for messages."""
        return self._http.place

    def until(self, deadline: float) -> "DbtCloudClient":
        """A client with the same connections whose requests end at a time of ``time.monotonic()``.

        A request that would last longer raises DbtCloudUnavailableError.
        """
        limited = object.__new__(DbtCloudClient)
        limited.__dict__.update(self.__dict__)
        limited._http = self._http.until(deadline)
        return limited

    def close(self) -> None:
        """Closes the connections. A later request opens new ones."""
        self._http.close()

    def account_name(self) -> str:
        """The name of the account."""
        return self._get("", "account", _READ_ACCOUNT, lambda data: data.text("name"))

    def project_name(self, project_id: int) -> str:
        """The name of a project."""
        return self._get(
            f"projects/{project_id}/",
            f"project {project_id}",
            _READ_ACCOUNT,
            lambda data: data.text("name"),
        )

    def environment(self, environment_id: int) -> CloudEnvironment:
        """An environment."""
        return self._get(
            f"environments/{environment_id}/",
            f"environment {environment_id}",
            _READ_ACCOUNT,
            read_environment,
        )

    def environments(self, project_id: int) -> list[CloudEnvironment]:
        """All environments of a project."""
        return list(
            self._list(
                "environments/",
                {"project_id": project_id},
                f"environments of project {project_id}",
                _READ_ACCOUNT,
                read_environment,
            )
        )

    def jobs(self, *, project_id: int, environment_id: int) -> list[CloudJob]:
        """All jobs of an environment, oldest first. A request for each 100."""
        return list(
            self._list(
                "jobs/",
                {"project_id": project_id, "environment_id": environment_id, "order_by": "id"},
                f"jobs of environment {environment_id}",
                _READ_JOBS,
                read_job,
            )
        )

    def job(self, job_id: int) -> CloudJob:
        """A job."""
        return self._get(f"jobs/{job_id}/", f"job {job_id}", _READ_JOBS, read_job)

    def create_job(
        self,
        name: str,
        *,
        project_id: int,
        environment_id: int,
        steps: Sequence[str],
        description: str = "",
        threads: int = 4,
    ) -> CloudJob:
        """Creates a job without triggers of its own.

        If an attempt fails though the platform may have created it, the newest job of that name is returned.

        Args:
            name: Names need not be unique on the platform.
            project_id: The project of the environment.
            environment_id: Where its runs run.
            steps: dbt commands, such as ``dbt build``.
            description: Text for people.
            threads: How many nodes its runs build at a time.
        """

        def find() -> CloudJob | None:
            jobs = self.jobs(project_id=project_id, environment_id=environment_id)
            named = [job for job in jobs if job.name == name and job.execute_steps == tuple(steps)]
            return max(named, key=lambda job: job.id, default=None)

        body = {
            "account_id": self.account_id,
            "project_id": project_id,
            "environment_id": environment_id,
            "name": name,
            "description": description,
            "execute_steps": list(steps),
            "job_type": "other",
            "state": 1,
            "generate_docs": False,
            "run_generate_sources": False,
            "settings": {"threads": threads, "target_name": "default"},
            "triggers": {
                "github_webhook": False,
                "git_provider_webhook": False,
                "schedule": False,
                "on_merge": False,
            },
        }
        return self._http.post(
            "jobs/",
            body,
            subject=f"the new job {name!r}",
            permission=_EDIT_JOBS,
            read=lambda answer: read_job(answer.nested("data")),
            find_result=find,
        )

    def delete_job(self, job_id: int) -> bool:
        """Deletes a job. ``False``: there was none any more."""
        try:
            self._http.delete(f"jobs/{job_id}/", subject=f"job {job_id}", permission=_EDIT_JOBS)
        except DbtCloudNotFoundError:
            return False
        return True

    def trigger(self, job_id: int, *, steps: Sequence[str] | None, cause: str) -> CloudRun:
        """Starts a run of a job.

        One call makes one run. If an attempt fails though the platform may have started a run, its newest runs
        are searched for the cause before another attempt, after a time-out for as long as the time-out was. A
        second run that shows up until the method returns is cancelled.

        Args:
            job_id: The job.
            steps: dbt commands instead of the job's own; ``None`` for the job's own.
            cause: Must be unique: the run is recognised by it.
        """
        attempts = 0

        def find() -> CloudRun | None:
            nonlocal attempts
            attempts += 1
            return min(self._caused(job_id, cause), key=lambda run: run.id, default=None)

        body: dict[str, object] = {"cause": cause}
        if steps is not None:
            body["steps_override"] = list(steps)
        run = self._http.post(
            f"jobs/{job_id}/run/",
            body,
            subject=f"a run of job {job_id}",
            permission=_RUN_JOBS,
            # The answer to a trigger does not repeat the cause.
            read=lambda answer: msgspec.structs.replace(
                self._read_run(answer.nested("data")), cause=cause
            ),
            find_result=find,
        )
        return run if attempts == 0 else self._only_run(run, cause)

    def run(
        self, run_id: int, *, with_steps: bool = False, with_debug_logs: bool = False
    ) -> CloudRun:
        """A run.

        Args:
            run_id: The run.
            with_steps: With its steps, which may be large as they contain logs.
            with_debug_logs: With the complete debug logs of its steps, which may be very large; implies
                ``with_steps``.
        """
        related = ["trigger", "job", "environment"]
        if with_steps or with_debug_logs:
            related.append("run_steps")
        if with_debug_logs:
            related.append("debug_logs")
        return self._get(
            f"runs/{run_id}/",
            f"run {run_id}",
            _READ_JOBS,
            self._read_run,
            {"include_related": json.dumps(related)},
        )

    def runs(
        self,
        *,
        project_id: int,
        environment_id: int,
        job_id: int | None = None,
        statuses: Iterable[RunStatus] = (),
        finished_after: datetime | None = None,
        finished_before: datetime | None = None,
        order_by: str = "-id",
        limit: int | None = None,
    ) -> Iterator[CloudRun]:
        """Runs of an environment without their steps, each once.

        Pages of 100 are fetched as they are needed. Runs that appear or vanish meanwhile make no other run be
        left out or come twice.

        Args:
            project_id: The project of the environment.
            environment_id: The environment.
            job_id: Of this job only.
            statuses: Of these only; empty for all.
            finished_after: Finished at this time or later.
            finished_before: Finished at this time or earlier.
            order_by: A field of the platform's runs, after a minus sign for the opposite order.
            limit: The most runs to return.
        """
        query: dict[str, str | int] = {
            "project_id": project_id,
            "environment_id": environment_id,
            "order_by": order_by,
            "include_related": '["trigger", "job"]',
        }
        if job_id is not None:
            query["job_definition_id"] = job_id
        if numbers := [int(status) for status in statuses]:
            query["status__in"] = json.dumps(numbers)
        if finished_after or finished_before:
            first = finished_after or _FIRST_DAY
            last = finished_before or datetime.now(timezone.utc) + timedelta(days=1)
            query["finished_at__range"] = json.dumps([first.isoformat(), last.isoformat()])
        subject = f"runs of job {job_id}" if job_id else f"runs of environment {environment_id}"
        return self._list("runs/", query, subject, _READ_JOBS, self._read_run, limit)

    def cancel(self, run_id: int) -> CloudRun:
        """Cancels a run. A run that is over stays as it is and is returned."""

        def find_over() -> CloudRun | None:
            run = self.run(run_id)
            return run if run.is_finished else None

        try:
            return self._http.post(
                f"runs/{run_id}/cancel/",
                {},
                subject=f"run {run_id}",
                permission=_RUN_JOBS,
                read=lambda answer: self._read_run(answer.nested("data")),
                find_result=find_over,
            )
        except DbtCloudRequestError:
            if (run := find_over()) is not None:
                return run
            raise

    def retry(self, run_id: int) -> CloudRun:
        """Starts a run that resumes a failed one: it runs the nodes that failed or were skipped.

        One call makes one run. If an attempt fails though the platform may have started the run, it is searched
        for before another attempt.

        Raises:
            DbtCloudRequestError: The run did not fail, or is not the newest of its job.
        """
        failed = self.run(run_id)

        def find() -> CloudRun | None:
            newest = self._newest_runs(failed.project_id, failed.environment_id, failed.job_id)
            return next((run for run in newest if run.retrying_run_id == run_id), None)

        return self._http.post(
            f"runs/{run_id}/retry/",
            {},
            subject=f"a retry of run {run_id}",
            permission=_RUN_JOBS,
            read=lambda answer: self._read_run(answer.nested("data")),
            find_result=find,
        )

    def artifact_paths(self, run_id: int, *, step: int | None = None) -> list[str]:
        """The paths of a run's artifacts; empty if there is no such run, or it has none.

        Args:
            run_id: The run.
            step: The index of a step; ``None`` for the last one. The platform documents no such parameter for the list
                and may ignore it.
        """

        def read(answer: Fields) -> list[str]:
            return list(answer.texts("data"))

        try:
            return self._http.get(
                f"runs/{run_id}/artifacts/",
                {} if step is None else {"step": step},
                subject=f"artifacts of run {run_id}",
                permission=_READ_JOBS,
                read=read,
            )
        except DbtCloudNotFoundError:
            return []

    def artifact(self, run_id: int, path: str, *, step: int | None = None) -> bytes | None:
        """The content of an artifact; ``None`` if the run has no such artifact, or there is no such run.

        Args:
            run_id: The run.
            path: Such as ``run_results.json``. What ends in ``.json`` is checked to be JSON.
            step: The index of a step; ``None`` for the last one.
        """
        of_step = "" if step is None else f", step {step}"
        try:
            return self._http.get_content(
                f"runs/{run_id}/artifacts/{quote(path)}",
                {} if step is None else {"step": step},
                subject=f"artifact {path!r} of run {run_id}{of_step}",
                permission=_READ_JOBS,
            )
        except DbtCloudNotFoundError:
            return None

    def _get(
        self,
        path: str,
        subject: str,
        permission: str,
        read: Callable[[Fields], T],
        query: "Query | None" = None,
    ) -> T:
        return self._http.get(
            path,
            query,
            subject=subject,
            permission=permission,
            read=lambda answer: read(answer.nested("data")),
        )

    def _list(
        self,
        path: str,
        query: "Query",
        subject: str,
        permission: str,
        read: Callable[[Fields], T],
        limit: int | None = None,
    ) -> Iterator[T]:
        def fetch(offset: int, count: int) -> Page[T]:
            return self._http.get(
                path,
                {**query, "offset": offset, "limit": count},
                subject=subject,
                permission=permission,
                read=partial(read_page, read=read),
            )

        return iterate_pages(fetch, limit=limit)

    def _read_run(self, fields: Fields) -> CloudRun:
        return read_run(fields, access_url=self.access_url, account_id=self.account_id)

    def _caused(self, job_id: int, cause: str) -> list[CloudRun]:
        job = self.job(job_id)
        newest = self._newest_runs(job.project_id, job.environment_id, job_id)
        return [run for run in newest if run.cause == cause]

    def _newest_runs(self, project_id: int, environment_id: int, job_id: int) -> Iterator[CloudRun]:
        return self.runs(
            project_id=project_id,
            environment_id=environment_id,
            job_id=job_id,
            limit=_NEWEST_RUNS,
        )

    def _only_run(self, run: CloudRun, cause: str) -> CloudRun:
        """Cancels all runs with a cause but the first, which is returned."""
        first, *others = sorted(
            {found.id: found for found in [*self._caused(run.job_id, cause), run]}.values(),
            key=lambda found: found.id,
        )
        for other in others:
            self.cancel(other.id)
        return first
