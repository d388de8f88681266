"""Refreshing the state of a project that lies in a Git repository."""

import json
import os
import posixpath
from collections.abc import Callable, Iterable
from pathlib import Path

import msgspec

from dbt_component.dbt_process.engine import find_engine
from dbt_component.manifest.origin import Origin
from dbt_component.project.fingerprint import (
    hash_environment,
    hash_profiles_in,
    serialize_vars,
)
from dbt_component.project.git.checkout import GitCheckout
from dbt_component.project.git.source import GitSource
from dbt_component.project.prepare import RefreshOutcome, Wanted, holds, refresh_state
from dbt_component.project.project import DbtProject
from dbt_component.project.project_settings import ProjectSettings
from dbt_component.project.state import StateFile, read_state_if_usable
from dbt_component.selection.criteria import SelectionCriteria
from dbt_component.translation.git_url import public_url
from dbt_component.version import __version__


def refresh_git_state(
    source: GitSource,
    settings: ProjectSettings,
    state_path: Path,
    *,
    open_project: Callable[[GitCheckout], DbtProject],
    selections: Iterable[SelectionCriteria],
    runtime_vars: Iterable[str] = (),
    previous_path: Path | None = None,
    link_template: str | None = None,
    replaces: str | None = None,
) -> RefreshOutcome:
    """Brings the state up to date with the repository.

    The remote is asked for the commit of the ref. If the state was made from that commit with the same
    settings, nothing is fetched. Otherwise the commit is checked out into the cache and prepared.

    Args:
        source: The repository.
        settings: How the project is run.
        state_path: Where the state is, or is to be written.
        open_project: Opens the project in a checkout.
        selections: Selections to keep in the state.
        runtime_vars: Variables that runs will set.
        previous_path: A former state to compare with, if it lies elsewhere.
        link_template: See ``translation.link.link_to_file``.
        replaces: The version of the former state, in a storage that keeps versions.

    Raises:
        GitSourceError: The repository can't be had.
        PrepareError: dbt failed. The former state is untouched.
    """
    commit = source.resolve_commit()
    previous = read_state_if_usable(previous_path or state_path)
    wanted = Wanted.of(selections, runtime_vars)
    origin = origin_at(commit, source, settings, link_template=link_template)
    if (
        previous is not None
        and holds(previous, wanted)
        and previous.header.provenance.origin == origin
        and _is_unchanged(previous, settings)
    ):
        return RefreshOutcome(is_changed=False, reasons=[])
    checkout = source.checkout(commit)
    outcome = refresh_state(
        open_project(checkout),
        state_path,
        selections=wanted.selections,
        runtime_vars=wanted.runtime_vars,
        previous_path=previous_path,
        origin=origin,
        replaces=replaces,
    )
    return msgspec.structs.replace(outcome, warnings=[*checkout.warnings, *outcome.warnings])


def _folder(repo_relative_path: str) -> str:
    """The project's folder in the repository with slashes; empty at the root."""
    folder = posixpath.normpath(repo_relative_path.strip("/") or ".")
    return "" if folder == "." else folder


def origin_at(
    commit: str, source: GitSource, settings: ProjectSettings, *, link_template: str | None
) -> Origin:
    """A commit of the repository, with what defs.yaml says of it: no secrets, no paths of a machine."""
    return Origin(
        repository=public_url(source.repo_url),
        commit=commit,
        ref=source.ref,
        folder=_folder(source.repo_relative_path),
        link_template=link_template,
        settings=json.dumps(
            {
                "repo_url": public_url(source.repo_url),
                "ref": source.ref,
                "folder": source.repo_relative_path,
                "submodules": source.submodules,
                "extra_paths": source.extra_paths,
                "link_template": link_template,
                "profiles_dir": settings.repository_profiles_dir,
                "prepare_project_cli_args": settings.prepare_project_cli_args,
            },
            sort_keys=True,
        ),
    )


def _is_unchanged(state: StateFile, settings: ProjectSettings) -> bool:
    """Whether what does not come with the commit is as recorded; decided without the files."""
    recorded = state.fingerprint
    current = {
        "profile": settings.profile or "",
        "target": settings.target or "",
        "vars": serialize_vars(settings.vars),
        "dbt-component": __version__,
        **find_engine(settings.dbt_executable).versions,
    }
    return (
        all(recorded.settings.get(name) == value for name, value in current.items())
        and hash_environment(recorded.env, salt=recorded.salt) == recorded.env
        and _has_same_profiles(state, settings)
    )


def _has_same_profiles(state: StateFile, settings: ProjectSettings) -> bool:
    """Whether profiles.yml is the recorded one where it does not come with the commit.

    It is looked for as ``DbtProject.find_profiles_dir`` does, only that the project is not at hand.
    """
    given = os.environ.get("DBT_PROFILES_DIR")
    if settings.repository_profiles_dir is not None:
        return True
    if settings.local_profiles_dir is not None:
        place = settings.local_profiles_dir
    elif given and (Path(given) / "profiles.yml").is_file():
        place = Path(given)
    elif state.header.has_own_profiles:
        return True
    else:
        place = Path.home() / ".dbt"
    try:
        return hash_profiles_in(place) == state.fingerprint.settings.get("profiles.yml")
    except OSError:
        return False
