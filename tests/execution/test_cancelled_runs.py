"""A run that is terminated: finished nodes are reported, the query is cancelled, and no process is left."""

import os
import shutil
import signal
from pathlib import Path

import dagster as dg
import pytest

from tests.dg_project import DgProject
from tests.execution.test_run_worker import start_worker
from tests.sleeping_project import SLEEP, SleepingProject, processes_of_group, wait_until

pytestmark = pytest.mark.server

TABLE = "{{ config(materialized='table') }} "
MODELS = {
    "models/first.sql": TABLE + "select 1 as one",
    "models/sleeper.sql": TABLE + "select one from {{ ref('first') }} cross join " + SLEEP,
    "models/below.sql": TABLE + "select one from {{ ref('sleeper') }}",
}


def materialized_in(home: Path) -> tuple[dg.DagsterRunStatus, list[str]]:
    """The status of the only run of an instance, and its materialized assets."""
    with dg.DagsterInstance.from_config(str(home)) as instance:
        (record,) = instance.get_run_records()
        entries = instance.all_logs(record.dagster_run.run_id)
    events = [entry.dagster_event for entry in entries if entry.dagster_event]
    return record.dagster_run.status, [
        event.asset_key.to_user_string()
        for event in events
        if event.is_step_materialization and event.asset_key
    ]


@pytest.mark.reliability(
    "Cancelled runs",
    tried="a run on PostgreSQL is terminated amid a query, by an interrupt as from Dagster's UI and by SIGTERM as from Kubernetes",
    outcome="finished models are materialized, the query is gone within 12 seconds, and no process is left",
)
@pytest.mark.parametrize("executor", ["in_process", "multiprocess"])
@pytest.mark.parametrize("signal_name", ["SIGINT", "SIGTERM"])
def test_a_terminated_run_reports_what_it_built_and_leaves_nothing(
    dg_project: DgProject,
    sleeping: SleepingProject,
    tmp_path: Path,
    executor: str,
    signal_name: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    sleeping.write(MODELS)
    monkeypatch.setenv("DAGSTER_HOME", str(tmp_path / "home"))
    worker = start_worker(dg_project, sleeping, tmp_path, executor)
    try:
        sleeping.wait_for_query()
        os.kill(worker.pid, signal.Signals[signal_name])
        assert sleeping.has_no_query_within(12)
        assert wait_until(lambda: worker.poll() is not None, seconds=30)
        assert wait_until(lambda: processes_of_group(worker.pid) == [], seconds=12)
    finally:
        for pid in processes_of_group(worker.pid):
            os.kill(pid, signal.SIGKILL)
    status, materialized = materialized_in(tmp_path / "home")
    assert materialized == ["first"]
    assert status in (dg.DagsterRunStatus.CANCELED, dg.DagsterRunStatus.FAILURE)
    assert sleeping.database.rows("select tablename from pg_tables where schemaname = 'eq'") == [
        ("first",)
    ]


@pytest.mark.reliability(
    "Cancelled runs",
    tried="a run is terminated whose dbt is behind a wrapper, and both ignore interrupts and SIGTERM",
    outcome="they are killed once the grace time is over; finished models are materialized, and no process is left",
)
def test_a_wrapper_that_ignores_signals_is_killed_after_the_grace_time(
    dg_project: DgProject,
    sleeping: SleepingProject,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    sleeping.write(MODELS)
    wrapper = tmp_path / "stubborn-dbt"
    wrapper.write_text(f"#!/bin/sh\ntrap '' INT TERM\n{shutil.which('dbt')} \"$@\"\n")
    wrapper.chmod(0o755)
    monkeypatch.setenv("DAGSTER_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("DAGSTER_DBT_TERMINATION_TIMEOUT_SECONDS", "4")
    worker = start_worker(dg_project, sleeping, tmp_path, "in_process", dbt_executable=str(wrapper))
    try:
        sleeping.wait_for_query()
        os.kill(worker.pid, signal.SIGINT)
        assert wait_until(lambda: worker.poll() is not None, seconds=40)
        assert wait_until(lambda: processes_of_group(worker.pid) == [], seconds=12)
        stubborn = [
            pid
            for pid in map(int, filter(str.isdigit, os.listdir("/proc")))
            if runs(pid, str(sleeping.folder))
        ]
        assert stubborn == []
    finally:
        for pid in processes_of_group(worker.pid):
            os.kill(pid, signal.SIGKILL)
    _, materialized = materialized_in(tmp_path / "home")
    assert materialized == ["first"]


def runs(pid: int, folder: str) -> bool:
    """Whether a process works in a folder and has not ended."""
    try:
        return Path(f"/proc/{pid}/cwd").resolve() == Path(folder).resolve()
    except OSError:
        return False
