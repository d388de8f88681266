"""Compares the inputs of a run with those that the project was prepared from."""

from collections.abc import Collection, Mapping
from typing import Any

from dbt_component.dbt_process.engine import Engine
from dbt_component.project.fingerprint import (
    CONNECTION_KEYS,
    Fingerprint,
    changed_files,
    comparable_profiles_hash,
    hash_environment,
    hash_vars,
    unequal_vars,
)
from dbt_component.project.local_project import LocalProject
from dbt_component.project.prepared_settings import prepared_settings, unequal_settings


def run_differences(
    recorded: Fingerprint,
    project: LocalProject,
    engine: Engine,
    *,
    runtime_vars: Collection[str] = (),
    vars: Mapping[str, Any] | None = None,
    profile: str | None = None,
    target: str | None = None,
) -> list[str]:
    """Describes each input of a run that differs from the recorded one; empty if none does.

    Environment variables that only configure the connection (host, user, password …) may differ, because
    the state is often prepared on another machine. They count if the project reads them as
    ``target.<key>``.

    Args:
        recorded: The inputs of the preparation.
        project: The project as it will be run.
        engine: The dbt that will run it.
        runtime_vars: Variables that are known not to affect the manifest.
        vars: Variables from this run's command line, if any; as in dbt, they replace the project's.
        profile: Profile from this run's command line, if any.
        target: Target from this run's command line, if any.
    """
    parsed_vars = (
        {name: value for name, value in vars.items() if name not in runtime_vars}
        if vars
        else project.vars
    )
    current = prepared_settings(
        engine,
        profile=profile or project.profile,
        target=target or project.target,
        profiles_hash=comparable_profiles_hash(project.find_profiles_dir(), recorded),
    )
    found = unequal_settings(recorded.settings, current)
    found.extend(unequal_vars(recorded.vars, hash_vars(parsed_vars, salt=recorded.salt)))
    environment = hash_environment(recorded.env, salt=recorded.salt)
    found.extend(
        f"environment variable {name}"
        for name, value in recorded.env.items()
        if environment.get(name) != value and not _only_connects(name, recorded)
    )
    found.extend(f"file {path}" for path in changed_files(project.project_dir, project, recorded))
    return found


def _only_connects(name: str, recorded: Fingerprint) -> bool:
    uses = recorded.env_uses.get(name)
    if not uses:
        return False
    return all(use in CONNECTION_KEYS and use not in recorded.target_keys_read for use in uses)
