"""A dbt project on a real PostgreSQL, with a query that runs for five minutes unless it is cancelled."""

import os
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import yaml

from dbt_component.dbt_process.engine import find_engine
from dbt_component.dbt_process.process import DbtProcess
from dbt_component.dbt_process.requests import Invoke
from dbt_component.project.dbt_environment import dbt_environment
from dbt_component.project.project import DbtProject
from tests.equivalence.databases import PostgresDatabase

SLEEP = "pg_sleep(300)"
IN_A_MODEL = {
    "models/sleeper.sql": "{{ config(materialized='table') }} select 1 as one from " + SLEEP
}
IN_A_HOOK = {"models/sleeper.sql": "select 1 as one"}
"""dbt runs hooks in its main thread, which handles no signal until the database has answered."""


@dataclass
class SleepingProject:
    """The project, and what its queries and processes are doing."""

    folder: Path
    database: PostgresDatabase

    def __post_init__(self) -> None:
        self.database.clear()
        output = {**self.database.output(), "threads": 2}
        profile = {"sleeping": {"target": "dev", "outputs": {"dev": output}}}
        self.write({"profiles.yml": yaml.safe_dump(profile)})
        self.write_settings()

    def write(self, files: dict[str, str]) -> None:
        for name, text in files.items():
            path = self.folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)

    def write_settings(self, **settings: object) -> None:
        project = {"name": "sleeping", "version": "1.0", "profile": "sleeping", **settings}
        self.write({"dbt_project.yml": yaml.safe_dump(project)})

    def start(self, *, target: Path, grace_seconds: float = 8) -> DbtProcess:
        """Starts `dbt run` and returns once its query runs in the database."""
        process = start_run(DbtProject(self.folder), target, grace_seconds=grace_seconds)
        self.wait_for_query()
        return process

    def queries(self) -> list[int]:
        """Server processes that run the query."""
        with self.database.connect() as connection:
            rows = connection.execute(
                "select pid from pg_stat_activity where state = 'active'"
                f" and pid <> pg_backend_pid() and query like '%{SLEEP}%'"
            ).fetchall()
        return [pid for (pid,) in rows]

    def wait_for_query(self) -> None:
        assert wait_until(lambda: bool(self.queries()), seconds=60)

    def has_no_query_within(self, seconds: float) -> bool:
        return wait_until(lambda: not self.queries(), seconds=seconds)


def start_run(
    project: DbtProject,
    target: Path,
    *,
    selected: list[str] | None = None,
    grace_seconds: float = 8,
) -> DbtProcess:
    """Starts `dbt run`, over exactly these nodes if given."""
    process = DbtProcess(
        find_engine(),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        grace_seconds=grace_seconds,
    )
    process.send(
        Invoke(argv=["run"], selected=selected),
        env=dbt_environment(project, target_path=target),
        cwd=project.project_dir,
    )
    return process


def wait_until(condition: Callable[[], bool], *, seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.1)
    return True


def processes_of_group(group: int) -> list[int]:
    """The processes of a process group, without those that have ended."""
    found = []
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            try:
                state = (folder / "stat").read_text().rpartition(")")[2].split()[0]
                if state != "Z" and os.getpgid(int(folder.name)) == group:
                    found.append(int(folder.name))
            except OSError:
                continue
    return found
