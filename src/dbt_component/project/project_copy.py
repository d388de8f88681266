"""The copy of a project in its state: packed when it is prepared, unpacked where its folder is missing.

Files beside the project's folder (``model-paths: [../shared]``) keep their place relative to it: the copy of
such a project is a few folders deep, so that dbt finds them by the paths in dbt_project.yml. Files that
dbt_project.yml names by an absolute path are not in the copy; they must exist where it is used.
"""

import contextlib
import hashlib
import io
import os
import posixpath
import shutil
import time
import zipfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from dbt_component.errors import ProjectError
from dbt_component.project.cache import cache_folder
from dbt_component.project.local_project import LocalProject
from dbt_component.project.project_yml import load_yaml
from dbt_component.project.safe_profiles import SafeProfiles, make_safe
from dbt_component.project.state_archive import zip_entry
from dbt_component.project.temporary import PREFIX, temporary_folder

UNUSED_SECONDS = 24 * 3600
KEPT_COPIES = 8
_PROJECT_FOLDER = ".dbt-project"  # a name that no path outside of the project's folder starts with


@dataclass(frozen=True)
class ProjectCopy:
    """A zip of a project's files, and the copy of its profiles.yml in it."""

    data: bytes
    profiles: SafeProfiles


def pack_project(
    project: LocalProject, files: Iterable[str], *, folders: Iterable[str] = ()
) -> ProjectCopy:
    """Packs a project's files, and what is harmless of its profiles.yml.

    Equal contents give an equal copy, byte for byte: times and permissions of files are not kept.

    Args:
        project: The project on disk.
        files: Paths as in its fingerprint.
        folders: Relative paths of folders that the copy must have although none of these files is in them.
    """
    buffer = io.BytesIO()
    profiles = make_safe(
        load_yaml(project.find_profiles_dir() / "profiles.yml"),
        profile=project.profile or project.yml.profile,
        target=project.target,
    )
    relative_files = sorted(path for path in files if not os.path.isabs(path))
    place = "/".join(
        [_PROJECT_FOLDER] * max((_levels_up(path) for path in relative_files), default=0)
    )
    with zipfile.ZipFile(buffer, "w") as archive:
        for path in relative_files:
            entry = zip_entry(posixpath.normpath(f"{place or '.'}/{path}"))
            content = (project.project_dir / path).read_bytes()
            archive.writestr(entry, content, zipfile.ZIP_DEFLATED, compresslevel=1)
        for folder in sorted({os.path.normpath(path) for path in folders} - {"."}):
            if not _levels_up(folder) and (project.run_dir / folder).is_dir():
                archive.writestr(zip_entry(posixpath.join(place, folder) + "/"), b"")
        if profiles.text is not None:
            entry = zip_entry(posixpath.join(place, "profiles.yml"))
            content = profiles.text.encode()
            archive.writestr(entry, content, zipfile.ZIP_DEFLATED, compresslevel=1)
        archive.comment = place.encode()
    return ProjectCopy(buffer.getvalue(), profiles)


def _levels_up(path: str) -> int:
    """The number of folders above the project that a normalized relative path leads to."""
    return sum(1 for part in path.split("/") if part == "..")


def unpack_project(data: bytes, *, files: Iterable[str] = ()) -> Path:
    """Unpacks the zip of a project into the cache, once per content, and returns the project's folder.

    Safe with concurrent processes: the folder is filled under a temporary name and then renamed. Copies
    that were not used for a day are removed, except for the most recent few.

    Args:
        data: The zip.
        files: The project's files, by their paths in its fingerprint.

    Raises:
        ProjectError: A file that has an absolute path is not on this machine.
    """
    _require_absolute(files)
    name = hashlib.sha256(data).hexdigest()[:32]
    folder = cache_folder("projects") / name
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        project_dir = folder / archive.comment.decode()
        if folder.is_dir():
            os.utime(folder)
            return project_dir
        with temporary_folder(folder.parent) as temporary:
            unpacked = temporary / "project"
            archive.extractall(unpacked)
            _restrict(unpacked)
            try:
                os.rename(unpacked, folder)
            except OSError:
                if not folder.is_dir():
                    raise
    _remove_unused(folder.parent)
    return project_dir


def _require_absolute(files: Iterable[str]) -> None:
    missing = [path for path in files if os.path.isabs(path) and not os.path.exists(path)]
    if missing:
        raise ProjectError(
            "The state's copy of the project is not complete: dbt_project.yml names folders by absolute paths,"
            f" and this machine has no {missing[0]!r}"
            + {1: ".", 2: " and 1 other file."}.get(
                len(missing), f" and {len(missing) - 1} other files."
            ),
            hint="Write these folders in dbt_project.yml relative to the project, such as `../shared`.",
        )


def _restrict(folder: Path) -> None:
    """Lets only this user read the files."""
    for parent, _, files in os.walk(folder):
        os.chmod(parent, 0o700)
        for name in files:
            os.chmod(os.path.join(parent, name), 0o600)


def _remove_unused(parent: Path) -> None:
    """Removes old copies. A run renews the time of its copy, so a copy is never older than its run."""
    limit = time.time() - UNUSED_SECONDS
    aged: list[tuple[float, Path]] = []
    for entry in parent.iterdir():
        if entry.name.startswith(PREFIX):
            continue
        with contextlib.suppress(OSError):
            aged.append((entry.stat().st_mtime, entry))
    for modified, entry in sorted(aged, reverse=True)[KEPT_COPIES:]:
        if modified < limit:
            shutil.rmtree(entry, ignore_errors=True)
