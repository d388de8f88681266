"""The copy of a project in its state: packed when it is prepared, unpacked where its folder is missing."""

import contextlib
import hashlib
import io
import os
import shutil
import tempfile
import time
import zipfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from dbt_component.project.cache import cache_folder
from dbt_component.project.project import DbtProject
from dbt_component.project.project_yml import load_yaml
from dbt_component.project.secret_scan import literal_secrets

UNUSED_SECONDS = 24 * 3600
KEPT_COPIES = 8


@dataclass(frozen=True)
class ProjectCopy:
    """A zip of a project's files. ``secrets`` are the keys that kept profiles.yml out of it."""

    data: bytes
    secrets: list[str]

    @property
    def has_profiles(self) -> bool:
        return not self.secrets


def pack_project(project: DbtProject, files: Iterable[str]) -> ProjectCopy:
    """Packs a project's files, and its profiles.yml unless that contains secrets in plain text.

    Args:
        project: The project on disk.
        files: Paths relative to it.
    """
    buffer = io.BytesIO()
    profiles = project.find_profiles_dir() / "profiles.yml"
    secrets = literal_secrets(load_yaml(profiles))
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for relative in sorted(files):
            archive.write(project.project_dir / relative, relative)
        if not secrets:
            archive.write(profiles, "profiles.yml")
    return ProjectCopy(buffer.getvalue(), secrets)


def unpack_project(data: bytes) -> Path:
    """Unpacks the zip of a project into the cache, once per content, and returns the folder.

    Safe with concurrent processes: the folder is filled under a temporary name and then renamed. Copies
    that were not used for a day are removed, except for the most recent few.
    """
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
    """Removes old copies. A run renews the time of its copy, so a copy is never older than its run."""
    limit = time.time() - UNUSED_SECONDS
    aged: list[tuple[float, Path]] = []
    for entry in parent.iterdir():
        with contextlib.suppress(OSError):
            aged.append((entry.stat().st_mtime, entry))
    for modified, entry in sorted(aged, reverse=True)[KEPT_COPIES:]:
        if modified < limit:
            shutil.rmtree(entry, ignore_errors=True)
