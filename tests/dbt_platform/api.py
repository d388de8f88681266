"""The endpoints."""

import re
import traceback
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.dbt_platform.account import ACCOUNT_ID, PROJECT_ID
from tests.dbt_platform.answer import Answer, ApiError, not_found
from tests.dbt_platform.body import Body
from tests.dbt_platform.job import Job
from tests.dbt_platform.page import Page, Query
from tests.dbt_platform.records import Records
from tests.dbt_platform.run import Run
from tests.dbt_platform.statuses import RunStatus
from tests.dbt_platform.trigger import Trigger

_ACCOUNT_PATH = re.compile(r"/api/v2/accounts/(\d+)(/.*)?")


@dataclass(frozen=True)
class Request:
    """``path`` has no query and may end in a slash."""

    method: str
    path: str
    query: Query
    body: bytes = b""


class Api:
    def __init__(self, records: Records, access_url: str) -> None:
        self._records = records
        self._access_url = access_url
        routes: list[tuple[str, str, Callable[..., Answer]]] = [
            ("GET", "", self._account),
            ("GET", "projects", self._projects),
            ("GET", r"projects/(\d+)", self._project),
            ("GET", "environments", self._environments),
            ("GET", r"environments/(\d+)", self._environment),
            ("GET", "jobs", self._jobs),
            ("POST", "jobs", self._create_job),
            ("GET", r"jobs/(\d+)", self._job),
            ("POST", r"jobs/(\d+)", self._update_job),
            ("DELETE", r"jobs/(\d+)", self._delete_job),
            ("POST", r"jobs/(\d+)/run", self._trigger),
            ("POST", r"jobs/(\d+)/rerun", self._rerun),
            ("GET", "runs", self._runs),
            ("GET", r"runs/(\d+)", self._run),
            ("POST", r"runs/(\d+)/cancel", self._cancel),
            ("GET", r"runs/(\d+)/retry", self._failure),
            ("POST", r"runs/(\d+)/retry", self._retry),
            ("GET", r"runs/(\d+)/artifacts", self._artifacts),
            ("GET", r"runs/(\d+)/artifacts/(.+)", self._artifact),
            ("GET", r"steps/(\d+)", self._step),
        ]
        self._routes = [
            (method, re.compile(pattern), function) for method, pattern, function in routes
        ]

    def answer(self, request: Request) -> Answer:
        """Does what the request asks for; an error becomes its answer."""
        try:
            return self._dispatch(request)
        except ApiError as error:
            return error.answer
        except Exception:
            message = f"A defect of the stand-in:\n{traceback.format_exc()}"
            return Answer.of(None, status=500, user_message=message)

    def _dispatch(self, request: Request) -> Answer:
        found = _ACCOUNT_PATH.fullmatch(request.path)
        if found is None or int(found[1]) != ACCOUNT_ID:
            raise not_found()
        path = (found[2] or "").strip("/")
        allowed = False
        for method, pattern, function in self._routes:
            if match := pattern.fullmatch(path):
                if method == request.method:
                    numbers = [int(g) if g.isdecimal() else g for g in match.groups()]
                    return function(request, *numbers)
                allowed = True
        if allowed:
            raise ApiError(405, f'Method "{request.method}" not allowed.')
        raise not_found()

    def _account(self, request: Request) -> Answer:
        return Answer.of(self._records.account.show())

    def _projects(self, request: Request) -> Answer:
        page = Page([self._records.account], request.query, {"id": lambda _: PROJECT_ID})
        return page.answer(lambda account: account.show_project())

    def _project(self, request: Request, id: int) -> Answer:
        if id != PROJECT_ID:
            raise not_found()
        return Answer.of(self._records.account.show_project())

    def _environments(self, request: Request) -> Answer:
        account = self._records.account
        asked = request.query.number("project_id")
        found = account.environments if asked in (None, PROJECT_ID) else []
        page = Page(found, request.query, {"id": lambda e: e.id, "name": lambda e: e.name})
        return page.answer(account.show_environment)

    def _environment(self, request: Request, id: int) -> Answer:
        try:
            environment = self._records.account.environment(id)
        except KeyError:
            raise not_found() from None
        return Answer.of(self._records.account.show_environment(environment))

    def _jobs(self, request: Request) -> Answer:
        query = request.query
        found = [
            job
            for job in self._records.jobs()
            if query.number("project_id") in (None, PROJECT_ID)
            and query.number("environment_id") in (None, job.environment_id)
            and (query.text("name__icontains") or "").lower() in job.name.lower()
        ]
        orders: dict[str, Callable[[Job], object]] = {
            "id": lambda job: job.id,
            "name": lambda job: job.name,
            "created_at": lambda job: job.created_at,
        }
        return Page(found, query, orders).answer(lambda job: self._job_details(job, request))

    def _create_job(self, request: Request) -> Answer:
        return Answer.of(self._records.create_job(Body(request.body)).show(), status=201)

    def _job(self, request: Request, id: int) -> Answer:
        return Answer.of(self._job_details(self._records.job(id), request))

    def _update_job(self, request: Request, id: int) -> Answer:
        return Answer.of(self._records.update_job(id, Body(request.body)).show())

    def _delete_job(self, request: Request, id: int) -> Answer:
        return Answer.of(self._records.delete_job(id).show())

    def _trigger(self, request: Request, id: int) -> Answer:
        trigger = Trigger.from_body(Body(request.body))
        return self._show(self._records.trigger(id, trigger), request)

    def _rerun(self, request: Request, id: int) -> Answer:
        return self._show(self._records.rerun(id), request)

    def _runs(self, request: Request) -> Answer:
        query = request.query
        statuses, status = query.numbers("status__in"), query.number("status")
        finished, created = query.times("finished_at__range"), query.times("created_at__range")
        found = [
            run
            for run in self._records.runs()
            if query.number("project_id") in (None, PROJECT_ID)
            and query.number("environment_id") in (None, run.job.environment_id)
            and query.number("job_definition_id") in (None, run.job.id)
            and (query.number("id__gt") or 0) < run.id
            and status in (None, run.status)
            and (statuses is None or run.status in statuses)
            and (created is None or created[0] <= run.created_at <= created[1])
            and (
                finished is None
                or (run.finished_at is not None and finished[0] <= run.finished_at <= finished[1])
            )
        ]
        orders: dict[str, Callable[[Run], object]] = {
            "id": lambda run: run.id,
            "created_at": lambda run: run.created_at,
            "finished_at": lambda run: run.finished_at,
        }
        # Steps are included in the details of one run only.
        include = set(query.words("include_related")) - {"run_steps"}
        return Page(found, query, orders).answer(
            lambda run: run.show(self._access_url, include, is_latest=self._records.is_latest(run))
        )

    def _run(self, request: Request, id: int) -> Answer:
        return self._show(self._records.run(id), request)

    def _cancel(self, request: Request, id: int) -> Answer:
        return self._show(self._records.cancel(id), request)

    def _failure(self, request: Request, id: int) -> Answer:
        run = self._records.run(id)
        failed = run.failed_step
        if failed is None:
            raise ApiError(400, "This run has not failed.")
        return Answer.of({"failed_step": failed.name, "skipped_steps": run.skipped_commands})

    def _retry(self, request: Request, id: int) -> Answer:
        return self._show(self._records.retry(id), request)

    def _artifacts(self, request: Request, id: int) -> Answer:
        # The service takes no step here: it lists the artifacts of the last one.
        folder = self._records.run(id).artifacts(None)
        if folder is None:
            return Answer.of([])
        files = (path for path in folder.rglob("*") if path.is_file())
        return Answer.of(sorted(path.relative_to(folder).as_posix() for path in files))

    def _artifact(self, request: Request, id: int, name: str) -> Answer:
        folder = self._records.run(id).artifacts(request.query.number("step"))
        if folder is None or ".." in Path(name).parts or not (folder / name).is_file():
            raise not_found()
        kind = "application/json" if name.endswith(".json") else "application/octet-stream"
        return Answer(200, (folder / name).read_bytes(), {"Content-Type": kind})

    def _step(self, request: Request, id: int) -> Answer:
        steps = [step for run in self._records.runs() for step in run.steps if step.id == id]
        if not steps:
            raise not_found()
        full = "debug_logs" in request.query.words("include_related")
        return Answer.of(steps[0].show(full_debug_logs=full))

    def _show(self, run: Run, request: Request) -> Answer:
        return Answer.of(self._details(run, set(request.query.words("include_related"))))

    def _details(self, run: Run, include: set[str]) -> dict[str, Any]:
        is_latest = run.status is RunStatus.ERROR and self._records.is_latest(run)
        data = run.show(self._access_url, include, is_latest=is_latest)
        if "environment" in include:
            data["environment"] = self._environment_of(run.job)
        return data

    def _job_details(self, job: Job, request: Request) -> dict[str, Any]:
        include = set(request.query.words("include_related"))
        data = job.show()
        if "environment" in include:
            data["environment"] = self._environment_of(job)
        runs = [run for run in self._records.runs() if run.job.id == job.id]
        completed = [run for run in runs if run.status.is_complete]
        for name, of_kind in (("most_recent_run", runs), ("most_recent_completed_run", completed)):
            if name in include and of_kind:
                data[name] = self._details(of_kind[-1], set())
        return data

    def _environment_of(self, job: Job) -> Mapping[str, Any]:
        account = self._records.account
        return account.show_environment(account.environment(job.environment_id))
