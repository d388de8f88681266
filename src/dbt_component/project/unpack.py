"""The copy of a project in its state, unpacked for a machine that lacks the project's folder."""

import hashlib
import io
import os
import shutil
import tempfile
import zipfile
from pathlib import Path

from dbt_component.project.cache import cache_folder
from dbt_component.project.state import StateFile


def unpack_project(state: StateFile) -> Path:
    """Unpacks the project's files from the state into the cache, once per content.

    For runs on a machine that lacks the project's folder. Safe under many processes: the folder is
    filled under another name and renamed.
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
    return folder
