"""The state that a refresh starts from."""

import os
from pathlib import Path
from types import TracebackType

from typing_extensions import Self

from dbt_component.errors import StateFormatError
from dbt_component.project.state import StateFile


class PreviousState:
    """Opens the previous state once, and again only if another process has replaced the file.

    Use as a context manager. ``state`` is ``None`` if there is no state that this release can read.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._identity = _identity_of(path)
        self.state = _open_if_usable(path)

    def reopen_if_replaced(self) -> bool:
        """Opens the state again if its file was replaced; returns whether it was."""
        if _identity_of(self._path) == self._identity:
            return False
        self.close()
        self._identity = _identity_of(self._path)
        self.state = _open_if_usable(self._path)
        return True

    def close(self) -> None:
        if self.state is not None:
            self.state.close()
            self.state = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()


def _identity_of(path: Path) -> tuple[int, int, int] | None:
    """Identifies a file: states are replaced by renaming, so a new file has another inode or time."""
    try:
        stat = os.stat(path)
    except OSError:
        return None
    return stat.st_dev, stat.st_ino, stat.st_mtime_ns


def _open_if_usable(path: Path) -> StateFile | None:
    if not path.is_file():
        return None
    try:
        state = StateFile(path)
    except (StateFormatError, OSError):
        return None
    try:
        state.fingerprint, state.selections  # noqa: B018 - proves that it can be compared
    except (StateFormatError, OSError):
        state.close()
        return None
    return state
