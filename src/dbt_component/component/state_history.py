"""The versions of a state in a storage that keeps them, and going back to one."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import dagster as dg

from dbt_component._dagster import DefsStateStorage, set_defs_state_storage
from dbt_component.errors import StateError, StateMissingError
from dbt_component.project.state import Provenance, StateFile


@dataclass(frozen=True)
class StateVersion:
    """One version of a state. ``replaces`` is the version before, ``None`` for the first."""

    key: str
    version: str
    provenance: Provenance

    @property
    def replaces(self) -> str | None:
        return self.provenance.replaces


@contextmanager
def instance_storage() -> Iterator[DefsStateStorage | None]:
    """The state storage of the instance of DAGSTER_HOME, current for all that asks for one.

    ``None`` if there is no DAGSTER_HOME, or its instance has no such storage.
    """
    if not os.environ.get("DAGSTER_HOME"):
        yield None
        return
    with dg.DagsterInstance.get() as instance, set_defs_state_storage(instance.defs_state_storage):
        yield instance.defs_state_storage


def state_keys(storage: DefsStateStorage) -> list[str]:
    """The keys that have a version, in alphabetic order."""
    info = storage.get_latest_defs_state_info()
    return sorted(info.info_mapping) if info is not None else []


def read_version(storage: DefsStateStorage, key: str, version: str) -> StateVersion:
    """Fetches one version and reads what it says of itself.

    Raises:
        StateMissingError: The storage has no such version.
        StateFormatError: It is none of this package, broken, or of a newer format.
    """
    with tempfile.TemporaryDirectory(prefix="dbt-component-") as folder:
        path = Path(folder) / "state"
        try:
            storage.download_state_to_path(key, version, path)
        except Exception as error:  # each storage has errors of its own
            raise StateMissingError(
                f"The storage has no version {version!r} of state {key!r}: {error}."
            ) from error
        state = StateFile(path)
        try:
            return StateVersion(key, version, state.header.provenance)
        finally:
            state.close()


def history(storage: DefsStateStorage, key: str) -> Iterator[StateVersion]:
    """The versions of a state that are still stored, the one in use first. Fetches each.

    Raises:
        StateMissingError: The storage has no state of that key; those that it has are listed.
    """
    version = storage.get_latest_version(key)
    if version is None:
        known = state_keys(storage)
        raise StateMissingError(
            f"The storage has no state {key!r}.",
            hint=f"It has {', '.join(map(repr, known))}." if known else "It has none at all.",
        )
    seen: set[str] = set()
    current = read_version(storage, key, version)
    while True:
        yield current
        seen.add(current.version)
        if current.replaces is None or current.replaces in seen:
            return
        try:
            current = read_version(storage, key, current.replaces)
        except StateError:
            return  # removed by whoever tidies the storage


def roll_back(storage: DefsStateStorage, key: str, *, to: str | None = None) -> StateVersion:
    """Puts an earlier version into use; the next load of definitions takes it up.

    The version in use till now stays stored. A version that can't be read is never put into use.

    Args:
        storage: Where the state is.
        key: The state's key.
        to: The version. Default: the one before that in use.

    Raises:
        StateMissingError: No such state or version, or there is none before.
        StateFormatError: That version can't be read by this release.
    """
    if to is None:
        to = next(history(storage, key)).replaces
        if to is None:
            raise StateMissingError(f"There is no version of state {key!r} before the one in use.")
    chosen = read_version(storage, key, to)
    storage.set_latest_version(key, to)
    return chosen
