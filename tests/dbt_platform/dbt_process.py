"""One invocation of the real dbt, whose output goes to files while it runs."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path

DBT = Path(sys.executable).with_name("dbt")
_POLL_SECONDS = 0.05


class DbtProcess:
    """dbt in a process group of its own. ``command`` starts with the executable."""

    def __init__(
        self, command: list[str], *, cwd: Path, console: Path, env: Mapping[str, str]
    ) -> None:
        # PYTHONPATH is that of the tests, and variables of dbt's would change what runs.
        inherited = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith("DBT_") and name != "PYTHONPATH"
        }
        with console.open("ab") as output:
            self._process = subprocess.Popen(
                command,
                cwd=cwd,
                env={**inherited, "PYTHONUNBUFFERED": "1", **env},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def wait(self, seconds: float = _POLL_SECONDS) -> int | None:
        """The exit code, or ``None`` if dbt still runs after this time."""
        try:
            return self._process.wait(seconds)
        except subprocess.TimeoutExpired:
            return None

    def terminate(self, grace_seconds: float) -> None:
        """Interrupts dbt, which cancels its queries; kills it if it has not ended in time."""
        deadline = time.monotonic() + grace_seconds
        self._process.send_signal(signal.SIGINT)
        while self.wait() is None:
            if time.monotonic() > deadline:
                os.killpg(self._process.pid, signal.SIGKILL)
                self._process.wait()
                return
