"""The stand-in as a whole: a folder, a repository, jobs, runs and the server."""

import shutil
import subprocess
import tempfile
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import yaml

from tests.dbt_platform.account import (
    ACCOUNT_ID,
    DEVELOPMENT_ID,
    PRODUCTION_ID,
    PROJECT_ID,
    STAGING_ID,
    Account,
)
from tests.dbt_platform.connection import PostgresConnection
from tests.dbt_platform.dbt_process import DBT
from tests.dbt_platform.execution import Executor
from tests.dbt_platform.faults import Fault
from tests.dbt_platform.job import Job
from tests.dbt_platform.records import Records
from tests.dbt_platform.repository import SourceRepository
from tests.dbt_platform.request_record import RequestRecord
from tests.dbt_platform.run import Run
from tests.dbt_platform.server import PlatformServer
from tests.dbt_platform.statuses import RunStatus
from tests.dbt_platform.timestamps import now, show_time
from tests.dbt_platform.trigger import Trigger


class StandInPlatform:
    """A dbt platform that runs real dbt on PostgreSQL.

    ``with StandInPlatform(project_dir, connection) as platform:`` serves until the block ends; then its runs
    are cancelled and its folder is removed. ``schema`` is that of the production environment,
    ``dbt`` the executable, by default that beside this Python.
    ``start_delay_seconds`` passes once before a run leaves the queue and once before it starts to run.
    """

    account_id = ACCOUNT_ID
    project_id = PROJECT_ID
    environment_id = PRODUCTION_ID
    staging_environment_id = STAGING_ID
    development_environment_id = DEVELOPMENT_ID
    token = "dbtc_stand_in_token"

    def __init__(
        self,
        project_dir: Path,
        connection: PostgresConnection,
        *,
        schema: str = "prod",
        dbt: Path = DBT,
        port: int = 0,
        start_delay_seconds: float = 0,
    ) -> None:
        self._folder = Path(tempfile.mkdtemp(prefix="dbt-platform-"))
        self.repository = SourceRepository(project_dir, self._folder)
        settings = yaml.safe_load((self.repository.path / "dbt_project.yml").read_text())
        account = Account(settings["name"], _dbt_version(dbt), schema, show_time(now()) or "")
        self._executor = Executor(
            self.repository, connection, account, dbt, start_delay_seconds=start_delay_seconds
        )
        self._records = Records(self._folder / "runs", account, self._executor)
        self._server = PlatformServer(self._records, self.token, port=port)

    def __enter__(self) -> "StandInPlatform":
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def close(self) -> None:
        self._server.close()
        self._records.close()
        shutil.rmtree(self._folder, ignore_errors=True)

    @property
    def access_url(self) -> str:
        return self._server.access_url

    @property
    def requests(self) -> list[RequestRecord]:
        """The requests so far, in the order of their answers; those to change faults are not among them."""
        return self._server.requests

    @property
    def start_delay_seconds(self) -> float:
        return self._executor.start_delay_seconds

    @start_delay_seconds.setter
    def start_delay_seconds(self, seconds: float) -> None:
        self._executor.start_delay_seconds = seconds

    @property
    def finish_time_shift(self) -> timedelta:
        """Added to the time at which runs are said to have finished; e.g. -5 minutes for late news."""
        return self._executor.finish_time_shift

    @finish_time_shift.setter
    def finish_time_shift(self, shift: timedelta) -> None:
        self._executor.finish_time_shift = shift

    def inject(self, *faults: Fault) -> None:
        self._server.faults.add(*faults)

    def clear_faults(self) -> None:
        self._server.faults.clear()

    def create_job(
        self,
        name: str,
        steps: list[str],
        *,
        threads: int = 4,
        environment_id: int = PRODUCTION_ID,
        job_type: str = "other",
    ) -> Job:
        return self._records.add_job(
            name, steps, threads=threads, environment_id=environment_id, job_type=job_type
        )

    def delete_job(self, job_id: int) -> None:
        self._records.delete_job(job_id)

    def trigger(self, job_id: int, steps_override: list[str] | None = None, **settings: Any) -> Run:
        """Triggers a run as a person does in the platform's own pages, or with further settings of a ``Trigger``."""
        trigger = Trigger("Kicked off from the UI", "ui", steps_override, **settings)
        return self._records.trigger(job_id, trigger)

    def run(self, run_id: int) -> Run:
        return self._records.run(run_id)

    def wait_for(self, run_id: int, *, timeout_seconds: float = 120) -> Run:
        """Returns the run once it has ended; raises ``TimeoutError`` if it has not in time."""
        run = self._records.run(run_id)
        if not run.done.wait(timeout_seconds):
            raise TimeoutError(f"Run {run_id} is still {run.status.humanized} after this time.")
        return run

    def delete_run(self, run_id: int) -> None:
        """Makes the API forget a run; its execution goes on."""
        self._records.delete_run(run_id)

    def add_finished_run(
        self,
        job_id: int,
        *,
        status: RunStatus = RunStatus.SUCCESS,
        created_at: datetime,
        finished_at: datetime,
    ) -> Run:
        """Records a run that never ran: no steps, no artifacts. Only for tests of long lists."""
        return self._records.add_finished_run(job_id, status, created_at, finished_at)


def _dbt_version(dbt: Path) -> str:
    shown = subprocess.run(
        [str(dbt), "--no-version-check", "--version"], capture_output=True, text=True, check=True
    ).stdout
    for line in shown.splitlines():
        if "installed:" in line:
            return line.partition("installed:")[2].strip()
    raise RuntimeError(f"`dbt --version` printed no version:\n{shown}")
