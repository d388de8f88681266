"""Executes a run: clones the project, writes the profile, then invokes dbt for each command."""

import itertools
import shutil
import subprocess
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import yaml

from tests.dbt_platform.account import ACCOUNT_ID, PROJECT_ID, Account
from tests.dbt_platform.commands import FRESHNESS, is_dbt_command, split_command
from tests.dbt_platform.connection import PostgresConnection
from tests.dbt_platform.dbt_process import DbtProcess
from tests.dbt_platform.repository import SourceRepository
from tests.dbt_platform.run import Run
from tests.dbt_platform.statuses import RunStatus
from tests.dbt_platform.step import Step
from tests.dbt_platform.timestamps import now

LEADING_STEPS = 3
CANCELLED = "The run was cancelled."


class _RunStoppedError(Exception):
    """The run ends here, with this status and message."""

    def __init__(self, status: RunStatus, message: str | None) -> None:
        super().__init__(message)
        self.status = status


@dataclass
class Executor:
    """What runs are executed with.

    ``start_delay_seconds`` passes once before a run leaves the queue and once before it starts to run.
    ``finish_time_shift`` is added to the time at which a run is said to have finished.
    """

    repository: SourceRepository
    connection: PostgresConnection
    account: Account
    dbt: Path
    start_delay_seconds: float = 0
    grace_seconds: float = 10
    finish_time_shift: timedelta = timedelta()

    def __post_init__(self) -> None:
        self._step_ids = itertools.count(70_437_463_660_001)

    def execute(self, run: Run) -> None:
        """Brings the run to its end; whatever breaks here becomes the run's message."""
        try:
            self._pause(run)
            run.dequeued_at = now()
            run.status = RunStatus.STARTING
            self._pause(run)
            run.started_at = now()
            run.status = RunStatus.RUNNING
            self._execute(run)
            status, message = RunStatus.SUCCESS, None
        except _RunStoppedError as stopped:
            status, message = stopped.status, str(stopped) if stopped.args[0] else None
        except Exception as error:
            status, message = RunStatus.ERROR, f"System error: {error!r}"
        for step in run.steps:
            if not step.status.is_complete:
                step.finish(status)
        run.finish(status, message, shift=self.finish_time_shift)

    def _pause(self, run: Run) -> None:
        if run.cancel.wait(self.start_delay_seconds):
            raise _RunStoppedError(RunStatus.CANCELLED, CANCELLED)

    def _execute(self, run: Run) -> None:
        project, profile = run.folder / "project", run.folder / "profile"
        target = project / "target"
        with self._step(run, "Clone git repository") as step:
            self._clone(run, step, project)
        schema = _own_schema(run)
        override = f" (override schema to '{schema}')" if schema else ""
        with self._step(run, f"Create profile from connection Postgres{override}") as step:
            self._write_profile(run, project, profile)
            step.console.write_text("Wrote the profile.\n")
        retried = run.retrying.artifacts(None) if run.retrying else None
        if retried:
            shutil.copytree(retried, target)
        target.mkdir(exist_ok=True)
        for command in run.commands:
            with self._step(run, f"Invoke dbt with `{command}`", command) as step:
                self._invoke(run, step, command)

    def _step(self, run: Run, name: str, command: str | None = None) -> "_StepScope":
        index = len(run.steps) + 1
        folder = run.folder / "steps" / str(index)
        folder.mkdir(parents=True)
        step = Step(next(self._step_ids), run.id, index, name, command, folder, now())
        run.steps.append(step)
        return _StepScope(step)

    def _clone(self, run: Run, step: Step, project: Path) -> None:
        revision = run.git_sha or run.trigger.git_sha or run.trigger.git_branch
        try:
            shown, sha = self.repository.clone(project, revision=revision)
        except subprocess.CalledProcessError as error:
            step.console.write_text(error.stdout)
            raise _RunStoppedError(
                RunStatus.ERROR, f"Cloning the repository failed at the revision {revision!r}."
            ) from error
        step.console.write_text(shown + "\n")
        run.git_sha = sha
        run.git_branch = run.trigger.git_branch or self.repository.branch

    def _write_profile(self, run: Run, project: Path, folder: Path) -> None:
        settings = yaml.safe_load((project / "dbt_project.yml").read_text())
        trigger = run.trigger
        self.connection.write_profile(
            folder,
            profile=settings["profile"],
            target=trigger.target_name_override or run.job.target_name,
            schema=_own_schema(run) or self.account.environment(run.job.environment_id).schema,
            threads=trigger.threads_override or run.job.threads,
        )

    def _invoke(self, run: Run, step: Step, command: str) -> None:
        if not is_dbt_command(command):
            message = f"Not a dbt command: {command!r}."
            step.console.write_text(message + "\n")
            raise _RunStoppedError(RunStatus.ERROR, message)
        if step.index == LEADING_STEPS and _has_no_packages(run.folder / "project"):
            # A dbt process that says this takes as long as the run of a small job.
            step.console.write_text("Warning: No packages were found in packages.yml\n")
            _save_artifacts(run.folder / "project" / "target", step)
            return
        process = DbtProcess(
            [str(self.dbt), *split_command(command)[1:]],
            cwd=run.folder / "project",
            console=step.console,
            env=self._environment(run, step),
        )
        exit_code = None
        while exit_code is None:
            exit_code = process.wait()
            stopped = self._reason_to_stop(run) if exit_code is None else None
            if stopped:
                process.terminate(self.grace_seconds)
                _save_artifacts(run.folder / "project" / "target", step)
                raise stopped
        _save_artifacts(run.folder / "project" / "target", step)
        if exit_code and _is_tolerated(run, step):
            step.finish(RunStatus.ERROR)
        elif exit_code:
            raise _RunStoppedError(RunStatus.ERROR, None)

    def _reason_to_stop(self, run: Run) -> _RunStoppedError | None:
        if run.cancel.is_set():
            return _RunStoppedError(RunStatus.CANCELLED, CANCELLED)
        limit = run.trigger.timeout_seconds_override or run.job.timeout_seconds
        if limit and run.started_at and now() - run.started_at > timedelta(seconds=limit):
            return _RunStoppedError(
                RunStatus.CANCELLED,
                f"The run timed out after running for {limit} seconds, the configured limit.",
            )
        return None

    def _environment(self, run: Run, step: Step) -> dict[str, str]:
        environment = self.account.environment(run.job.environment_id)
        of_run = {
            "DBT_CLOUD_ACCOUNT_ID": str(ACCOUNT_ID),
            "DBT_CLOUD_PROJECT_ID": str(PROJECT_ID),
            "DBT_CLOUD_ENVIRONMENT_ID": str(environment.id),
            "DBT_CLOUD_ENVIRONMENT_NAME": environment.name,
            "DBT_CLOUD_ENVIRONMENT_TYPE": environment.type,
            "DBT_CLOUD_JOB_ID": str(run.job.id),
            "DBT_CLOUD_RUN_ID": str(run.id),
            "DBT_CLOUD_RUN_REASON": run.trigger.cause,
            "DBT_CLOUD_RUN_REASON_CATEGORY": run.trigger.cause_category,
            "DBT_CLOUD_INVOCATION_CONTEXT": environment.deployment_type or "prod",
            "DBT_CLOUD_GIT_BRANCH": run.git_branch or "",
            "DBT_CLOUD_GIT_SHA": run.git_sha or "",
        }
        return {
            # The platform has dbt write these into the metadata of its artifacts.
            **{f"DBT_ENV_CUSTOM_ENV_{name}": value for name, value in of_run.items()},
            **of_run,
            "DBT_PROFILES_DIR": str(run.folder / "profile"),
            "DBT_TARGET_PATH": "target",
            "DBT_LOG_PATH": str(step.folder),
            "DBT_USE_COLORS": "true",
            # The times in dbt.log are local ones, those on the console are not.
            "TZ": "UTC",
            "DBT_SEND_ANONYMOUS_USAGE_STATS": "false",
            "DBT_VERSION_CHECK": "false",
        }


