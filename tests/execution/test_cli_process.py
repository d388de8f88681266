"""dbt's process, as users of the invocation wait for it."""

import signal
import subprocess
import time

import pytest

from dbt_component import DbtCliResource
from dbt_component.dbt_process.process import DbtProcess
from dbt_component.errors import DagsterDbtError
from dbt_component.execution.failure import DagsterDbtCliRuntimeError
from tests.sleeping_project import IN_A_MODEL, SleepingProject

pytestmark = pytest.mark.server


def test_a_command_is_polled_and_its_events_are_read_afterwards(dbt: DbtCliResource) -> None:
    invocation = dbt.cli(["seed"])
    process = invocation.process
    assert process.returncode is None
    assert process.args[:2] == ["dbt", "seed"]
    assert process.poll() is None and isinstance(process.pid, int)
    deadline = time.monotonic() + 60
    while process.poll() is None:
        assert time.monotonic() < deadline
        time.sleep(0.05)
    assert process.wait() == 0
    assert invocation.is_successful()
    assert len(list(invocation.stream())) == 2
    assert sum(e.is_result_event for e in invocation.stream_raw_events()) == 2
    with pytest.raises(DagsterDbtError, match="too late"):
        invocation.stream().fetch_row_counts()


def test_looking_at_the_process_does_not_start_it(
    dbt: DbtCliResource, started: list[DbtProcess]
) -> None:
    invocation = dbt.cli(["seed"])
    assert invocation.process.returncode is None and started == []
    assert len(list(invocation.stream().fetch_row_counts())) == 2


@pytest.mark.parametrize(
    ("args", "code"),
    [(["run", "--select", "stg_orders"], 1), (["run", "--select", "state:new"], 2)],
)
def test_the_exit_code_is_dbts(args: list[str], code: int, dbt: DbtCliResource) -> None:
    process = dbt.cli(args).process
    assert process.wait() == code
    assert process.returncode == code


def test_a_command_in_the_background_is_stopped_with_its_query(
    sleeping: SleepingProject, started: list[DbtProcess]
) -> None:
    sleeping.write(IN_A_MODEL)
    invocation = DbtCliResource(project_dir=sleeping.folder).cli(["run"])
    invocation.termination_timeout_seconds = 8
    process = invocation.process
    assert process.poll() is None
    sleeping.wait_for_query()
    with pytest.raises(subprocess.TimeoutExpired):
        process.wait(timeout=0.2)
    with pytest.raises(ValueError, match="SIGINT, SIGTERM and SIGKILL"):
        process.send_signal(signal.SIGUSR1)
    process.terminate()
    assert sleeping.has_no_query_within(10)
    assert process.wait(timeout=10) != 0
    assert [p.is_running for p in started] == [False]
    assert [p.grace_seconds for p in started] == [8]
    assert not invocation.is_successful()
    with pytest.raises(DagsterDbtCliRuntimeError):
        list(invocation.stream_raw_events())


def test_a_reader_that_is_interrupted_stops_a_command_in_the_background(
    sleeping: SleepingProject, started: list[DbtProcess]
) -> None:
    sleeping.write(IN_A_MODEL)
    invocation = DbtCliResource(project_dir=sleeping.folder).cli(["run"])
    assert invocation.process.poll() is None
    events = invocation.stream_raw_events()
    next(events)
    sleeping.wait_for_query()
    events.close()  # type: ignore[attr-defined]
    assert sleeping.has_no_query_within(10)
    assert [p.is_running for p in started] == [False]
    assert not invocation.is_successful()
