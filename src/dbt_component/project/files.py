"""The files that make up a dbt project: an allow-list taken from dbt_project.yml.

Everything else is excluded: target, logs, virtual environments, ``.git``, databases. The paths in
dbt_project.yml may lead out of the project's folder; files there are the project's too.
"""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import msgspec

from dbt_component.project.project_yml import ProjectYml

_ROOT_FILES = (
    "dbt_project.yml",
    "packages.yml",
    "dependencies.yml",
    "package-lock.yml",
    "selectors.yml",
    "catalogs.yml",
    "vars.yml",
    ".dbtignore",
)
_NEVER_READ = frozenset({".git", "__pycache__"})
# In a folder that only happens to contain resources, besides much else.
_IGNORED_FOLDERS = _NEVER_READ | {
    ".venv",
    "venv",
    "node_modules",
    ".ipynb_checkpoints",
    "target",
    "logs",
}
_IGNORED_SUFFIXES = (".duckdb", ".duckdb.wal", ".db", ".sqlite", ".pyc", ".lock", ".log")
_RESOURCE_SUFFIXES = (".sql", ".py", ".csv", ".md", ".yml", ".yaml")
"""The files that dbt looks for in resource folders."""
_PERSONAL_FILES = ("profiles.yml", ".user.yml")  # may hold secrets, and lie beside dbt_project.yml


class FileStamp(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """Size in bytes and SHA-1 of the content."""

    size: int
    sha1: str


class _Walk(NamedTuple):
    """How to walk a folder.

    ``has_all_else`` means that it contains the project itself (``model-paths: ["."]``), and thus states,
    databases and the like: only files of the suffixes that dbt looks for count there.
    """

    folder: str
    is_packages: bool = False
    has_all_else: bool = False

    def skips_folder(self, name: str, parent: str) -> bool:
        if self.has_all_else:
            return name in _IGNORED_FOLDERS
        # A folder of models may have any name, and dbt reads it. Only in the folder of a package itself
        # does `target` mean what dbt wrote.
        is_package = self.is_packages and os.path.dirname(parent) == self.folder
        return name in (_IGNORED_FOLDERS if is_package else _NEVER_READ)

    def skips_file(self, name: str) -> bool:
        if self.has_all_else:
            return name in _PERSONAL_FILES or not name.lower().endswith(_RESOURCE_SUFFIXES)
        return name.endswith(_IGNORED_SUFFIXES)


def iterate_project_files(
    project_dir: Path, yml: ProjectYml
) -> Iterator[tuple[str, os.stat_result]]:
    """Yields (path, stat) of each file once, in no fixed order.

    A path is in posix form and relative to the project, so that it starts with ``../`` for a file outside
    of it. It is absolute if dbt_project.yml names the resource folder by an absolute path.

    Installed packages are included. Symlinked folders are followed only inside the packages
    folder, where dbt itself puts them for local packages.
    """
    root = str(project_dir)
    for name in _ROOT_FILES:
        try:
            yield name, os.stat(os.path.join(root, name))
        except OSError:
            continue
    walks = _walks(project_dir, yml)
    if not any(walk.has_all_else for walk in walks):
        for walk in walks:
            yield from _walk(root, walk)
        return
    seen = set(_ROOT_FILES)
    for walk in sorted(walks, key=lambda walk: walk.has_all_else):
        for relative, stat in _walk(root, walk):
            path = relative.removeprefix("./")
            if path not in seen:
                seen.add(path)
                yield path, stat


def _walks(project_dir: Path, yml: ProjectYml) -> list[_Walk]:
    folders = dict.fromkeys(os.path.normpath(path) for path in yml.resource_paths)
    packages = os.path.normpath(yml.packages_install_path)
    inner = project_dir.resolve()
    found = [
        _Walk(folder, has_all_else=inner.is_relative_to(os.path.normpath(inner / folder)))
        for folder in folders
        if folder != packages
    ]
    whole = [walk.folder for walk in found if not walk.has_all_else]
    found = [walk for walk in found if not any(_is_inside(walk.folder, other) for other in whole)]
    return found if packages == "." else [*found, _Walk(packages, is_packages=True)]


def _is_inside(folder: str, other: str) -> bool:
    return folder.startswith(other + os.sep)


def _walk(root: str, walk: _Walk) -> Iterator[tuple[str, os.stat_result]]:
    waiting = [walk.folder]
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
                if entry.is_dir(follow_symlinks=walk.is_packages):
                    if walk.skips_folder(entry.name, current):
                        continue
                    stat = entry.stat()
                    identity = (stat.st_dev, stat.st_ino)
                    if identity not in seen:
                        seen.add(identity)
                        waiting.append(relative)
                elif not walk.skips_file(entry.name):
                    stat = entry.stat()
                    if entry.is_file():
                        yield relative.replace(os.sep, "/"), stat
            except OSError:
                continue
