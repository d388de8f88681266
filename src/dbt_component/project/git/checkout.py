"""A cache of checked-out commits, shared by all processes of this user."""

import contextlib
import hashlib
import json
import os
import shutil
import time
import uuid
import weakref
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from filelock import FileLock, Timeout

from dbt_component.errors import GitTimeoutError
from dbt_component.project.git.work_tree import list_files

_FORMAT_VERSION = 1
_KEPT_PER_URL = 5
_MIN_AGE_SECONDS = 24 * 3600


@dataclass(frozen=True)
class GitCheckout:
    """The files of a commit. They exist as long as this object does, and for a day after the last use.

    Args:
        root: Top folder of the repository; it may hold only the paths that were needed.
        project_dir: The requested folder.
        commit: All 40 digits.
        warnings: Warnings about the files, for the user.
    """

    root: Path
    project_dir: Path
    commit: str
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True)
class CheckoutCache:
    """The folder of all checkouts.

    A checkout is written elsewhere and moved here once it is complete. It is removed by moving it away
    first. Every checkout found here is therefore complete.
    """

    base: Path

    @property
    def work_folder(self) -> Path:
        """The folder for unfinished and removed files; nothing left there is ever reused."""
        return self.base / "work"

    @contextlib.contextmanager
    def lock(self, name: str, *, timeout_seconds: float, where: str) -> Iterator[None]:
        """Holds the lock of one checkout, so one process creates it and the others find it.

        Raises:
            GitTimeoutError: Another process held the lock until the timeout.
        """
        lock = FileLock(self.lock_path(name))
        try:
            lock.acquire(timeout=timeout_seconds)
        except Timeout:
            raise GitTimeoutError(
                f"Another process has been fetching this commit for {timeout_seconds:g} s.",
                where=where,
                hint="Look for a process that hangs, or raise `timeout_seconds`.",
            ) from None
        try:
            yield
        finally:
            lock.release()

    def lock_path(self, name: str) -> Path:
        folder = self.base / "locks"
        folder.mkdir(exist_ok=True, mode=0o700)
        return folder / f"{name}.lock"

    def find(self, name: str, project_path: str, commit: str) -> GitCheckout | None:
        """Finds a checkout and marks it as used now; ``None`` if there is no complete one."""
        folder = self.base / "checkouts" / name
        try:
            handle = os.open(folder / "checkout.json", os.O_RDONLY | getattr(os, "O_CLOEXEC", 0))
        except OSError:
            return None
        try:
            with open(handle, closefd=False) as file:
                record = json.load(file)
            project_dir = folder / "tree" / project_path
            if record["format_version"] != _FORMAT_VERSION:
                raise ValueError("another format")
            # Programs that clean temporary folders remove single files and leave the folders.
            if not all(os.path.lexists(project_dir / name) for name in record["project_files"]):
                raise ValueError("incomplete")
            warnings = tuple(str(warning) for warning in record["warnings"])
            os.utime(folder)
        except (ValueError, KeyError, TypeError, OSError):
            os.close(handle)
            return None
        checkout = GitCheckout(folder / "tree", project_dir, commit, warnings)
        _mark_in_use(handle)
        weakref.finalize(checkout, os.close, handle)
        return checkout

    def publish(self, name: str, tree: Path, project_path: str, *, warnings: list[str]) -> None:
        """Moves a finished tree into the cache. The caller must hold the lock of ``name``."""
        project_files = list_files(tree / project_path)
        whole = tree.parent / f"whole-{uuid.uuid4().hex[:8]}"
        whole.mkdir()
        os.rename(tree, whole / "tree")
        record = {
            "format_version": _FORMAT_VERSION,
            "warnings": warnings,
            "project_files": project_files,
        }
        (whole / "checkout.json").write_text(json.dumps(record))
        target = self.base / "checkouts" / name
        target.parent.mkdir(exist_ok=True, mode=0o700)
        self._remove(target)
        os.rename(whole, target)

    def prune(self, url_digest: str, *, now: float | None = None) -> None:
        """Removes leftovers of killed processes and old checkouts of one URL.

        Keeps the latest few checkouts, and any that is in use or was used within a day.
        """
        oldest = (time.time() if now is None else now) - _MIN_AGE_SECONDS
        for leftover in _by_age(self.work_folder, "*"):
            if _modified(leftover) < oldest:
                shutil.rmtree(leftover, ignore_errors=True)
        for folder in _by_age(self.base / "checkouts", f"{url_digest}-*")[_KEPT_PER_URL:]:
            lock = FileLock(self.lock_path(folder.name))
            with contextlib.suppress(Timeout, OSError):
                lock.acquire(timeout=0)
                try:
                    if _modified(folder) < oldest and not _is_in_use(folder / "checkout.json"):
                        self._remove(folder)
                finally:
                    lock.release()

    def _remove(self, folder: Path) -> None:
        self.work_folder.mkdir(exist_ok=True, mode=0o700)
        target = self.work_folder / uuid.uuid4().hex
        with contextlib.suppress(FileNotFoundError):
            os.rename(folder, target)
            shutil.rmtree(target, ignore_errors=True)


def url_digest(fetch_url: str) -> str:
    return hashlib.sha256(fetch_url.encode()).hexdigest()[:16]


def checkout_name(fetch_url: str, commit: str, *, paths: tuple[str, ...], submodules: bool) -> str:
    """Returns a name derived from everything that the content of a checkout depends on."""
    extent = json.dumps([_FORMAT_VERSION, paths, submodules])
    digest = hashlib.sha256(extent.encode()).hexdigest()[:8]
    return f"{url_digest(fetch_url)}-{commit}-{digest}"


def _by_age(folder: Path, pattern: str) -> list[Path]:
    return sorted(folder.glob(pattern), key=_modified, reverse=True)


def _modified(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except OSError:
        return 0.0


def _mark_in_use(handle: int) -> None:
    """Takes a shared lock that is released with the handle, at the latest when the process ends."""
    with contextlib.suppress(ImportError, OSError):
        import fcntl

        fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)


def _is_in_use(path: Path) -> bool:
    try:
        import fcntl
    except ImportError:
        return True
    try:
        with path.open() as file:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except FileNotFoundError:
        return False
    except OSError:
        return True
    return False
