"""The folder that dbt runs in where a project's files are a copy that each new version replaces."""

import contextlib
import hashlib
import os
import re
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from filelock import FileLock

from dbt_component.project.cache import cache_folder

_NOT_LINKED_FOLDERS = frozenset({".git", "__pycache__", ".venv", "venv", "node_modules"})
_DATABASE_SUFFIXES = (".duckdb", ".duckdb.wal", ".db", ".sqlite", ".sqlite3")


@dataclass(frozen=True)
class WorkingFolder:
    """The working folder of one component on this machine. It stays the same for all versions of a project.

    dbt and its databases resolve relative paths against the folder that dbt runs in: a database at
    ``shop.duckdb`` would otherwise lie in the copy of one commit, and the next commit would begin without
    its tables.

    Args:
        place: The folder. dbt runs in its subfolder ``project``. A relative path leads to the data folder of this
            user, which is looked for when it is needed: most machines that load definitions never need it.
    """

    place: Path

    @classmethod
    def of(cls, state_key: str, project_root: Path) -> "WorkingFolder":
        """The folder of the component with a state key in a Dagster project; not created yet."""
        name = re.sub(r"[^A-Za-z0-9._-]+", "_", state_key).strip("_")
        root = hashlib.sha256(str(project_root.resolve()).encode()).hexdigest()[:8]
        return cls(Path(f"{name}-{root}"))

    @cached_property
    def path(self) -> Path:
        """The folder."""
        return self.place if self.place.is_absolute() else _data_folder() / self.place

    @property
    def project(self) -> Path:
        """The folder that dbt runs in."""
        return self.path / "project"

    def lay_out(self, project_dir: Path) -> Path:
        """Shows the files of a copy in the working folder, as links, and returns the folder to run dbt in.

        Files that dbt has written there, such as databases, stay. Links to files of an earlier copy are
        replaced. Folders are not links, so that a database in one of them stays too.
        """
        current = self.path / "current"
        self.project.mkdir(parents=True, exist_ok=True, mode=0o700)
        with FileLock(self.path / "lock"):
            if _target_of(current) == str(project_dir) and (self.path / "complete").exists():
                return self.project
            (self.path / "complete").unlink(missing_ok=True)
            _link(current, str(project_dir))
            found = list(_walk(project_dir))
            wanted = {
                os.path.normpath(os.path.join(folder, name))
                for folder, names in found
                for name in names
            }
            self._remove_links(except_for=wanted)
            # Where dbt has written a file in place of a folder or the other way round, what it wrote stays.
            with contextlib.suppress(FileExistsError, NotADirectoryError):
                for folder, _ in found:
                    (self.project / folder).mkdir(parents=True, exist_ok=True)
            for path in wanted:
                with contextlib.suppress(FileExistsError, NotADirectoryError, FileNotFoundError):
                    os.symlink(current / path, self.project / path)
            (self.path / "complete").touch()
        return self.project

    def _remove_links(self, *, except_for: set[str]) -> None:
        ours = f"{self.path / 'current'}{os.sep}"
        for folder, names in _walk(self.project):
            for name in names:
                path = os.path.normpath(os.path.join(folder, name))
                if path not in except_for and (
                    (_target_of(self.project / path) or "").startswith(ours)
                ):
                    (self.project / path).unlink(missing_ok=True)


def is_relative_path(database: str) -> bool:
    """Whether the path of a database depends on the folder that dbt runs in; not for URLs and memory."""
    return not (
        database in ("", ".", ":memory:")
        or os.path.isabs(database)
        or database.startswith("~")
        or re.match(r"[A-Za-z][A-Za-z0-9+.-]*:", database)
    )


def _data_folder() -> Path:
    """``DBT_COMPONENT_DATA_DIR``, else ``dbt-component`` in ``XDG_DATA_HOME`` or ``~/.local/share``.

    If that is not writable, a folder of the cache.
    """
    with contextlib.suppress(OSError, RuntimeError):  # RuntimeError: a user without a home folder
        folder = _chosen_place() / "working"
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        if os.access(folder, os.W_OK):
            return folder
    return cache_folder("working")


def _chosen_place() -> Path:
    given = os.environ.get("DBT_COMPONENT_DATA_DIR")
    if given:
        return Path(given)
    base = os.environ.get("XDG_DATA_HOME")
    return (Path(base) if base else Path.home() / ".local" / "share") / "dbt-component"


def _walk(top: Path) -> Iterator[tuple[str, list[str]]]:
    """Yields folders, relative to ``top``, with the names of their files."""
    for folder, folders, names in os.walk(top):
        folders[:] = [name for name in folders if name not in _NOT_LINKED_FOLDERS]
        links = [name for name in folders if os.path.islink(os.path.join(folder, name))]
        files = [name for name in names if not name.lower().endswith(_DATABASE_SUFFIXES)]
        yield os.path.relpath(folder, top), [*files, *links]


def _link(place: Path, target: str) -> None:
    """Creates or replaces a link in one step."""
    temporary = place.with_name(f".{place.name}-{uuid.uuid4().hex[:8]}")
    os.symlink(target, temporary)
    os.replace(temporary, place)


def _target_of(link: Path) -> str | None:
    try:
        return os.readlink(link)
    except OSError:
        return None
