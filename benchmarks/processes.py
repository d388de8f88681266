"""Runs a command and measures its time."""

import os
import subprocess
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

_SHOWN_CHARACTERS = 4000


class BenchmarkError(Exception):
    """A measurement is not valid, for example because the command failed."""


@dataclass(frozen=True)
class Timing:
    """The times and output of a command that succeeded.

    ``seconds`` is wall time. ``cpu_seconds`` is the CPU time of the process and the children it waited
    for, which is less affected by other work on the machine.
    """

    seconds: float
    cpu_seconds: float
    stdout: str


def run_timed(argv: Sequence[str], *, env: Mapping[str, str], cwd: Path) -> Timing:
    """Runs a command to its end.

    Raises:
        BenchmarkError: It did not exit with 0; the message contains the end of its output.
    """
    with tempfile.TemporaryFile() as stdout, tempfile.TemporaryFile() as stderr:
        started = time.perf_counter()
        process = subprocess.Popen(
            list(argv),
            env=dict(env),
            cwd=cwd,
            stdin=subprocess.DEVNULL,
            stdout=stdout,
            stderr=stderr,
        )
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - started
        process.returncode = os.waitstatus_to_exitcode(status)
        stdout.seek(0)
        stderr.seek(0)
        output = stdout.read().decode(errors="replace")
        errors = stderr.read().decode(errors="replace")
    if process.returncode != 0:
        shown = "\n".join(text[-_SHOWN_CHARACTERS:] for text in (output, errors) if text.strip())
        raise BenchmarkError(
            f"{' '.join(argv)}\nfailed with exit code {process.returncode}.\n{shown}"
        )
    return Timing(seconds, usage.ru_utime + usage.ru_stime, output)
