"""A job: the commands that its runs execute, and their settings."""

from dataclasses import dataclass
from typing import Any

from tests.dbt_platform.account import ACCOUNT_ID, PROJECT_ID, Account
from tests.dbt_platform.body import Body
from tests.dbt_platform.commands import FRESHNESS
from tests.dbt_platform.trigger import Trigger


@dataclass(frozen=True)
class Job:
    id: int
    environment_id: int
    name: str
    execute_steps: list[str]
    created_at: str
    updated_at: str
    threads: int = 4
    target_name: str = "default"
    timeout_seconds: int = 0
    """0 means no limit."""
    generate_docs: bool = False
    run_generate_sources: bool = False
    description: str = ""
    job_type: str = "other"
    schedules: bool = False
    state: int = 1

    @classmethod
    def from_body(
        cls, body: Body, account: Account, *, id: int, created_at: str, updated_at: str
    ) -> "Job":
        """Reads the definition of a job; raises a 400 that lists all problems."""
        expected = {"account_id": ACCOUNT_ID, "project_id": PROJECT_ID}
        for name, value in expected.items():
            if body.number(name, required=True) not in (None, value):
                body.reject(name, f"Invalid id: {body.content[name]!r}.")
        environment_id = body.number("environment_id", required=True) or 0
        runnable = {e.id for e in account.environments if e.type == "deployment"}
        if environment_id and environment_id not in runnable:
            body.reject("environment_id", f"No deployment environment {environment_id}.")
        settings = body.mapping("settings", required=True)
        threads, target_name = settings.get("threads"), settings.get("target_name")
        if settings and not (isinstance(threads, int) and isinstance(target_name, str)):
            body.reject("settings", "threads (a number) and target_name are required.")
        triggers = body.mapping("triggers", required=True)
        if triggers and not {"github_webhook", "schedule"} <= triggers.keys():
            body.reject("triggers", "github_webhook and schedule are required.")
        job = cls(
            id=id,
            environment_id=environment_id,
            name=body.text("name", required=True) or "",
            execute_steps=body.steps("execute_steps", required=True) or [],
            created_at=created_at,
            updated_at=updated_at,
            threads=threads if isinstance(threads, int) else 4,
            target_name=str(target_name),
            timeout_seconds=int(body.mapping("execution").get("timeout_seconds") or 0),
            generate_docs=body.flag("generate_docs") or False,
            run_generate_sources=body.flag("run_generate_sources") or False,
            description=str(body.content.get("description") or ""),
            job_type=body.text("job_type") or "other",
            schedules=bool(triggers.get("schedule")),
            state=body.number("state", required=True) or 1,
        )
        body.check()
        return job

    def commands(self, trigger: Trigger) -> list[str]:
        """The command lines of a run, without the leading `dbt deps`."""
        steps = self.execute_steps if trigger.steps_override is None else trigger.steps_override
        docs = trigger.generate_docs_override
        return [
            *[FRESHNESS] * self.run_generate_sources,
            *steps,
            *["dbt docs generate"] * (self.generate_docs if docs is None else docs),
        ]

    def show(self) -> dict[str, Any]:
        return {
            "id": self.id,
            "account_id": ACCOUNT_ID,
            "project_id": PROJECT_ID,
            "environment_id": self.environment_id,
            "name": self.name,
            "description": self.description,
            "dbt_version": None,
            "raw_dbt_version": None,
            "deferring_environment_id": None,
            "deferring_job_definition_id": None,
            "execute_steps": self.execute_steps,
            "execution": {"timeout_seconds": self.timeout_seconds},
            "generate_docs": self.generate_docs,
            "run_generate_sources": self.run_generate_sources,
            "generate_sources": self.run_generate_sources,
            "is_deferrable": False,
            "job_type": self.job_type,
            "lifecycle_webhooks": False,
            "lifecycle_webhooks_url": None,
            "run_compare_changes": False,
            "compare_changes_flags": "--select state:modified",
            "run_failure_count": 0,
            "run_lint": False,
            "errors_on_lint_failure": True,
            "settings": {"threads": self.threads, "target_name": self.target_name},
            "state": self.state,
            "triggers_on_draft_pr": False,
            "triggers": {
                "github_webhook": False,
                "git_provider_webhook": False,
                "schedule": self.schedules,
                "on_merge": False,
            },
            "job_completion_trigger_condition": None,
            "schedule": {
                "cron": "0 * * * *",
                "date": {"type": "every_day"},
                "time": {"type": "every_hour", "interval": 1},
            },
            "created_at": self.created_at,
            "updated_at": self.updated_at,
            "account": None,
            "project": None,
            "environment": None,
            "most_recent_run": None,
            "most_recent_completed_run": None,
        }
