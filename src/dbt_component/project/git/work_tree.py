"""The files of a checkout: what must not be among them, and whether a part of them is enough."""

import os
import re
from collections.abc import Iterator
from pathlib import Path

from dbt_component.errors import GitPathError

# A path that climbs, in a file of dbt's: `local: ../shared`, `model-paths: ["../models"]`, `..`.
_CLIMBS = re.compile(rb"(?:^|[\s\"'\[(,=/])\.\.(?:/|[\"'\],]|[ \t]*$)", re.MULTILINE)
_TEXT_SUFFIXES = (".sql", ".yml", ".yaml", ".py", ".toml")
# A local package whose place only dbt can tell.
_TEMPLATED_PACKAGE = re.compile(rb"local:.*\{\{")
_LARGEST_TEXT_BYTES = 1_000_000
_LFS_HEAD = b"version https://git-lfs.github.com/spec/"


def check_symlinks(root: Path, *, where: str) -> None:
    """Refuses symlinks that lead out of a checkout.

    Args:
        root: Top folder of the checkout.
        where: The repository, for the message.

    Raises:
        GitPathError: Names each such link and its target.
    """
    real_root = os.path.realpath(root)
    found = [
        f"{os.path.relpath(link, root)!r} -> {os.readlink(link)!r}"
        for link in _symlinks(root)
        if not is_inside(os.path.realpath(link), real_root)
    ]
    if found:
        raise GitPathError(
            f"The repository has symlinks that lead out of it: {', '.join(sorted(found)[:5])}"
            + (f" and {len(found) - 5} more." if len(found) > 5 else "."),
            where=where,
            hint="Make them relative to a file of the repository, or remove them.",
        )


def is_inside(path: str, real_root: str) -> bool:
    """Whether a path without symlinks is a folder or lies within it."""
    return path == real_root or path.startswith(real_root + os.sep)


def is_self_contained(project_dir: Path) -> bool:
    """Whether a dbt project uses nothing of its repository but its own folder.

    In doubt it does not: if a symlink leads to what is not there, or a path in a SQL, YAML or Python
    file climbs out with ``..``.
    """
    for link in _symlinks(project_dir):
        if not os.path.exists(link):
            return False
    for path in _files(project_dir):
        if path.endswith(_TEXT_SUFFIXES) and os.path.getsize(path) <= _LARGEST_TEXT_BYTES:
            content = Path(path).read_bytes()
            if b".." in content and _CLIMBS.search(content):
                return False
            is_package_list = os.path.basename(path) in ("packages.yml", "dependencies.yml")
            if is_package_list and _TEMPLATED_PACKAGE.search(content):
                return False
    return True


def lfs_pointers(project_dir: Path) -> list[str]:
    """Files of Git LFS whose content was not fetched, relative to the project."""
    found = []
    for path in _files(project_dir):
        if os.path.getsize(path) < 1024:
            with open(path, "rb") as file:
                if file.read(len(_LFS_HEAD)) == _LFS_HEAD:
                    found.append(os.path.relpath(path, project_dir).replace(os.sep, "/"))
    return sorted(found)


def list_files(folder: Path) -> list[str]:
    """All files and symlinks in a folder, relative to it."""
    entries = (entry.path for entry in _entries(folder) if not entry.is_dir(follow_symlinks=False))
    return sorted(os.path.relpath(path, folder) for path in entries)


def _symlinks(root: Path) -> Iterator[str]:
    for entry in _entries(root):
        if entry.is_symlink():
            yield entry.path


def _files(root: Path) -> Iterator[str]:
    for entry in _entries(root):
        if entry.is_file(follow_symlinks=False):
            yield entry.path


def _entries(root: Path) -> Iterator["os.DirEntry[str]"]:
    waiting = [str(root)]
    while waiting:
        with os.scandir(waiting.pop()) as entries:
            for entry in entries:
                if entry.is_dir(follow_symlinks=False):
                    waiting.append(entry.path)
                yield entry
