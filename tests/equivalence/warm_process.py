"""Starts ``warm.py`` and sends jobs to it."""

import contextlib
import json
import os
import selectors
import signal
import subprocess
from pathlib import Path
from types import TracebackType
from typing import Any

_SCRIPT = Path(__file__).with_name("warm.py")
START_SECONDS = 120
JOB_SECONDS = 180


class WarmProcess:
    """One warm dbt, which runs one job at a time. Use it as a context manager, which ends it."""

    def __init__(self, python: str) -> None:
        environment = {
            **os.environ,
            "DBT_SEND_ANONYMOUS_USAGE_STATS": "false",
            "PYTHONHASHSEED": os.environ.get("PYTHONHASHSEED", "0"),
            "PYTHONUNBUFFERED": "1",
        }
        self._process = subprocess.Popen(
            [python, str(_SCRIPT)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=environment,
            text=True,
            start_new_session=True,
        )
        self._wait(START_SECONDS)

    def run(self, job: dict[str, Any]) -> int:
        """Runs a job; returns its exit code.

        Raises:
            TimeoutError: The job hangs. The process was killed and can't be used any more.
        """
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(job) + "\n")
        self._process.stdin.flush()
        return int(self._wait(JOB_SECONDS)["exit_code"])

    def _wait(self, seconds: float) -> dict[str, Any]:
        assert self._process.stdout is not None
        with selectors.DefaultSelector() as selector:
            selector.register(self._process.stdout, selectors.EVENT_READ)
            if not selector.select(seconds):
                self.kill()
                raise TimeoutError(f"dbt did not answer within {seconds} s")
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError(f"the warm dbt ended with {self._process.wait()}")
        reply: dict[str, Any] = json.loads(line)
        return reply

    def close(self) -> None:
        """Ends the process."""
        if self._process.stdin is not None:
            self._process.stdin.close()
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self.kill()
        if self._process.stdout is not None:
            self._process.stdout.close()

    def kill(self) -> None:
        """Kills the process and its forks."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()

    def __enter__(self) -> "WarmProcess":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()
