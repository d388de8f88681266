"""Queries are cancelled by the adapter even if dbt's main thread waits for one of them."""

import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.sleeping_project import (
    IN_A_HOOK,
    SLEEP,
    SleepingProject,
    processes_of_group,
    wait_until,
)


@pytest.mark.reliability(
    "Killed and stopped processes",
    tried="a run stopped while a hook runs on PostgreSQL, where dbt handles no interrupt",
    outcome="the query is cancelled and dbt ends before it would be killed",
)
@pytest.mark.server
def test_a_query_of_the_main_thread_is_cancelled_before_dbt_is_killed(
    sleeping: SleepingProject, tmp_path: Path
) -> None:
    sleeping.write(IN_A_HOOK)
    sleeping.write_settings(**{"on-run-start": [f"select {SLEEP}"]})
    process = sleeping.start(target=tmp_path / "target", grace_seconds=16)
    process.stop()
    assert process.exit_code != -9
    assert sleeping.has_no_query_within(1)


@pytest.mark.server
def test_it_is_cancelled_too_when_the_parent_is_gone(
    sleeping: SleepingProject, tmp_path: Path
) -> None:
    sleeping.write(IN_A_HOOK)
    sleeping.write_settings(**{"on-run-start": [f"select {SLEEP}"]})
    script = (
        "import sys, time; from pathlib import Path\n"
        "from dbt_component.project.project import DbtProject\n"
        "from tests.sleeping_project import start_run\n"
        "process = start_run(DbtProject(Path(sys.argv[1])), Path(sys.argv[2]))\n"
        "print(process.pid, flush=True); time.sleep(120)\n"
    )
    parent = subprocess.Popen(
        [sys.executable, "-c", script, str(sleeping.folder), str(tmp_path / "target")],
        stdout=subprocess.PIPE,
        cwd=Path(__file__).parents[3],
    )
    assert parent.stdout is not None
    dbt = int(parent.stdout.readline())
    sleeping.wait_for_query()
    started = time.monotonic()
    parent.kill()
    parent.communicate()
    assert sleeping.has_no_query_within(9)
    assert wait_until(lambda: processes_of_group(dbt) == [], seconds=9)
    assert time.monotonic() - started < 9  # it would be killed after ten seconds
