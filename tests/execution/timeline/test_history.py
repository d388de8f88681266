"""The history of durations: the last ten of each node, in one file that no failure can break."""

import multiprocessing
import time
from pathlib import Path

import pytest
from filelock import FileLock

from dbt_component.execution.timeline import history
from dbt_component.execution.timeline.history import DurationHistory


def recorded(folder: Path, *runs: dict[str, float]) -> DurationHistory:
    for run in runs:
        DurationHistory(folder).record(run)
    return DurationHistory(folder)


def test_the_usual_duration_is_the_median_of_earlier_runs(tmp_path: Path) -> None:
    found = recorded(tmp_path / "new" / "folder", {"a": 1.0, "b": 5.0}, {"a": 9.5}, {"a": 2.0})
    assert found.usual("a") == 2.0
    assert found.usual("b") == 5.0
    assert found.usual("never ran") is None
    assert found.usual_seconds() == {"a": 2.0, "b": 5.0}


def test_only_the_last_ten_runs_count(tmp_path: Path) -> None:
    runs = [{"a": 100.0}] * 10 + [{"a": 1.0}] * 5 + [{"a": 2.0}] * 5
    assert recorded(tmp_path, *runs).usual("a") == 1.5


def test_a_run_is_compared_with_earlier_ones_and_not_with_itself(tmp_path: Path) -> None:
    recorded(tmp_path, {"a": 1.0})
    found = DurationHistory(tmp_path)
    found.record({"a": 5.0})
    assert found.usual("a") == 1.0
    assert DurationHistory(tmp_path).usual("a") == 3.0


@pytest.mark.parametrize("seconds", [-1.0, float("nan"), float("inf"), 1e300])
def test_impossible_durations_are_not_recorded(tmp_path: Path, seconds: float) -> None:
    assert recorded(tmp_path, {"a": 2.0}, {"a": seconds, "b": seconds}).usual_seconds() == {
        "a": 2.0
    }


@pytest.mark.parametrize(
    "content", [b"", b"garbage", b"\x92\x01", b"\x92\x01\x81\xa1a\xa1b", b"\x92\x63\x80", b"\x80"]
)
def test_a_file_that_can_not_be_read_is_an_empty_history_that_the_next_run_replaces(
    tmp_path: Path, content: bytes
) -> None:
    (tmp_path / "durations.msgpack").write_bytes(content)
    assert DurationHistory(tmp_path).usual_seconds() == {}
    assert recorded(tmp_path, {"a": 1.0}).usual("a") == 1.0


def test_the_cases_of_unreadable_files_are_unlike_a_real_one(tmp_path: Path) -> None:
    recorded(tmp_path, {"a": 1.0})
    assert (tmp_path / "durations.msgpack").read_bytes() == b"\x92\x01\x81\xa1a\x91\xcd\x03\xe8"


def test_a_folder_that_can_not_be_written_is_no_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    assert recorded(tmp_path / "file", {"a": 1.0}).usual_seconds() == {}


def test_a_lock_that_is_never_released_costs_the_update_only(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    recorded(tmp_path, {"a": 1.0})
    monkeypatch.setattr(history, "WAIT_FOR_OTHERS_SECONDS", 0.05)
    with FileLock(tmp_path / "durations.lock"):
        assert recorded(tmp_path, {"a": 9.0}).usual("a") == 1.0
    assert recorded(tmp_path, {"a": 9.0}).usual("a") == 5.0


def _record_often(folder: Path, name: str) -> None:
    for number in range(10):
        DurationHistory(folder).record({name: float(number), "shared": 1.0})


def test_processes_that_record_at_once_lose_nothing(tmp_path: Path) -> None:
    spawn = multiprocessing.get_context("spawn")
    writers = [
        spawn.Process(target=_record_often, args=(tmp_path, f"node_{number}"))
        for number in range(3)
    ]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join(60)
        assert writer.exitcode == 0
    expected = {"shared": 1.0, **{f"node_{number}": 4.5 for number in range(3)}}
    assert DurationHistory(tmp_path).usual_seconds() == expected
    assert {path.name for path in tmp_path.iterdir()} <= {"durations.msgpack", "durations.lock"}


def test_the_file_is_the_users_own_and_stays_small(tmp_path: Path) -> None:
    nodes = {f"model.a_project.staging_of_something_{n}": n / 7 for n in range(1000)}
    recorded(tmp_path, *[nodes] * 12)
    path = tmp_path / "durations.msgpack"
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.stat().st_size < 100_000


def test_of_too_many_nodes_those_that_ran_last_are_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(history, "KEPT_NODES", 2)
    found = recorded(tmp_path, {"a": 1.0, "b": 1.0}, {"a": 1.0}, {"c": 1.0})
    assert set(found.usual_seconds()) == {"a", "c"}


def test_recording_1000_nodes_takes_a_few_milliseconds(tmp_path: Path) -> None:
    nodes = {f"model.a_project.staging_of_something_{n}": n / 7 for n in range(1000)}
    recorded(tmp_path, *[nodes] * 10)
    begin = time.process_time()
    DurationHistory(tmp_path).record(nodes)
    seconds = time.process_time() - begin
    print(f"{seconds * 1000:.1f} ms")
    assert seconds < 0.1
