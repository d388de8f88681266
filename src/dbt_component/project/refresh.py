"""Brings a state up to date: prepares the project if anything changed, in one process at a time."""

import logging
from dataclasses import dataclass

import msgspec

from dbt_component.dbt_process.engine import Engine, find_engine
from dbt_component.manifest.origin import Origin
from dbt_component.project.cache import cache_folder
from dbt_component.project.compared_state import ComparedState
from dbt_component.project.fingerprint import Fingerprint, take_fingerprint
from dbt_component.project.local_project import LocalProject
from dbt_component.project.preparation import Preparation
from dbt_component.project.previous_state import PreviousState
from dbt_component.project.refresh_lock import refresh_lock
from dbt_component.project.refresh_request import RefreshRequest
from dbt_component.project.state import StateFile, write_state
from dbt_component.project.temporary import remove_abandoned

_SWEPT = ("scratch", "files", "projects", "selections")


class RefreshOutcome(msgspec.Struct, frozen=True):
    """The outcome of a refresh. ``reasons`` lists the changed inputs; empty if nothing was written.

    ``warnings`` are this package's and require action; ``dbt_warnings`` are those of dbt's parser.
    """

    is_changed: bool
    reasons: list[str] = []
    warnings: list[str] = []
    dbt_warnings: list[str] = []

    def log_warnings(self, logger: logging.Logger) -> None:
        """Logs all warnings; those of dbt as information, since dbt does not fail for them."""
        for note in self.dbt_warnings:
            logger.info(note)
        for warning in self.warnings:
            logger.warning(warning)


@dataclass(frozen=True)
class _Decision:
    """The current inputs, and the reasons for a new state; without reasons, the state is up to date."""

    fingerprint: Fingerprint
    reasons: list[str]


def refresh_from_folder(
    project: LocalProject, request: RefreshRequest, *, origin: Origin | None = None
) -> RefreshOutcome:
    """Brings a state up to date with a project on disk; see ``refresh_from``."""
    with PreviousState(request.compared_path) as previous:
        return refresh_from(previous, project, request, origin=origin)


def refresh_from(
    previous: PreviousState,
    project: LocalProject,
    request: RefreshRequest,
    *,
    origin: Origin | None = None,
) -> RefreshOutcome:
    """Brings a state up to date with a project on disk.

    Only reads and hashes the project's files if the previous state was prepared from the same inputs and
    satisfies the request. Otherwise runs dbt in a child process and replaces the file atomically. Only
    one process prepares a project at a time; the others wait and then find the state up to date. Temporary
    files of refreshes that were killed are removed first.

    Args:
        previous: The previous state.
        project: The project on disk.
        request: What the state must contain, and where to write it.
        origin: The commit that the project was taken from; also compared.

    Raises:
        NewerStateError: A newer release wrote the previous state, which is untouched.
        PrepareError: dbt failed; the message is dbt's own. The previous state is untouched.
        SelectionError: dbt does not accept a selection.
        OSError: The state can't be written. The previous state is untouched.
    """
    for folder in (request.state_path.parent, *map(cache_folder, _SWEPT)):
        remove_abandoned(folder)
    engine = find_engine(project.dbt_executable)
    decision = _decide(previous, project, engine, request, origin)
    if not decision.reasons:
        return _unchanged(previous, request)
    with refresh_lock(str(project.project_dir.resolve())) as has_waited:
        if previous.reopen_if_replaced() or has_waited:
            decision = _decide(previous, project, engine, request, origin)
            if not decision.reasons:
                return _unchanged(previous, request)
        prepared = Preparation(
            project, engine, request, decision.fingerprint, previous.state, origin
        ).run()
        notes: list[str] = []

        def review(state: StateFile) -> None:
            if request.review is not None:
                notes.extend(request.review(state))

        write_state(request.state_path, prepared.contents, review=review)
    return RefreshOutcome(
        is_changed=True,
        reasons=decision.reasons,
        warnings=[*prepared.warnings, *notes],
        dbt_warnings=prepared.dbt_warnings,
    )


def _unchanged(previous: PreviousState, request: RefreshRequest) -> RefreshOutcome:
    state = previous.state
    assert state is not None, "a refresh without a usable state has reasons"
    notes = [] if request.review is None else request.review(state)
    return RefreshOutcome(is_changed=False, warnings=notes)


def _decide(
    previous: PreviousState,
    project: LocalProject,
    engine: Engine,
    request: RefreshRequest,
    origin: Origin | None,
) -> _Decision:
    compared = ComparedState.of(project)
    compared.refuse_missing(request.selections)
    files = frozenset().union(*map(compared.files_for, request.selections))
    state = previous.state
    if state is None:
        current = take_fingerprint(project, engine, origin=origin, compared_files=files)
        return _Decision(current, [previous.problem])
    recorded = state.fingerprint
    current = take_fingerprint(project, engine, known=recorded, origin=origin, compared_files=files)
    reasons = recorded.differences(current)
    if not reasons and not request.is_held_by(state):
        reasons = ["new selections or run-time variables"]
    return _Decision(current, reasons)
