"""A killed run worker takes its steps, their dbt and its queries with it."""

import multiprocessing
import os
import signal
import subprocess
import sys
from pathlib import Path

import dagster as dg
import pytest

from dbt_component._dagster import find_run_worker
from tests.dg_project import DgProject
from tests.sleeping_project import IN_A_MODEL, SleepingProject, processes_of_group, wait_until

EXECUTORS = {
    "in_process": "{in_process: {}}",
    "multiprocess": "{multiprocess: {}}",
    "forkserver": "{multiprocess: {start_method: {forkserver: {}}}}",
}


@pytest.mark.reliability(
    "Killed and stopped processes",
    tried="SIGKILL to the worker of a run on PostgreSQL, with each of Dagster's local executors",
    outcome="the step is interrupted, its process and dbt end, and the query is cancelled",
)
@pytest.mark.server
@pytest.mark.parametrize("executor", EXECUTORS)
def test_nothing_of_a_run_is_left_when_its_worker_is_killed(
    dg_project: DgProject,
    sleeping: SleepingProject,
    tmp_path: Path,
    executor: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    sleeping.write(IN_A_MODEL)
    monkeypatch.setenv("DAGSTER_HOME", str(tmp_path / "home"))
    worker = start_worker(dg_project, sleeping, tmp_path, executor)
    try:
        sleeping.wait_for_query()
        os.kill(worker.pid, signal.SIGKILL)
        worker.wait()
        assert sleeping.has_no_query_within(12)
        assert wait_until(lambda: processes_of_group(worker.pid) == [], seconds=12)
    finally:
        for pid in processes_of_group(worker.pid):
            os.kill(pid, signal.SIGKILL)
    if executor != "in_process":
        instance = dg.DagsterInstance.get()
        (record,) = instance.get_run_records()
        entries = instance.all_logs(record.dagster_run.run_id)
        events = [entry.dagster_event for entry in entries if entry.dagster_event]
        assert any(event.is_step_failure for event in events)
        assert not any(event.is_step_success for event in events)


def start_worker(
    dg_project: DgProject,
    project: SleepingProject,
    folder: Path,
    executor: str,
    **settings: str,
) -> "subprocess.Popen[bytes]":
    """Starts a run of a component over the project, as a session of its own, under the current environment.

    Args:
        dg_project: Receives the component.
        project: The dbt project.
        folder: Receives the output and the home of Dagster, whose path must be in ``DAGSTER_HOME``.
        executor: A key of ``EXECUTORS``.
        settings: Further settings of the project in defs.yaml.
    """
    dg_project.write_component(project={"project_dir": str(project.folder), **settings})
    (dg_project.defs_folder / "job.py").write_text(
        "import dagster as dg\n"
        "everything = dg.define_asset_job('everything', dg.AssetSelection.all())\n"
    )
    dg_project.refresh()
    (folder / "home").mkdir()
    config = folder / "run.yaml"
    config.write_text(f"execution: {{config: {EXECUTORS[executor]}}}")
    path = f"{dg_project.root / 'src'}:{os.environ.get('PYTHONPATH', '')}"
    command = [sys.executable, "-m", "dagster", "job", "execute", "-j", "everything"]
    with (folder / "output.txt").open("wb") as output:
        return subprocess.Popen(
            [*command, "-m", f"{dg_project.module}.definitions", "-c", str(config)],
            cwd=dg_project.root,
            env={**os.environ, "PYTHONPATH": path},
            stdout=output,
            stderr=output,
            start_new_session=True,
        )


def report_run_worker(queue: "multiprocessing.Queue[bool]") -> None:
    queue.put(find_run_worker() is None)


def test_a_process_that_is_not_a_step_may_outlive_the_one_that_started_it() -> None:
    """A code server, for example, starts run workers with `multiprocessing`."""
    assert find_run_worker() is None
    context = multiprocessing.get_context("spawn")
    queue = context.Queue()
    process = context.Process(target=report_run_worker, args=(queue,))
    process.start()
    assert queue.get(timeout=60)
    process.join()
