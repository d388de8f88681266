"""The user's cache folder on this machine: locks, unpacked projects, scratch folders of runs."""

import contextlib
import logging
import os
import stat
import tempfile
from pathlib import Path

from dbt_component.errors import CacheFolderError

_HINT = "Remove it, or set DBT_COMPONENT_CACHE_DIR to a folder of your own."
_OTHERS_WRITE = stat.S_IWGRP | stat.S_IWOTH
_logger = logging.getLogger("dbt_component")


def cache_folder(name: str) -> Path:
    """Returns a folder ``name`` in the cache that belongs to this user alone; creates it if necessary.

    The cache is ``DBT_COMPONENT_CACHE_DIR``, else ``dbt-component`` in ``XDG_CACHE_HOME`` or ``~/.cache``. If
    nothing can be written there (a read-only home), or if the folder belongs to another user, it is in the
    system's folder for temporary files.

    Raises:
        CacheFolderError: That last folder can't be created, or may hold files of other users: it is a symlink,
            belongs to another user, or other users can write to it.
    """
    chosen = _chosen_base()
    if chosen is not None:
        with contextlib.suppress(OSError):
            return _own_folder(chosen / name, base=chosen)
    base = Path(tempfile.gettempdir()) / f"dbt-component-{os.getuid()}"
    try:
        with contextlib.suppress(FileExistsError):
            base.mkdir(mode=0o700)
        _refuse_if_shared(base)
        return _own_folder(base / name, base=base)
    except OSError as error:
        raise CacheFolderError(
            f"No cache folder can be created: {error.strerror or error}.",
            where=str(base),
            hint="Set DBT_COMPONENT_CACHE_DIR to a folder that can be written.",
        ) from error


def _chosen_base() -> Path | None:
    given = os.environ.get("DBT_COMPONENT_CACHE_DIR")
    if given:
        return Path(given)
    base = os.environ.get("XDG_CACHE_HOME")
    try:
        return (Path(base) if base else Path.home() / ".cache") / "dbt-component"
    except RuntimeError:  # a user without a home folder
        return None


def _own_folder(folder: Path, *, base: Path) -> Path:
    """Creates a folder that only this user can read.

    Raises:
        OSError: It can't be created or written, or belongs to another user.
    """
    base.parent.mkdir(parents=True, exist_ok=True)
    for made in (base, folder):
        with contextlib.suppress(FileExistsError):
            made.mkdir(mode=0o700)
    found = os.lstat(folder)
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.getuid():
        _logger.warning("%s is not used as a cache: it is not this user's own folder.", folder)
        raise NotADirectoryError(str(folder))
    if stat.S_IMODE(found.st_mode) != 0o700:
        with contextlib.suppress(PermissionError):  # a file system without permissions
            folder.chmod(0o700)
    if not os.access(folder, os.W_OK | os.X_OK):
        raise PermissionError(str(folder))
    return folder


def _refuse_if_shared(base: Path) -> None:
    """Refuses a folder in a place where every user can create one of that name."""
    found = os.lstat(base)
    problem = None
    if stat.S_ISLNK(found.st_mode):
        problem = "is a symlink"
    elif not stat.S_ISDIR(found.st_mode):
        problem = "is not a folder"
    elif found.st_uid != os.getuid():
        problem = f"belongs to another user ({found.st_uid})"
    elif found.st_mode & _OTHERS_WRITE:
        problem = f"can be written by other users (mode {stat.S_IMODE(found.st_mode):o})"
    if problem is not None:
        raise CacheFolderError(
            f"The cache folder {str(base)!r} {problem}, so its files can't be trusted.",
            where=str(base),
            hint=_HINT,
        )
