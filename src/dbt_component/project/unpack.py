"""The copy of a project in its state, unpacked for a machine that lacks the project's folder."""

import contextlib
import hashlib
import io
import os
import shutil
import tempfile
import time
import zipfile
from pathlib import Path

from dbt_component.project.cache import cache_folder
from dbt_component.project.state import StateFile

UNUSED_SECONDS = 24 * 3600
KEPT_COPIES = 8


def unpack_project(state: StateFile) -> Path:
    """Unpacks the project's files from the state into the cache, once per content.

    For runs on a machine that lacks the project's folder. Safe under many processes: the folder is
    filled under another name and renamed. Bounded: the copies that were not used for a day are removed,
    but for the last few.
    """
    data = state.read_project_zip()
    name = hashlib.sha256(data).hexdigest()[:32]
    folder = cache_folder("projects") / name
    if folder.is_dir():
        os.utime(folder)
        return folder
    temporary = Path(tempfile.mkdtemp(dir=folder.parent, prefix=f".{name}-"))
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            archive.extractall(temporary)
        try:
            os.rename(temporary, folder)
        except OSError:
            if not folder.is_dir():
                raise
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
    _remove_unused(folder.parent)
    return folder


def _remove_unused(parent: Path) -> None:
    """Each use of a copy renews its time, so that one in use is never older than its run is long."""
    limit = time.time() - UNUSED_SECONDS
    aged: list[tuple[float, Path]] = []
    for entry in parent.iterdir():
        with contextlib.suppress(OSError):
            aged.append((entry.stat().st_mtime, entry))
    for modified, entry in sorted(aged, reverse=True)[KEPT_COPIES:]:
        if modified < limit:
            shutil.rmtree(entry, ignore_errors=True)
