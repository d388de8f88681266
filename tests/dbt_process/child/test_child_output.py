"""The output of a command ends with the command, whoever else holds its pipe."""

import os
import signal
import subprocess
import time

import pytest

from dbt_component.dbt_process.child.child_output import read_lines


def start(script: str) -> "subprocess.Popen[bytes]":
    return subprocess.Popen(
        ["/bin/sh", "-c", script], stdout=subprocess.PIPE, start_new_session=True
    )


def test_all_lines_are_read_also_one_without_a_line_end() -> None:
    with start("printf 'one\\ntwo\\n\\nthree'; sleep 1.5; printf ' and more'") as process:
        assert list(read_lines(process)) == [b"one\n", b"two\n", b"\n", b"three and more"]


@pytest.mark.reliability(
    "Killed and stopped processes",
    tried="a wrapper of dbt that leaves a process behind, which holds its output",
    outcome="its output ends one second after the wrapper did, or ten if that process keeps writing",
)
@pytest.mark.parametrize(
    ("left_behind", "at_most_seconds"),
    [("sleep 60", 4.0), ("while sleep 0.3; do echo tick; done", 14.0)],
)
def test_a_process_left_behind_does_not_hold_up_the_end(
    left_behind: str, at_most_seconds: float
) -> None:
    process = start(f"({left_behind}) & echo $!; echo done")
    started = time.monotonic()
    lines = list(read_lines(process))
    assert time.monotonic() - started < at_most_seconds
    assert lines[1] == b"done\n"
    os.kill(int(lines[0]), 0)  # still there
    os.killpg(process.pid, signal.SIGKILL)
    process.communicate()
