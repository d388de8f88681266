"""The state of a workspace that Python definitions use: kept on this machine, and the same in all processes of a load."""

import contextlib
import hashlib
import json
import logging
import time
from pathlib import Path

from dbt_component._dagster import DefinitionsLoadContext, DefinitionsLoadType
from dbt_component.cloud.platform_record import read_record
from dbt_component.cloud.source import CloudProjectSource
from dbt_component.errors import DbtCloudError, StateError
from dbt_component.project.asked_selections import AskedSelections
from dbt_component.project.cache import cache_folder
from dbt_component.project.refresh_request import RefreshRequest
from dbt_component.project.state import StateFile
from dbt_component.project.state_project import StateProject

_KEY = "__dbt_component_cloud"
_KEPT_SECONDS = 7 * 24 * 3600
_logger = logging.getLogger("dbt_component")


def open_kept_state(source: CloudProjectSource) -> StateProject:
    """The project of a workspace.

    A code location that is being loaded asks the platform whether anything is new, and tells the processes that it starts
    which run its manifest is from. These open what is on this machine; on another machine they download the manifest of
    that run. None of them runs `dbt parse`.

    Raises:
        DbtCloudError: The platform can't be asked, and there is no state on this machine.
    """
    folder = _folder_of(source)
    path = folder / "state"
    context = DefinitionsLoadContext.get()
    key = f"{_KEY}.{source.place.identity}"
    pinned = _pinned(context, key)
    asked = AskedSelections.beside(path)
    if pinned is None:
        state = _refreshed(source, path, asked)
        record = read_record(state)
        pinned = None if record is None else record.run_id
    else:
        state = _open_run(source, pinned, path) or _refreshed(source, path, asked)
    if pinned is not None:
        context.add_to_pending_reconstruction_metadata(key, json.dumps(pinned))
    return StateProject(state, None, asked=asked)


def _pinned(context: DefinitionsLoadContext, key: str) -> int | None:
    """The run that the code location has loaded; ``None`` in the process that loads it first."""
    if context.load_type is DefinitionsLoadType.INITIALIZATION:
        return None
    found = context.reconstruction_metadata.get(key)
    return None if found is None else int(json.loads(found))


def _refreshed(source: CloudProjectSource, path: Path, asked: AskedSelections) -> StateFile:
    try:
        outcome = source.refresh(RefreshRequest(state_path=path, selections=asked.criteria()))
        outcome.log_warnings(_logger)
    except DbtCloudError as error:
        try:
            state = StateFile(path)
        except (StateError, OSError):
            raise error from None
        _logger.warning(
            "The dbt platform can't be asked; the last state on this machine is used.\n%s", error
        )
        return state
    return StateFile(path)


def _open_run(source: CloudProjectSource, run_id: int, newest: Path) -> StateFile | None:
    """The state of a run; ``None`` if the platform has it no more."""
    for path in (newest, newest.with_name(f"run-{run_id}")):
        try:
            state = StateFile(path)
        except (StateError, OSError):
            continue
        record = read_record(state)
        if record is not None and record.run_id == run_id:
            return state
        state.close()
    path = newest.with_name(f"run-{run_id}")
    try:
        source.write_run(run_id, RefreshRequest(state_path=path))
    except DbtCloudError as error:
        _logger.warning("The manifest of run %d can't be read any more: %s", run_id, error)
        return None
    state = StateFile(path)
    _sweep(path)
    return state


def _sweep(newest: Path) -> None:
    """Removes the states of runs that were downloaded more than a week ago; a process that reads one goes on."""
    for path in newest.parent.glob("run-*"):
        with contextlib.suppress(OSError):
            if path != newest and path.stat().st_mtime < time.time() - _KEPT_SECONDS:
                path.unlink()


def _folder_of(source: CloudProjectSource) -> Path:
    name = hashlib.sha256(source.place.identity.encode()).hexdigest()[:16]
    folder = cache_folder("platform") / name
    folder.mkdir(mode=0o700, exist_ok=True)
    return folder
