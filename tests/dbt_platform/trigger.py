"""Why and with which changes a run was triggered."""

from dataclasses import asdict, dataclass
from typing import Any

from tests.dbt_platform.body import Body


@dataclass(frozen=True)
class Trigger:
    cause: str
    cause_category: str = "api"
    steps_override: list[str] | None = None
    git_sha: str | None = None
    git_branch: str | None = None
    schema_override: str | None = None
    dbt_version_override: str | None = None
    threads_override: int | None = None
    target_name_override: str | None = None
    timeout_seconds_override: int | None = None
    generate_docs_override: bool | None = None
    github_pull_request_id: int | None = None
    gitlab_merge_request_id: int | None = None
    azure_pull_request_id: int | None = None
    non_native_pull_request_id: int | None = None

    @property
    def pull_request(self) -> int | None:
        return (
            self.github_pull_request_id
            or self.gitlab_merge_request_id
            or self.azure_pull_request_id
            or self.non_native_pull_request_id
        )

    @classmethod
    def from_body(cls, body: Body) -> "Trigger":
        """Reads the body of a request that triggers a run; raises a 400 if it is invalid."""
        trigger = cls(
            cause=body.text("cause", required=True) or "",
            steps_override=body.steps("steps_override"),
            git_sha=body.text("git_sha"),
            git_branch=body.text("git_branch"),
            schema_override=body.text("schema_override"),
            dbt_version_override=body.text("dbt_version_override"),
            threads_override=body.number("threads_override"),
            target_name_override=body.text("target_name_override"),
            timeout_seconds_override=body.number("timeout_seconds_override"),
            generate_docs_override=body.flag("generate_docs_override"),
            github_pull_request_id=body.number("github_pull_request_id"),
            gitlab_merge_request_id=body.number("gitlab_merge_request_id"),
            azure_pull_request_id=body.number("azure_pull_request_id"),
            non_native_pull_request_id=body.number("non_native_pull_request_id"),
        )
        body.check()
        return trigger

    def show(self, *, id: int, job_id: int, created_at: str | None) -> dict[str, Any]:
        return {
            "id": id,
            "job_definition_id": job_id,
            "created_at": created_at,
            **asdict(self),
        }
