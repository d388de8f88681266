"""``DbtCliInvocation.process``: dbt's process, with what ``subprocess.Popen`` users look for."""

import signal
import subprocess
from typing import Protocol


class Runnable(Protocol):
    """A command that can run in the background."""

    @property
    def argv(self) -> list[str]: ...

    @property
    def pid(self) -> int | None: ...

    @property
    def returncode(self) -> int | None: ...

    def start(self) -> None: ...

    def wait_in_background(self, timeout: float | None) -> bool: ...

    def stop(self) -> None: ...


class DbtCliProcess:
    """dbt's process as a stand-in for ``subprocess.Popen``. ``pid``, ``poll`` and ``wait`` start a command that has not begun.

    Args:
        command: The command.
    """

    stdin = None
    stdout = None
    stderr = None

    def __init__(self, command: Runnable) -> None:
        self._command = command

    @property
    def args(self) -> list[str]:
        """The command line. Values of variables that came from the environment are masked."""
        return ["dbt", *self._command.argv]

    @property
    def pid(self) -> int | None:
        """The id of the process, whose group has the same id; ``None`` if there is nothing to run."""
        self._command.start()
        return self._command.pid

    @property
    def returncode(self) -> int | None:
        """dbt's exit code: 0, 1 if nodes failed, 2 if dbt itself did; ``None`` before the end."""
        return self._command.returncode

    def poll(self) -> int | None:
        """Returns ``returncode`` at once."""
        self._command.start()
        return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        """Waits for dbt's end; returns its exit code and raises no error for a failure.

        Args:
            timeout: In seconds.

        Raises:
            subprocess.TimeoutExpired: dbt has not ended in time. It goes on.
        """
        self._command.start()
        if not self._command.wait_in_background(timeout):
            raise subprocess.TimeoutExpired(self.args, timeout or 0.0)
        code = self.returncode
        return 1 if code is None else code

    def send_signal(self, number: int) -> None:
        """Stops dbt, whichever of SIGINT, SIGTERM and SIGKILL is sent."""
        if number not in (signal.SIGINT, signal.SIGTERM, signal.SIGKILL):
            raise ValueError(f"dbt's process takes SIGINT, SIGTERM and SIGKILL, not {number!r}.")
        self._command.stop()

    def terminate(self) -> None:
        """Stops dbt: it cancels its queries, and is killed if it does not end in the grace time."""
        self._command.stop()

    def kill(self) -> None:
        """As ``terminate``: dbt that is killed at once would leave its queries running."""
        self._command.stop()
