"""A run on the dbt platform."""

from datetime import datetime

import msgspec

from dbt_component.cloud.access_url import AccessUrl
from dbt_component.cloud.client.fields import Fields
from dbt_component.cloud.client.run_status import RunStatus
from dbt_component.cloud.client.run_step import CloudRunStep, read_run_step

_CI = "ci"
_PULL_REQUESTS = (
    "github_pull_request_id",
    "gitlab_merge_request_id",
    "azure_pull_request_id",
    "non_native_pull_request_id",
)


class CloudRun(msgspec.Struct, frozen=True):
    """A run of a job.

    Attributes:
        status_message: Why the run failed, or what it waits for; may be empty.
        git_sha: The commit; empty until the repository is cloned.
        cause: The text that its trigger gave.
        schema_override: The schema that its trigger asked for, instead of the environment's.
        is_of_pull_request: Whether it tries a pull request.
        job_name: Empty if the platform did not say.
        job_type: Such as ``scheduled``, ``ci`` or ``other``; empty if the platform did not say.
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
    schema_override: str = ""
    is_of_pull_request: bool = False
    job_name: str = ""
    job_type: str = ""
    environment_name: str = ""
    steps: tuple[CloudRunStep, ...] = ()
    artifacts_saved: bool = False
    retrying_run_id: int = 0

    @property
    def is_finished(self) -> bool:
        return self.status.is_finished

    @property
    def is_trial(self) -> bool:
        """Whether it builds into a schema of its own, so that it says nothing about the environment's relations.

        These are runs of pull requests, for which the platform makes a schema, and those whose trigger names one.

        See: https://docs.getdbt.com/docs/deploy/continuous-integration
        """
        return self.is_of_pull_request or bool(self.schema_override) or self.job_type == _CI


def read_run(fields: Fields, *, access_url: AccessUrl, account_id: int) -> CloudRun:
    """Reads a run from an answer."""
    run_id = fields.integer("id")
    project_id = fields.integer("project_id")
    steps = (read_run_step(step) for step in fields.objects("run_steps"))
    trigger, job = fields.nested("trigger"), fields.nested("job")
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
        cause=trigger.text("cause"),
        schema_override=trigger.text("schema_override"),
        is_of_pull_request=trigger.has_any(*_PULL_REQUESTS),
        job_name=job.text("name"),
        job_type=job.text("job_type"),
        environment_name=fields.nested("environment").text("name"),
        steps=tuple(sorted(steps, key=lambda step: step.index)),
        artifacts_saved=fields.is_set("artifacts_saved"),
        retrying_run_id=fields.integer("retrying_run_id", default=0),
    )
