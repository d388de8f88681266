"""Access to a component's state, beside the code or in the instance's versioned storage."""

import asyncio
import contextvars
import logging
import os
from collections.abc import Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

from dbt_component._dagster import (
    LOCAL_STATE_VERSION,
    DefinitionsLoadContext,
    DefinitionsLoadType,
    DefsStateConfig,
    DefsStateManagementType,
    DefsStateStorage,
    using_dagster_dev,
)
from dbt_component.errors import DagsterDbtError, NoStateError, StateMissingError
from dbt_component.project.state import StateFile

_logger = logging.getLogger("dbt_component")


def versioned_storage(config: DefsStateConfig) -> DefsStateStorage | None:
    """The current versioned storage; ``None`` if this state is not kept in one."""
    is_versioned = config.management_type is DefsStateManagementType.VERSIONED_STATE_STORAGE
    return DefsStateStorage.get() if is_versioned else None


def state_at_load(
    config: DefsStateConfig, project_root: Path
) -> AbstractContextManager[Path | None]:
    """The path of the state that this process loads definitions from; ``None`` if there is none.

    For a versioned storage, the path exists only while the context is open; an open file stays readable.

    Raises:
        StateMissingError: The state is in a versioned storage, and this process has no Dagster instance.
    """
    _require_storage(config)
    context = _with_version(DefinitionsLoadContext.get(), config)
    return context.state_path(config, DefsStateStorage.get(), project_root)


def hint_for_missing_state(config: DefsStateConfig) -> str:
    """What to do if this process finds no state."""
    storage = versioned_storage(config)
    if storage is None:
        return "Run `dg utils refresh-defs-state`."
    if storage.get_latest_version(config.key) not in (None, LOCAL_STATE_VERSION):
        return (
            "The instance has a state, but it was stored after this code location was loaded."
            " Reload the code location."
        )
    if not os.environ.get("DAGSTER_HOME"):
        return (
            "DAGSTER_HOME is not set, so this process can't see the states of your instance. Set it to the"
            " folder of the instance's dagster.yaml; then run `dg utils refresh-defs-state` if the state"
            " is still missing."
        )
    return (
        "Run `dg utils refresh-defs-state` with the same DAGSTER_HOME"
        f" ({os.environ['DAGSTER_HOME']!r}), then reload the code location."
    )


def _require_storage(config: DefsStateConfig) -> None:
    is_versioned = config.management_type is DefsStateManagementType.VERSIONED_STATE_STORAGE
    if is_versioned and DefsStateStorage.get() is None:
        raise StateMissingError(
            f"State {config.key!r} is in the versioned storage of a Dagster instance, and this process has no"
            " instance open.",
            where="defs_state.management_type in defs.yaml",
            hint="Set DAGSTER_HOME and load the definitions inside `with dagster.DagsterInstance.get():`.",
        )


def _with_version(
    context: DefinitionsLoadContext, config: DefsStateConfig
) -> DefinitionsLoadContext:
    """Sets the version to load to the latest one, in a process that no code location passed a version to.

    `dg launch` and `dagster asset materialize` are such processes: they reconstruct definitions that they
    never initialized.
    """
    storage = versioned_storage(config)
    if storage is None or context.load_type is DefinitionsLoadType.INITIALIZATION:
        return context
    passed = context.accessed_defs_state_info
    if passed is None or config.key not in passed.info_mapping:
        latest = storage.get_latest_version(config.key)
        if latest is not None:
            context.add_defs_state_info(config.key, latest)
    return context


def refresh_in_development(
    config: DefsStateConfig,
    project_root: Path,
    refresh: Callable[[Path], Coroutine[Any, Any, str]],
) -> None:
    """Refreshes the state under `dg dev` and the dg command line, as Dagster does when definitions load.

    If the project can't be prepared, logs a warning and keeps using the last good state.

    Raises:
        DagsterDbtError: The project can't be prepared, and there is no state that can be read.
    """
    context = DefinitionsLoadContext.get()
    is_initial = context.load_type is DefinitionsLoadType.INITIALIZATION
    if not (is_initial and using_dagster_dev() and config.refresh_if_dev):
        return
    try:
        version = _run_to_end(refresh(project_root))
    except DagsterDbtError as error:
        if not _is_readable(config, project_root):
            raise
        storage = versioned_storage(config)
        latest = storage.get_latest_version(config.key) if storage is not None else None
        version = latest or LOCAL_STATE_VERSION
        _logger.warning(
            "The dbt project can't be prepared; the last good state of %s remains in use.\n%s",
            config.key,
            error,
        )
    context.add_defs_state_info(config.key, version)


def _run_to_end(refresh: Coroutine[Any, Any, str]) -> str:
    """Runs a refresh, in another thread if this one is already running an event loop."""
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return asyncio.run(refresh)
    with ThreadPoolExecutor(max_workers=1) as executor:
        return executor.submit(contextvars.copy_context().run, asyncio.run, refresh).result()


def open_state(
    config: DefsStateConfig, project_root: Path | None, *, newest: bool = False
) -> StateFile:
    """Opens a component's state.

    Args:
        config: Its location.
        project_root: The Dagster project; ``None`` if Dagster did not load the component.
        newest: Open the newest version instead of the one that this process loads definitions from.

    Raises:
        NoStateError: There is no state, or ``project_root`` is ``None``.
        StateMissingError: This process can't reach its storage.
        StateFormatError: This release can't read it.
    """
    if project_root is None:
        raise NoStateError(
            f"The component of state {config.key!r} was not loaded by Dagster.",
            hint="Load it with `context.load_component(...)` or from a component tree.",
        )
    _require_storage(config)
    context = (
        DefinitionsLoadContext(load_type=DefinitionsLoadType.INITIALIZATION)
        if newest
        else _with_version(DefinitionsLoadContext.get(), config)
    )
    with context.state_path(config, DefsStateStorage.get(), project_root) as path:
        if path is None:
            raise NoStateError(
                f"State {config.key!r} does not exist.", hint=hint_for_missing_state(config)
            )
        return StateFile(path)


def _is_readable(config: DefsStateConfig, project_root: Path) -> bool:
    """Whether there is a state that this release can load."""
    try:
        open_state(config, project_root, newest=True).close()
    except Exception:  # each storage has errors of its own
        return False
    return True
