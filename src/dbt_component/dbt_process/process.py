"""The child process: runs in its own process group, reports through a pipe, never outlives its parent."""

import contextlib
import os
import select
import signal
import subprocess
import threading
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

import msgspec

from dbt_component.dbt_process.child.child_output import SILENCE_SECONDS
from dbt_component.dbt_process.engine import Engine
from dbt_component.dbt_process.events import DbtEvent, LogLine, decode_event
from dbt_component.dbt_process.requests import Request, encode_request
from dbt_component.dbt_process.termination_timeout import termination_timeout_seconds

_CHILD = Path(__file__).with_name("child")
_READER_SECONDS = 10.0  # for the last events, after dbt is gone


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
            grace_seconds = termination_timeout_seconds()
        self.grace_seconds = grace_seconds
        read_end, write_end = os.pipe()
        environment = {**os.environ, "PYTHONUNBUFFERED": "1"}
        environment.pop("PYTHONSAFEPATH", None)
        program = [engine.python, str(_CHILD), str(write_end)]
        if engine.command is not None:
            program.append(engine.command)
        # Python reports an interrupt during its start as a fatal error, so the child unblocks it later.
        blocked = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
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
            signal.pthread_sigmask(signal.SIG_SETMASK, blocked)
            os.close(write_end)
        os.set_blocking(read_end, False)
        self._events = os.fdopen(read_end, "rb", buffering=0)
        self._poll = select.poll()
        self._poll.register(read_end, select.POLLIN)
        self._is_driver = engine.command is not None
        self._is_asked = False
        self._stopping = threading.RLock()
        self._reader: int | None = None
        self._is_read = threading.Event()

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
        """Sends the request, or a further one to a process that stays open for it.

        Args:
            request: What to do.
            env: Variables to set on top of the inherited ones.
            cwd: Folder to run in.
        """
        line = encode_request(request, env=dict(env), cwd=str(cwd))
        stdin = self._process.stdin
        assert stdin is not None
        self._is_asked = True
        # If the child died while importing, events() ends and exit_code is set.
        with contextlib.suppress(BrokenPipeError):
            stdin.write(line)
            stdin.flush()

    def events(self) -> Iterator[DbtEvent]:
        """Yields events in the order in which dbt's threads emitted them, until the child ends.

        The end is when the pipe closes, or when the child has ended and the pipe has been silent for
        ``SILENCE_SECONDS``: a process that dbt forked may hold the pipe for as long as it lives.

        A line that is not an event (only a foreign writer to the descriptor could send one) becomes a
        log warning and does not end the stream.
        """
        self._reader = threading.get_ident()
        try:
            yield from self._read_events()
        finally:
            self._is_read.set()

    def _read_events(self) -> Iterator[DbtEvent]:
        pending: list[bytes] = []  # the parts of a line; one line may have many megabytes
        while True:
            has_ended = not self.is_running
            chunk = self._read(SILENCE_SECONDS)
            if chunk == b"" or (chunk is None and has_ended):
                break
            first, *others = (chunk or b"").split(b"\n")
            pending.append(first)
            for part in others:
                yield _decode(b"".join(pending))
                pending = [part]
        rest = b"".join(pending)
        if rest.strip():
            yield _decode(rest)
        self._process.wait()

    def stop(self) -> None:
        """Ends dbt if it is running: interrupts it twice, then kills it. Returns when it is gone.

        On the first interrupt dbt cancels its queries and waits for running nodes. With the second, the
        child is asked to cancel them from another thread, in case dbt's own waits for the database. Each
        gets half of the grace time; then the process group is killed.

        Any thread may call it; if another one iterates over ``events``, that iteration ends first.
        """
        with self._stopping:
            self._stop()

    def _stop(self) -> None:
        if self._events.closed:
            return
        try:
            if self._is_busy:
                self._interrupt()
                self._await_end(self.grace_seconds / 2)
            if self._is_busy:
                self._ask_to_cancel()
                self._interrupt()
                self._await_end(self.grace_seconds / 2)
            if self._is_busy:
                self._signal(signal.SIGKILL)
                self._await_end(10)
        except BaseException:  # interrupted while waiting: no more grace
            self._signal(signal.SIGKILL)
            raise
        # Kills whatever else is left in dbt's group (an adapter's helper, a hung thread's child).
        self._signal(signal.SIGKILL)
        if self._process.stdin is not None:
            with contextlib.suppress(OSError):
                self._process.stdin.close()
        if self._has_other_reader:
            self._is_read.wait(_READER_SECONDS)
        self._events.close()
        self._process.wait()

    @property
    def _is_busy(self) -> bool:
        """Whether dbt may be running: a driver that was killed leaves its dbt behind in the group."""
        if self.is_running:
            return True
        return self._is_driver and (self.exit_code or 0) < 0 and self._signal(0)

    @property
    def _has_other_reader(self) -> bool:
        """Whether another thread iterates over ``events``."""
        return self._reader not in (None, threading.get_ident()) and not self._is_read.is_set()

    def _interrupt(self) -> None:
        # dbt may be suspended. Until its main thread runs again, the kernel gives an interrupt to another one,
        # and Python does not wake the main thread for it.
        self._signal(signal.SIGCONT)
        time.sleep(0.1)
        self._signal(signal.SIGINT)

    def _ask_to_cancel(self) -> None:
        stdin = self._process.stdin
        if self._is_asked and stdin is not None:
            os.set_blocking(stdin.fileno(), False)
            with contextlib.suppress(OSError):
                os.write(stdin.fileno(), b"\n")

    def _signal(self, number: int) -> bool:
        """Sends a signal to dbt's process group; false if the group is gone."""
        try:
            os.killpg(self._process.pid, number)
        except (ProcessLookupError, PermissionError):
            return False
        return True

    def _await_end(self, seconds: float) -> None:
        """Waits for dbt's end, and keeps the pipe empty so that dbt can't block on a write."""
        deadline = time.monotonic() + seconds
        while self._is_busy and time.monotonic() < deadline:
            if self._has_other_reader or self._read(0.02) == b"":
                time.sleep(0.02)

    def _read(self, seconds: float) -> bytes | None:
        """Returns what the pipe holds; ``None`` if nothing arrives in time, empty if the pipe is closed."""
        return self._events.read(1 << 16) if self._poll.poll(seconds * 1000) else None

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
