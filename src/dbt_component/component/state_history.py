"""Lists the versions of a state in a versioned storage and rolls back to one of them."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime

import dagster as dg

from dbt_component._dagster import DefsStateStorage, set_defs_state_storage
from dbt_component.component.version_name import stored_at
from dbt_component.errors import StateError, StateMissingError
from dbt_component.project.cache import cache_folder
from dbt_component.project.state import Provenance, StateFile
from dbt_component.project.temporary import temporary_folder


@dataclass(frozen=True)
class StateVersion:
    """One version of a state. ``replaces`` is the previous version, or ``None`` for the first."""

    key: str
    version: str
    provenance: Provenance

    @property
    def replaces(self) -> str | None:
        return self.provenance.replaces

    @property
    def stored_at(self) -> datetime | None:
        """When the version was stored; ``None`` if an earlier release stored it."""
        return stored_at(self.version)


@contextmanager
def instance_storage() -> Iterator[DefsStateStorage | None]:
    """Makes the state storage of the DAGSTER_HOME instance the current one, and yields it.

    Yields ``None`` if DAGSTER_HOME is not set or its instance has no state storage.
    """
    with current_instance() as instance:
        yield None if instance is None else instance.defs_state_storage


@contextmanager
def current_instance() -> Iterator[dg.DagsterInstance | None]:
    """Makes the state storage of the DAGSTER_HOME instance the current one, and yields the instance.

    Yields ``None`` if DAGSTER_HOME is not set.

    Raises:
        StateError: DAGSTER_HOME names no folder of an instance.
    """
    home = os.environ.get("DAGSTER_HOME")
    if not home:
        yield None
        return
    try:
        opened = dg.DagsterInstance.get()
    except dg.DagsterInvariantViolationError as error:
        raise StateError(
            f"The instance of DAGSTER_HOME {home!r} can't be opened: {error}",
            where="environment variable DAGSTER_HOME",
            hint="Name an existing folder by its absolute path, or unset the variable.",
        ) from error
    with opened as instance, set_defs_state_storage(instance.defs_state_storage):
        yield instance


def state_keys(storage: DefsStateStorage) -> list[str]:
    """The keys that have a version, in alphabetical order."""
    info = storage.get_latest_defs_state_info()
    return sorted(info.info_mapping) if info is not None else []


def read_version(storage: DefsStateStorage, key: str, version: str) -> StateVersion:
    """Fetches one version and reads its header.

    Raises:
        StateMissingError: The storage has no such version.
        StateFormatError: It was not written by this package, is corrupt, or has a newer format.
    """
    with temporary_folder(cache_folder("scratch")) as folder:
        path = folder / "state"
        try:
            storage.download_state_to_path(key, version, path)
        except Exception as error:  # each storage raises its own errors
            raise StateMissingError(
                f"The storage has no version {version!r} of state {key!r}: {error}."
            ) from error
        state = StateFile(path)
        try:
            return StateVersion(key, version, state.header.provenance)
        finally:
            state.close()


def history(storage: DefsStateStorage, key: str) -> Iterator[StateVersion]:
    """Yields the versions of a state that are still stored, starting with the one in use.

    Each version is fetched when it is reached.

    Raises:
        StateMissingError: The storage has no state with that key; the hint lists the existing keys.
    """
    version = storage.get_latest_version(key)
    if version is None:
        known = state_keys(storage)
        raise StateMissingError(
            f"The storage has no state {key!r}.",
            hint=f"Known keys: {', '.join(map(repr, known))}."
            if known
            else "It has no states yet; run `dg utils refresh-defs-state`.",
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
            return  # the version was deleted from the storage


def roll_back(storage: DefsStateStorage, key: str, *, to: str | None = None) -> StateVersion:
    """Makes an earlier version the current one, starting with the next load of definitions.

    The replaced version remains in the storage. A version that can't be read is never made current.

    Args:
        storage: The storage that holds the state.
        key: The state's key.
        to: The version. Default: the one before the current version.

    Raises:
        StateMissingError: There is no such state or version, or no earlier one.
        StateFormatError: This release can't read that version.
    """
    if to is None:
        to = next(history(storage, key)).replaces
        if to is None:
            raise StateMissingError(f"State {key!r} has no version before the one in use.")
    chosen = read_version(storage, key, to)
    storage.set_latest_version(key, to)
    return chosen
