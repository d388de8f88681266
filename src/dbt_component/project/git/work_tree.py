"""Checks the files of a checkout: forbidden symlinks, Git LFS pointers, references to outside files."""

import os
import re
from collections.abc import Iterator
from pathlib import Path

from dbt_component.errors import GitPathError

# A path with `..` in a dbt file: `local: ../shared`, `model-paths: ["../models"]`, `..`.
_CLIMBS = re.compile(rb"(?:^|[\s\"'\[(,=/])\.\.(?:/|[\"'\],]|[ \t]*$)", re.MULTILINE)
_TEXT_SUFFIXES = (".sql", ".yml", ".yaml", ".py", ".toml")
# A local package whose location only dbt can determine.
_TEMPLATED_PACKAGE = re.compile(rb"local:.*\{\{")
_LARGEST_TEXT_BYTES = 1_000_000
_LFS_HEAD = b"version https://git-lfs.github.com/spec/"


def check_symlinks(root: Path, *, where: str) -> None:
    """Rejects symlinks that lead out of a checkout.

    Args:
        root: Top folder of the checkout.
        where: The repository, for the message.

    Raises:
        GitPathError: Lists such links with their targets.
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
            hint="Make them point to files of the repository with relative paths, or remove them.",
        )


def is_inside(path: str, real_root: str) -> bool:
    """Whether a path, with symlinks resolved, is the given folder or inside it."""
    return path == real_root or path.startswith(real_root + os.sep)


def is_self_contained(project_dir: Path) -> bool:
    """Whether a dbt project uses no files of its repository outside its own folder.

    Returns ``False`` in case of doubt: if a symlink is broken, or if a path in a SQL, YAML, TOML or
    Python file contains ``..``.
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
    """Git LFS files whose content was not fetched, as paths relative to the project."""
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
