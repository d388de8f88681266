"""The hashes of a project's files that were read on this machine, so that unchanged files need not be read again.

Times and inode numbers mean something on one machine only, so they are kept in the user's cache and not in the
state, whose contents then depend on the project's contents alone.
"""

import hashlib
import os
import time
from pathlib import Path

import msgspec

from dbt_component.project.cache import cache_folder
from dbt_component.project.temporary import replace_file

_TIME_RESOLUTION_NS = 2_000_000_000  # of the coarsest file system, FAT
_FORMAT_VERSION = 1
_OLDEST_NS = -(2**63)  # the smallest number that msgpack holds


class _KnownFile(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A file as it was when it was read. An edit changes ``ctime_ns`` even if it restores the other values."""

    size: int
    mtime_ns: int
    ctime_ns: int
    inode: int
    sha1: str


class _Contents(msgspec.Struct, frozen=True, array_like=True):
    format_version: int
    files: dict[str, _KnownFile]


class KnownFiles:
    """The files of one folder by their paths. Losing the cache costs time, and nothing else.

    A file is not recorded if it was changed, or dated, so recently that a later edit could leave it the same.
    """

    def __init__(self, project_dir: Path) -> None:
        self._project_dir = project_dir
        self._started_ns = time.time_ns()
        self._path: Path | None = None
        self._before: dict[str, _KnownFile] | None = None
        self._now: dict[str, _KnownFile] = {}

    def hash_of(self, path: str, stat: os.stat_result) -> str | None:
        """SHA-1 of a file's content; read only if the file is not known. ``None`` if it can't be read."""
        known = self._known().get(path)
        if known is not None and known == _described(stat, known.sha1):
            self._now[path] = known
            return known.sha1
        found = self.read(path, stat)
        return None if found is None else found[1]

    def read(self, path: str, stat: os.stat_result) -> tuple[bytes, str] | None:
        """The content of a file and its SHA-1, which is recorded; ``None`` if it can't be read.

        Args:
            path: Relative to the folder.
            stat: Taken before.
        """
        try:
            with open(os.path.join(self._project_dir, path), "rb", buffering=0) as file:
                content = file.read()
        except OSError:
            return None
        sha1 = hashlib.sha1(content, usedforsecurity=False).hexdigest()
        recent_ns = self._started_ns - _TIME_RESOLUTION_NS
        if _OLDEST_NS < stat.st_mtime_ns < recent_ns and stat.st_ctime_ns < recent_ns:
            self._now[path] = _described(stat, sha1)
        return content, sha1

    def save(self) -> None:
        """Replaces what is recorded of the folder if anything changed. A cache that can't be written is left."""
        if self._now == self._known():
            return
        data = msgspec.msgpack.encode(_Contents(_FORMAT_VERSION, self._now))
        try:
            replace_file(self._place(), lambda file: file.write(data))
        except OSError:
            return
        self._before = self._now

    def _known(self) -> dict[str, _KnownFile]:
        if self._before is None:
            try:
                contents = msgspec.msgpack.decode(self._place().read_bytes(), type=_Contents)
            except (OSError, msgspec.DecodeError):
                contents = _Contents(_FORMAT_VERSION, {})
            is_readable = contents.format_version == _FORMAT_VERSION
            self._before = contents.files if is_readable else {}
        return self._before

    def _place(self) -> Path:
        if self._path is None:
            identity = str(self._project_dir.resolve()).encode()
            name = hashlib.sha256(identity).hexdigest()[:32]
            self._path = cache_folder("files") / f"{name}.msgpack"
        return self._path


def _described(stat: os.stat_result, sha1: str) -> _KnownFile:
    return _KnownFile(stat.st_size, stat.st_mtime_ns, stat.st_ctime_ns, stat.st_ino, sha1)
