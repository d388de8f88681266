"""Whether a project is still what its state was prepared from, as far as a run is concerned."""

from collections.abc import Mapping
from typing import Any

from dbt_component.dbt_process.engine import Engine
from dbt_component.project.fingerprint import (
    CONNECTION_KEYS,
    changed_files,
    hash_environment,
    hash_profiles,
    serialize_vars,
)
from dbt_component.project.project import DbtProject
from dbt_component.project.state import StateFile


def inputs_that_differ(
    state: StateFile,
    project: DbtProject,
    engine: Engine,
    *,
    vars: Mapping[str, Any] | None = None,
    profile: str | None = None,
    target: str | None = None,
) -> list[str]:
    """Names the inputs in which a run would differ from the prepared state; empty if there are none.

    Environment variables that only say how to connect (host, user, password …) may differ: the state
    is often prepared on another machine. They count if the project reads them as ``target.<key>``.

    Args:
        state: The prepared state.
        project: The project as it will be run.
        engine: The dbt that will run it.
        vars: Variables of this run's command line, if it gives any.
        profile: Profile of this run's command line, if it gives one.
        target: Target of this run's command line, if it gives one.
    """
    recorded = state.fingerprint
    settings = {
        "profiles.yml": hash_profiles(project),
        "profile": profile or project.profile or "",
        "target": target or project.target or "",
        "vars": serialize_vars(_parse_time_vars(state, project, vars)),
        **engine.versions,
    }
    found = [
        f"{name} differs"
        if name == "profiles.yml"
        else f"{name}: {recorded.settings.get(name)!r} -> {value!r}"
        for name, value in settings.items()
        if recorded.settings.get(name) != value
    ]
    current = hash_environment(recorded.env, salt=recorded.salt)
    for name, value in recorded.env.items():
        if current.get(name) != value and not _only_connects(name, state):
            found.append(f"environment variable {name}")
    found.extend(f"file {path}" for path in changed_files(project.project_dir, project, recorded))
    return found


def _parse_time_vars(
    state: StateFile, project: DbtProject, given: Mapping[str, Any] | None
) -> Mapping[str, Any]:
    """The variables that can matter to parsing: those proven to matter only at run time are left out.

    dbt's ``--vars`` replaces; so do a run's variables those of the project.
    """
    if not given:
        return project.vars
    return {name: value for name, value in given.items() if name not in state.header.runtime_vars}


def _only_connects(name: str, state: StateFile) -> bool:
    uses = state.fingerprint.env_uses.get(name)
    if not uses:
        return False
    return all(
        use in CONNECTION_KEYS and use not in state.fingerprint.target_keys_read for use in uses
    )
