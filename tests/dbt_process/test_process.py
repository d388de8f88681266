"""The child process reports its events and is never left behind."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from msgspec.structs import replace

from dbt_component.dbt_process.engine import find_engine
from dbt_component.dbt_process.events import InvocationResult, LogLine, NodeStarted
from dbt_component.dbt_process.process import DbtProcess
from dbt_component.dbt_process.requests import Invoke
from dbt_component.errors import EngineError
from dbt_component.project.dbt_environment import dbt_environment
from dbt_component.project.project import DbtProject
from tests.dg_project import DgProject
from tests.sleeping_project import IN_A_MODEL, SleepingProject, start_run, wait_until

SLOW = "select count(*) as n from range(1000000000) a, range(1000) b"


def is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    stat = Path(f"/proc/{pid}/stat").read_text()
    return stat.rpartition(")")[2].split()[0] != "Z"


def wait_until_gone(pid: int, seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while is_alive(pid) and time.monotonic() < deadline:
        time.sleep(0.05)
    return not is_alive(pid)


def start_slow_run(project: DbtProject, scratch: Path, grace_seconds: float = 4) -> DbtProcess:
    process = start_run(project, scratch, selected=["model.shop.slow"], grace_seconds=grace_seconds)
    for event in process.events():
        if isinstance(event, NodeStarted):
            break
    return process


@pytest.fixture
def slow_project(dg_project: DgProject) -> DbtProject:
    model = dg_project.dbt_folder / "models/staging/slow.sql"
    model.write_text("{{ config(materialized='table') }} " + SLOW)
    return DbtProject(dg_project.dbt_folder)


@pytest.mark.reliability(
    "Killed and stopped processes",
    tried="a run stopped in the middle of a long query",
    outcome="dbt's process has ended within 12 seconds",
)
@pytest.mark.server
def test_stopping_ends_a_run_in_the_middle_of_a_query(
    slow_project: DbtProject, tmp_path: Path
) -> None:
    process = start_slow_run(slow_project, tmp_path / "target")
    started = time.monotonic()
    process.stop()
    assert not is_alive(process.pid)
    assert time.monotonic() - started < 12
    assert (tmp_path / "target" / "run_results.json").exists() or process.exit_code == -9


@pytest.mark.reliability(
    "Killed and stopped processes",
    tried="SIGKILL to the process that started dbt",
    outcome="dbt ends itself",
)
@pytest.mark.server
def test_the_child_ends_itself_when_its_parent_is_killed(
    slow_project: DbtProject, tmp_path: Path
) -> None:
    script = (
        "import sys, time; from pathlib import Path\n"
        "from tests.dbt_process.test_process import start_slow_run\n"
        "from dbt_component.project.project import DbtProject\n"
        "p = start_slow_run(DbtProject(Path(sys.argv[1])), Path(sys.argv[2]))\n"
        "print(p.pid, flush=True); time.sleep(60)\n"
    )
    parent = subprocess.Popen(
        [sys.executable, "-c", script, str(slow_project.project_dir), str(tmp_path / "target")],
        stdout=subprocess.PIPE,
        text=True,
        cwd=Path(__file__).parents[2],
    )
    assert parent.stdout is not None
    pid = int(parent.stdout.readline())
    assert is_alive(pid)
    parent.send_signal(signal.SIGKILL)
    parent.wait()
    assert wait_until_gone(pid, 15)


def test_a_child_without_a_request_ends_when_stopped() -> None:
    process = DbtProcess(find_engine(), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    process.stop()
    assert not is_alive(process.pid)


@pytest.mark.reliability(
    "Killed and stopped processes",
    tried="a dbt process stopped at any moment of its start",
    outcome="it ends at once and prints nothing",
)
def test_a_child_that_is_stopped_early_is_silent(tmp_path: Path) -> None:
    """Python reports an interrupt in its first milliseconds as a fatal error, later with a traceback."""
    output = tmp_path / "output.txt"
    with output.open("wb") as file:
        for milliseconds in range(0, 80, 2):
            process = DbtProcess(find_engine(), stdout=file.fileno(), stderr=file.fileno())
            time.sleep(milliseconds / 1000)
            started = time.monotonic()
            process.stop()
            assert time.monotonic() - started < 3
    assert output.read_text() == ""


def test_interrupts_reach_this_process_after_it_has_started_dbt(
    request: pytest.FixtureRequest,
) -> None:
    # A shell starts its background commands with interrupts ignored.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    request.addfinalizer(lambda: signal.signal(signal.SIGINT, before))
    with DbtProcess(find_engine(), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL):
        assert signal.pthread_sigmask(signal.SIG_BLOCK, []) == set()
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGINT)


@pytest.mark.reliability(
    "Killed and stopped processes",
    tried="a run on PostgreSQL stopped while dbt is suspended by SIGSTOP",
    outcome="dbt is resumed, cancels its query and ends",
)
@pytest.mark.server
def test_a_suspended_dbt_is_stopped_with_its_query(
    sleeping: SleepingProject, tmp_path: Path
) -> None:
    sleeping.write(IN_A_MODEL)
    process = sleeping.start(target=tmp_path / "target", grace_seconds=20)
    os.killpg(process.pid, signal.SIGSTOP)
    process.stop()
    assert process.exit_code != -9
    assert sleeping.has_no_query_within(1)


@pytest.mark.reliability(
    "Killed and stopped processes",
    tried="a fork of dbt that lives on and holds the pipe of the events",
    outcome="the run ends within two seconds of dbt's end",
)
@pytest.mark.server
def test_a_fork_that_holds_the_pipe_does_not_delay_the_end(
    dg_project: DgProject, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "sitecustomize.py").write_text(
        "import os, time\n"
        "pid = os.fork()\n"
        "if pid == 0:\n"
        "    os.setsid(); time.sleep(60); os._exit(0)\n"
        f"with open({str(tmp_path / 'pid')!r}, 'w') as file:\n"
        "    file.write(str(pid))\n"
    )
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    project = DbtProject(dg_project.dbt_folder)
    with DbtProcess(find_engine(), stdout=subprocess.DEVNULL) as process:
        process.send(
            Invoke(argv=["parse"]),
            env=dbt_environment(project, target_path=tmp_path / "target"),
            cwd=project.project_dir,
        )
        events = process.events()
        assert any(isinstance(event, InvocationResult) and event.success for event in events)
        assert wait_until(lambda: not process.is_running, seconds=10)
        started = time.monotonic()
        assert list(events) == []
        assert time.monotonic() - started < 4
    fork = int((tmp_path / "pid").read_text())
    assert is_alive(fork)
    os.kill(fork, signal.SIGKILL)


@pytest.mark.server
def test_lines_that_are_not_events_become_warnings_and_the_others_arrive(tmp_path: Path) -> None:
    """A fake interpreter writes garbage to the descriptor before dbt's result."""
    fake = tmp_path / "python"
    fake.write_text(
        "#!/bin/sh\n"
        "exec " + sys.executable + " -c 'import os,sys; fd=int(sys.argv[2]); "
        'os.write(fd, b"\\xff\\xfe garbage\\n{\\"kind\\": \\"nothing\\"}\\n'
        '{\\"kind\\": \\"result\\", \\"success\\": true}\\n")'
        '\' "$@"\n'
    )
    fake.chmod(0o755)
    engine = find_engine()
    with DbtProcess(replace(engine, python=str(fake)), stdout=subprocess.DEVNULL) as process:
        events = list(process.events())
    assert [type(event) for event in events] == [LogLine, LogLine, InvocationResult]


