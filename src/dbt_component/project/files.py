"""The files that make up a dbt project: an allow-list taken from dbt_project.yml.

Everything else is excluded: target, logs, virtual environments, ``.git``, databases.
"""

import os
from collections.abc import Iterator
from pathlib import Path

import msgspec

from dbt_component.project.project_yml import ProjectYml

_ROOT_FILES = (
    "dbt_project.yml",
    "packages.yml",
    "dependencies.yml",
    "package-lock.yml",
    "selectors.yml",
    "catalogs.yml",
    ".dbtignore",
)
_IGNORED_FOLDERS = frozenset(
    {".git", ".venv", "venv", "__pycache__", "node_modules", ".ipynb_checkpoints", "target", "logs"}
)
_IGNORED_SUFFIXES = (".duckdb", ".duckdb.wal", ".db", ".sqlite", ".pyc", ".lock", ".log")


class FileStamp(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """Size in bytes, modification time in nanoseconds, SHA-1 of the content."""

    size: int
    mtime_ns: int
    sha1: str


def iterate_project_files(
    project_dir: Path, yml: ProjectYml
) -> Iterator[tuple[str, os.stat_result]]:
    """Yields (path relative to the project in posix form, stat) of each file, in no fixed order.

    Installed packages are included. Symlinked folders are followed only inside the packages
    folder, where dbt itself puts them for local packages.
    """
    root = str(project_dir)
    for name in _ROOT_FILES:
        try:
            yield name, os.stat(os.path.join(root, name))
        except OSError:
            continue
    folders = dict.fromkeys(os.path.normpath(p) for p in yml.resource_paths)
    packages = os.path.normpath(yml.packages_install_path)
    for folder in [*folders, packages]:
        if folder == "." or any(_is_inside(folder, other) for other in folders if other != folder):
            continue
        if not os.path.isabs(folder) and folder.startswith(".."):
            continue
        yield from _walk(root, folder, follow_links=folder == packages)


def _is_inside(folder: str, other: str) -> bool:
    return folder.startswith(other + os.sep)


def _walk(root: str, folder: str, *, follow_links: bool) -> Iterator[tuple[str, os.stat_result]]:
    waiting = [folder]
    seen: set[tuple[int, int]] = set()
    while waiting:
        current = waiting.pop()
        try:
            entries = list(os.scandir(os.path.join(root, current)))
        except OSError:
            continue
        for entry in entries:
            relative = f"{current}{os.sep}{entry.name}"
            try:
                if entry.is_dir(follow_symlinks=follow_links):
                    if entry.name in _IGNORED_FOLDERS:
                        continue
                    stat = entry.stat()
                    identity = (stat.st_dev, stat.st_ino)
                    if identity not in seen:
                        seen.add(identity)
                        waiting.append(relative)
                elif not entry.name.endswith(_IGNORED_SUFFIXES):
                    stat = entry.stat()
                    if entry.is_file():
                        yield relative.replace(os.sep, "/"), stat
            except OSError:
                continue
