"""The child process: runs in its own process group, reports through a pipe, never outlives its parent."""

import contextlib
import os
import signal
import subprocess
import threading
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

import msgspec

from dbt_component.dbt_process.engine import Engine
from dbt_component.dbt_process.events import DbtEvent, LogLine, decode_event
from dbt_component.dbt_process.requests import Request, encode_request

_CHILD = Path(__file__).with_name("child")
DEFAULT_GRACE_SECONDS = 25.0


class DbtProcess:
    """One dbt child process. Use it as a context manager, which always stops dbt on exit.

    The process may be started before the request is known: dbt's import takes over a second and then
    overlaps with other work.

    Args:
        engine: The dbt to run.
        stdout: As in ``subprocess.Popen``; ``None`` inherits.
        stderr: As in ``subprocess.Popen``; ``None`` inherits.
        grace_seconds: How long ``stop`` waits before it kills dbt; ``None`` for
            ``DAGSTER_DBT_TERMINATION_TIMEOUT_SECONDS``, or 25 if that is not set.
    """

    def __init__(
        self,
        engine: Engine,
        *,
        stdout: int | None = None,
        stderr: int | None = None,
        grace_seconds: float | None = None,
    ) -> None:
        if grace_seconds is None:
            grace_seconds = float(
                os.environ.get("DAGSTER_DBT_TERMINATION_TIMEOUT_SECONDS") or DEFAULT_GRACE_SECONDS
            )
        self._grace_seconds = grace_seconds
        read_end, write_end = os.pipe()
        environment = {**os.environ, "PYTHONUNBUFFERED": "1"}
        environment.pop("PYTHONSAFEPATH", None)
        program = [engine.python, str(_CHILD), str(write_end)]
        if engine.command is not None:
            program.append(engine.command)
        try:
            self._process = subprocess.Popen(
                program,
                stdin=subprocess.PIPE,
                stdout=stdout,
                stderr=stderr,
                pass_fds=(write_end,),
                start_new_session=True,
                env=environment,
            )
        except BaseException:
            os.close(read_end)
            raise
        finally:
            os.close(write_end)
        self._events = os.fdopen(read_end, "rb", buffering=0)

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def is_running(self) -> bool:
        return self._process.poll() is None

    @property
    def exit_code(self) -> int | None:
        return self._process.poll()

    def send(self, request: Request, *, env: Mapping[str, str], cwd: Path) -> None:
        """Sends the request; a process serves only one.

        Args:
            request: What to do.
            env: Variables to set on top of the inherited ones.
            cwd: Folder to run in.
        """
        line = encode_request(request, env=dict(env), cwd=str(cwd))
        stdin = self._process.stdin
        assert stdin is not None
        # If the child died while importing, events() ends and exit_code is set.
        with contextlib.suppress(BrokenPipeError):
            stdin.write(line)
            stdin.flush()

    def events(self) -> Iterator[DbtEvent]:
        """Yields events in the order in which dbt's threads emitted them, until the child ends.

        A line that is not an event (only a foreign writer to the descriptor could send one) becomes a
        log warning and does not end the stream.
        """
        pending = b""
        while True:
            chunk = self._events.read(1 << 16)
            if not chunk:
                break
            *lines, pending = (pending + chunk).split(b"\n")
            for line in lines:
                yield _decode(line)
        if pending.strip():
            yield _decode(pending)
        self._process.wait()

    def stop(self) -> None:
        """Ends the child if it is running: interrupts it twice, then kills it. Returns when it is gone.

        On the first interrupt dbt cancels its queries and waits for running nodes; the second ends
        that wait. Each gets half of the grace time; then the process group is killed.
        """
        draining = False
        for sent, wait_seconds in (
            (signal.SIGINT, self._grace_seconds / 2),
            (signal.SIGINT, self._grace_seconds / 2),
            (signal.SIGKILL, 10.0),
        ):
            if not self.is_running:
                break
            if not draining:
                threading.Thread(target=self._drain, daemon=True).start()
                draining = True
            self._signal(sent)
            deadline = time.monotonic() + wait_seconds
            try:
                while self.is_running and time.monotonic() < deadline:
                    time.sleep(0.02)
            except BaseException:  # interrupted while waiting: no more grace
                self._signal(signal.SIGKILL)
                raise
        # Kills whatever else is left in dbt's group (an adapter's helper, a hung thread's child).
        self._signal(signal.SIGKILL)
        if self._process.stdin is not None:
            with contextlib.suppress(OSError):
                self._process.stdin.close()
        with contextlib.suppress(OSError, ValueError):
            self._events.close()
        self._process.wait()

    def _signal(self, number: int) -> None:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self._process.pid, number)

    def _drain(self) -> None:
        """Keeps the pipe empty so that a child being stopped can't block on a write."""
        with contextlib.suppress(OSError, ValueError):
            while self._events.read(1 << 16):
                pass

    def __enter__(self) -> "DbtProcess":
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()


def _decode(line: bytes) -> DbtEvent:
    try:
        return decode_event(line)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return LogLine(
            level="warn",
            name="DbtComponent",
            message=f"Not an event: {line[:200]!r}",
        )