def test_a_line_of_several_megabytes_arrives_whole(tmp_path: Path) -> None:
    fake = tmp_path / "child.py"
    fake.write_text(
        "import json, os, sys\n"
        "for kind in ({'level': 'info', 'name': 'A', 'message': 'x' * 3_000_000}, {'level': 'info', 'name': 'B', 'message': 'y'}):\n"
        "    line = json.dumps({'kind': 'log', **kind}).encode() + b'\\n'\n"
        "    while line:\n"
        "        line = line[os.write(int(sys.argv[2]), line) :]\n"
    )
    python = tmp_path / "python"
    python.write_text(f'#!/bin/sh\nexec {sys.executable} {fake} "$@"\n')
    python.chmod(0o755)
    with DbtProcess(replace(find_engine(), python=str(python))) as process:
        events = list(process.events())
    assert [len(event.message) for event in events if isinstance(event, LogLine)] == [3_000_000, 1]


def test_the_error_for_a_missing_dbt_contains_its_name() -> None:
    with pytest.raises(EngineError, match="'no-such-dbt' was not found"):
        find_engine("no-such-dbt")


def test_an_executable_that_can_not_be_started_is_refused(tmp_path: Path) -> None:
    binary = tmp_path / "dbt"
    binary.write_bytes(b"\x7fELF")
    binary.chmod(0o755)
    with pytest.raises(EngineError, match="Exec format error"):
        find_engine(str(binary))