@dataclass(frozen=True)
class _StepScope:
    """A step that has succeeded if its block was left without an exception."""

    step: Step

    def __enter__(self) -> Step:
        return self.step

    def __exit__(self, kind: type | None, error: BaseException | None, trace: object) -> None:
        if error is None and not self.step.status.is_complete:
            self.step.finish(RunStatus.SUCCESS)
        elif error is not None:
            self.step.finish(
                error.status if isinstance(error, _RunStoppedError) else RunStatus.ERROR
            )


def _is_tolerated(run: Run, step: Step) -> bool:
    """Whether the run goes on if this step fails: only the check of sources that is a setting of the job."""
    first = step.index == LEADING_STEPS + 1
    return run.job.run_generate_sources and first and step.command == FRESHNESS


def _has_no_packages(project: Path) -> bool:
    return not any((project / name).exists() for name in ("packages.yml", "dependencies.yml"))


def _own_schema(run: Run) -> str | None:
    """The schema of a run that does not build into that of its environment: as its trigger says, or of a pull request."""
    trigger = run.trigger
    number = trigger.pull_request
    return trigger.schema_override or (
        None if number is None else f"dbt_cloud_pr_{run.job.id}_{number}"
    )


def _save_artifacts(target: Path, step: Step) -> None:
    """Copies target/ as this step has left it; no half copied folder is ever listed."""
    unfinished = step.folder / "unfinished"
    shutil.copytree(target, unfinished)
    unfinished.rename(step.artifacts)
