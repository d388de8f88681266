"""A step of a run, and its logs, which grow while it runs."""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from tests.dbt_platform.account import ACCOUNT_ID
from tests.dbt_platform.statuses import RunStatus
from tests.dbt_platform.timestamps import humanize_duration, now, show_time

TRUNCATED_LINES = 1000


@dataclass
class Step:
    """``folder`` holds console.log, dbt.log and, once the step has finished, artifacts/."""

    id: int
    run_id: int
    index: int
    name: str
    command: str | None
    folder: Path
    created_at: datetime
    status: RunStatus = RunStatus.RUNNING
    finished_at: datetime | None = None

    @property
    def artifacts(self) -> Path:
        return self.folder / "artifacts"

    @property
    def console(self) -> Path:
        return self.folder / "console.log"

    def finish(self, status: RunStatus) -> None:
        self.finished_at = now()
        self.status = status

    def show(self, *, full_debug_logs: bool) -> dict[str, Any]:
        """The step as the API shows it.

        ``debug_logs`` is null unless it was asked for; the end of the log is in ``truncated_debug_logs``.
        """
        debug = _read(self.folder / "dbt.log")
        duration = (self.finished_at or now()) - self.created_at
        return {
            "id": self.id,
            "run_id": self.run_id,
            "account_id": ACCOUNT_ID,
            "index": self.index,
            "name": self.name,
            "status": int(self.status),
            "status_humanized": self.status.humanized,
            "logs": _read(self.console),
            "debug_logs": debug if full_debug_logs else None,
            "truncated_debug_logs": "".join(debug.splitlines(keepends=True)[-TRUNCATED_LINES:]),
            "log_path": None,
            "debug_log_path": None,
            "created_at": show_time(self.created_at),
            "updated_at": show_time(self.finished_at or self.created_at),
            "started_at": show_time(self.created_at),
            "finished_at": show_time(self.finished_at),
            "duration": str(duration),
            "duration_humanized": humanize_duration(duration),
        }


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except FileNotFoundError:
        return ""
