"""Temporary files and folders, locked by the process that made them, so that those of a killed process can be removed."""

import contextlib
import fcntl
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO

PREFIX = ".temporary-"


@contextlib.contextmanager
def temporary_folder(parent: Path) -> Iterator[Path]:
    """Yields a new folder that only this user can read, and removes it afterwards.

    First removes what killed processes have left in ``parent``.

    Raises:
        OSError: The folder can't be made.
    """
    remove_abandoned(parent)
    handle = None
    while handle is None:
        folder = Path(tempfile.mkdtemp(dir=parent, prefix=PREFIX))
        handle = _take(folder, is_new=True)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        os.close(handle)


def replace_file(
    path: Path,
    write: Callable[[IO[bytes]], object],
    *,
    is_durable: bool = False,
    review: Callable[[Path], object] = lambda _: None,
) -> None:
    """Replaces a file atomically by one that only this user can read.

    Args:
        path: The file. It need not exist.
        write: Writes the contents to a file that is open for reading and writing.
        is_durable: Whether the contents must be on the disk before the file is replaced.
        review: Called with the path of the new file, before it replaces the other.

    Raises:
        OSError: It can't be written; ``path`` is untouched, as it is after any error of ``write`` or ``review``.
    """
    handle = None
    while handle is None:
        made, name = tempfile.mkstemp(dir=path.parent, prefix=PREFIX)
        os.close(made)
        handle = _take(Path(name), is_new=True)
    try:
        with open(name, "r+b") as file:
            write(file)
            file.flush()
            if is_durable:
                os.fsync(file.fileno())
        review(Path(name))
        os.replace(name, path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
    finally:
        os.close(handle)


def remove_abandoned(parent: Path) -> None:
    """Removes the temporary files and folders in ``parent`` whose processes have ended."""
    try:
        entries = list(parent.glob(f"{PREFIX}*"))
    except OSError:
        return
    for entry in entries:
        handle = _take(entry, is_new=False)
        if handle is None:
            continue
        if entry.is_dir() and not entry.is_symlink():
            shutil.rmtree(entry, ignore_errors=True)
        else:
            with contextlib.suppress(OSError):
                entry.unlink()
        os.close(handle)


def _take(path: Path, *, is_new: bool) -> int | None:
    """Locks a file or folder until the returned descriptor is closed, at the latest when the process ends.

    Returns ``None`` if another process has locked or removed it. On a file system without locks, a new one is
    taken unlocked, and others are not taken.
    """
    try:
        handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW)
    except OSError:
        return None
    is_taken = False
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        is_taken = os.path.samestat(os.fstat(handle), os.lstat(path))
    except (BlockingIOError, FileNotFoundError):
        pass
    except OSError:
        is_taken = is_new
    if is_taken:
        return handle
    os.close(handle)
    return None
