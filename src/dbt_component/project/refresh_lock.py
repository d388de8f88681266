"""Lets one process of this machine at a time refresh the state of a project."""

import contextlib
import hashlib
from collections.abc import Iterator

from filelock import FileLock, Timeout

from dbt_component.errors import PrepareError
from dbt_component.project.cache import cache_folder

LOCK_TIMEOUT_SECONDS = 1800


@contextlib.contextmanager
def refresh_lock(project: str) -> Iterator[bool]:
    """Holds the lock of a project; yields whether it had to wait for another process.

    Args:
        project: Identifies the project: its folder, or where else it is.

    Raises:
        PrepareError: Another process has held it for half an hour.
    """
    identity = hashlib.sha256(project.encode()).hexdigest()[:16]
    lock = FileLock(cache_folder("locks") / f"{identity}.lock", mode=0o600)
    has_waited = False
    try:
        lock.acquire(timeout=0)
    except Timeout:
        has_waited = True
        try:
            lock.acquire(timeout=LOCK_TIMEOUT_SECONDS)
        except Timeout as error:
            raise PrepareError(
                f"Another process has been preparing the project for {LOCK_TIMEOUT_SECONDS} s.",
                where=project,
                hint="Look for a hanging dbt process.",
            ) from error
    try:
        yield has_waited
    finally:
        lock.release()
