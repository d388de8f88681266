"""A run of a job, as far as it has come."""

import threading
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from tests.dbt_platform.account import ACCOUNT_ID, PROJECT_ID
from tests.dbt_platform.commands import is_retryable
from tests.dbt_platform.job import Job
from tests.dbt_platform.statuses import RunStatus
from tests.dbt_platform.step import Step
from tests.dbt_platform.timestamps import humanize_duration, now, show_duration, show_time
from tests.dbt_platform.trigger import Trigger


@dataclass
class Run:
    """Changed by its worker alone, apart from ``cancel``.

    ``job`` is the job as it was when the run was triggered.
    """

    id: int
    job: Job
    trigger: Trigger
    folder: Path
    dbt_version: str
    created_at: datetime
    commands: list[str]
    """The command lines, `dbt deps` first."""
    retrying: "Run | None" = None
    status: RunStatus = RunStatus.QUEUED
    status_message: str | None = None
    git_branch: str | None = None
    git_sha: str | None = None
    dequeued_at: datetime | None = None
    started_at: datetime | None = None
    finished_at: datetime | None = None
    steps: list[Step] = field(default_factory=list)
    cancel: threading.Event = field(default_factory=threading.Event)
    done: threading.Event = field(default_factory=threading.Event)
    is_deleted: bool = False

    def finish(
        self, status: RunStatus, message: str | None = None, *, shift: timedelta = timedelta()
    ) -> None:
        self.status_message = message
        self.finished_at = now() + shift
        self.status = status
        self.done.set()

    @property
    def failed_step(self) -> Step | None:
        """The step that ended the run; stale sources, an earlier one, may not have."""
        failed = [step for step in self.steps if step.status is RunStatus.ERROR]
        return failed[-1] if failed else None

    @property
    def skipped_commands(self) -> list[str]:
        """The commands after the failed one."""
        invoked = sum(step.command is not None for step in self.steps)
        return self.commands[invoked:]

    def artifacts(self, step: int | None) -> Path | None:
        """The artifacts after a step, by default the last; ``None`` if that step has saved none."""
        saved = [s for s in self.steps if s.artifacts.is_dir()]
        if step is not None:
            saved = [s for s in saved if s.index == step]
        return saved[-1].artifacts if saved else None

    def reason_against_retry(self, *, is_latest: bool) -> str | None:
        """Why the run can't be resumed; ``None`` if it can."""
        failed = self.failed_step
        if self.status is not RunStatus.ERROR:
            return "RETRY_NOT_FAILED_RUN"
        if not is_latest:
            return "RETRY_NOT_LATEST_RUN"
        if failed is None or failed.command is None or not is_retryable(failed.command):
            return "RETRY_UNSUPPORTED_CMD"
        if not (failed.artifacts / "run_results.json").is_file():
            return "RETRY_NO_RUN_RESULTS"
        return None

    def show(self, access_url: str, include: set[str], *, is_latest: bool) -> dict[str, Any]:
        """The run as the API shows it, with ``trigger``, ``job`` and ``run_steps`` if included."""
        end = self.finished_at or now()
        started = self.started_at or end
        total, queued, running = end - self.created_at, started - self.created_at, end - started
        reason = self.reason_against_retry(is_latest=is_latest)
        artifacts = self.artifacts(None) if self.status.is_complete else None
        steps = self.steps if "run_steps" in include else []
        created_at = show_time(self.created_at)
        return {
            "id": self.id,
            "trigger_id": self.id + 1_000_000,
            "account_id": ACCOUNT_ID,
            "environment_id": self.job.environment_id,
            "project_id": PROJECT_ID,
            "job_definition_id": self.job.id,
            "job_id": self.job.id,
            "status": int(self.status),
            "status_humanized": self.status.humanized,
            "status_message": self.status_message,
            "dbt_version": self.dbt_version,
            "git_branch": self.git_branch,
            "git_sha": self.git_sha,
            "owner_thread_id": None,
            "executed_by_thread_id": None,
            "deferring_run_id": None,
            "artifacts_saved": artifacts is not None,
            "artifact_s3_path": None,
            "has_docs_generated": _holds(artifacts, "catalog.json"),
            "has_sources_generated": _holds(artifacts, "sources.json"),
            "notifications_sent": False,
            "blocked_by": [],
            "created_at": created_at,
            "updated_at": show_time(self.finished_at or self.started_at or self.created_at),
            "dequeued_at": show_time(self.dequeued_at),
            "started_at": show_time(self.started_at),
            "finished_at": show_time(self.finished_at),
            "last_checked_at": None,
            "last_heartbeat_at": None,
            "should_start_at": created_at,
            "trigger": self.trigger.show(
                id=self.id + 1_000_000, job_id=self.job.id, created_at=created_at
            )
            if "trigger" in include
            else None,
            "job": self.job.show() if "job" in include else None,
            "environment": None,
            "repository": None,
            "run_steps": [step.show(full_debug_logs="debug_logs" in include) for step in steps],
            "in_progress": not self.status.is_complete,
            "is_complete": self.status.is_complete,
            "is_success": self.status is RunStatus.SUCCESS,
            "is_error": self.status is RunStatus.ERROR,
            "is_cancelled": self.status is RunStatus.CANCELLED,
            "is_running": self.status is RunStatus.RUNNING,
            "duration": show_duration(total),
            "queued_duration": show_duration(queued),
            "run_duration": show_duration(running),
            "duration_humanized": humanize_duration(total),
            "queued_duration_humanized": humanize_duration(queued),
            "run_duration_humanized": humanize_duration(running),
            "created_at_humanized": f"{humanize_duration(now() - self.created_at)} ago",
            "finished_at_humanized": f"{humanize_duration(now() - end)} ago",
            "retrying_run_id": self.retrying.id if self.retrying else None,
            "can_retry": reason is None,
            "retry_not_supported_reason": reason,
            "href": f"{access_url}/deploy/{ACCOUNT_ID}/projects/{PROJECT_ID}/runs/{self.id}",
            "used_repo_cache": None,
        }


def _holds(folder: Path | None, name: str) -> bool:
    return folder is not None and (folder / name).is_file()
