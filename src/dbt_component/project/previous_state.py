"""The state that a refresh starts from."""

import os
from pathlib import Path
from types import TracebackType

from typing_extensions import Self

from dbt_component.errors import StateFormatError
from dbt_component.project.state import StateFile


class PreviousState:
    """Opens the former state once, and again only if another process replaced the file meanwhile.

    Use as a context manager. ``state`` is ``None`` if there is none that this release reads.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._identity = _identity_of(path)
        self.state = _open_if_usable(path)

    def reopen_if_replaced(self) -> bool:
        """Opens the file that lies there now, if it is another one; returns whether it is."""
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
    """States are replaced by renaming, so another file has another inode or time."""
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
