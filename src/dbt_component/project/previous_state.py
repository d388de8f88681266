"""The state that a refresh starts from."""

import os
from pathlib import Path
from types import TracebackType

from typing_extensions import Self

from dbt_component.errors import NewerStateError, StateError, StateFormatError
from dbt_component.project.state import StateFile


class PreviousState:
    """Opens the previous state once, and again only if another process has replaced the file.

    Use as a context manager. ``state`` is ``None`` if there is no state, or if it is corrupt or of an older
    format; ``problem`` then says which.

    Raises:
        NewerStateError: A newer release wrote the state. It is never replaced, because others still use it.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._identity = _identity_of(path)
        self.state: StateFile | None = None
        self.problem = ""
        self._open()

    def reopen_if_replaced(self) -> bool:
        """Opens the state again if its file was replaced; returns whether it was."""
        if _identity_of(self._path) == self._identity:
            return False
        self.close()
        self._identity = _identity_of(self._path)
        self._open()
        return True

    def _open(self) -> None:
        self.problem = "no usable state"
        try:
            state = StateFile(self._path)
        except NewerStateError:
            raise
        except StateError as error:
            self.problem = f"no usable state ({error.message})"
            return
        except OSError:
            return
        try:
            state.verify()
            state.fingerprint, state.selections  # noqa: B018 - proves that it can be compared
        except (StateFormatError, OSError) as error:
            state.close()
            message = error.message if isinstance(error, StateFormatError) else str(error)
            self.problem = f"no usable state ({message})"
            return
        self.state = state

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
