"""A run on the dbt platform."""

from datetime import datetime

import msgspec

from dbt_component.cloud.access_url import AccessUrl
from dbt_component.cloud.client.fields import Fields
from dbt_component.cloud.client.run_status import RunStatus
from dbt_component.cloud.client.run_step import CloudRunStep, read_run_step


class CloudRun(msgspec.Struct, frozen=True):
    """A run of a job.

    Attributes:
        status_message: Why the run failed, or what it waits for; may be empty.
        git_sha: The commit; empty until the repository is cloned.
        cause: The text that its trigger gave.
        job_name: Empty if the platform did not say.
        environment_name: Only of a run that was asked for by its id.
        url: The run's page.
        steps: In order; empty unless they were asked for.
        artifacts_saved: Whether the platform has kept artifacts of the run.
        retrying_run_id: The failed run that this one resumes; 0 for other runs.
    """

    id: int
    job_id: int
    project_id: int
    environment_id: int
    status: RunStatus
    url: str
    status_message: str = ""
    git_sha: str = ""
    git_branch: str = ""
    dbt_version: str = ""
    created_at: datetime | None = None
    started_at: datetime | None = None
    finished_at: datetime | None = None
    cause: str = ""
    job_name: str = ""
    environment_name: str = ""
    steps: tuple[CloudRunStep, ...] = ()
    artifacts_saved: bool = False
    retrying_run_id: int = 0

    @property
    def is_finished(self) -> bool:
        return self.status.is_finished


def read_run(fields: Fields, *, access_url: AccessUrl, account_id: int) -> CloudRun:
    """Reads a run from an answer."""
    run_id = fields.integer("id")
    project_id = fields.integer("project_id")
    steps = (read_run_step(step) for step in fields.objects("run_steps"))
    return CloudRun(
        id=run_id,
        job_id=fields.integer("job_definition_id", "job_id", default=0),
        project_id=project_id,
        environment_id=fields.integer("environment_id", default=0),
        status=RunStatus(fields.integer("status")),
        url=fields.text("href")
        or access_url.run_url(run_id, account_id=account_id, project_id=project_id),
        status_message=fields.text("status_message"),
        git_sha=fields.text("git_sha"),
        git_branch=fields.text("git_branch"),
        dbt_version=fields.text("dbt_version"),
        created_at=fields.time("created_at"),
        started_at=fields.time("started_at"),
        finished_at=fields.time("finished_at"),
        cause=fields.nested("trigger").text("cause"),
        job_name=fields.nested("job").text("name"),
        environment_name=fields.nested("environment").text("name"),
        steps=tuple(sorted(steps, key=lambda step: step.index)),
        artifacts_saved=fields.is_set("artifacts_saved"),
        retrying_run_id=fields.integer("retrying_run_id", default=0),
    )
