"""A dbt project in a Git repository as a source: its state is prepared from the commit of a ref."""

import json
import os
import posixpath
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import msgspec

from dbt_component.dbt_process.engine import find_engine
from dbt_component.dbt_process.variables import PROFILES_DIR, find_variable
from dbt_component.manifest.origin import Origin
from dbt_component.project.compared_state import ComparedState, recorded_files, recorded_state
from dbt_component.project.fingerprint import (
    Fingerprint,
    hash_environment,
    hash_profiles,
    hash_vars,
)
from dbt_component.project.git.source import GitSource
from dbt_component.project.prepared_settings import (
    hash_vars_in,
    prepared_settings,
    unequal_settings,
)
from dbt_component.project.previous_state import PreviousState
from dbt_component.project.project import DbtProject
from dbt_component.project.project_settings import ProjectSettings
from dbt_component.project.refresh import RefreshOutcome, refresh_from
from dbt_component.project.refresh_request import RefreshRequest
from dbt_component.project.source import StateName
from dbt_component.project.state import StateFile
from dbt_component.project.working_folder import WorkingFolder
from dbt_component.translation.git_url import public_url
from dbt_component.version import __version__


@dataclass(frozen=True)
class GitProjectSource:
    """A project in a Git repository.

    Args:
        repository: The repository, and the project's folder in it.
        settings: Settings to open the project with.
        link_template: See ``translation.link.link_to_file``.
    """

    repository: GitSource
    settings: ProjectSettings = field(default_factory=ProjectSettings)
    link_template: str | None = None

    @property
    def remote_commit(self) -> Callable[[], str]:
        """Function that asks the remote for the commit of the ref, without fetching anything."""
        return self.repository.resolve_commit

    def state_name(self, root: Path) -> StateName:
        """The repository's name, with the URL (without credentials), folder, ref and submodules."""
        url = public_url(self.repository.repo_url)
        name = url.rstrip("/").rpartition("/")[2].rpartition(":")[2].removesuffix(".git")
        return StateName(
            name,
            {
                "url": url,
                "folder": os.path.normpath(self.repository.repo_relative_path),
                "ref": self.repository.ref or "default",
                "submodules": self.repository.submodules,
            },
        )

    def refresh(self, request: RefreshRequest) -> RefreshOutcome:
        """Brings a state up to date with the repository.

        Asks the remote for the commit of the ref. If the state was prepared from that commit with the same
        settings, fetches nothing. Otherwise checks out the commit into the cache and prepares it.

        Raises:
            GitSourceError: The repository can't be reached, or denies access.
            PrepareError: dbt failed. The previous state is untouched.
            SelectionError: dbt does not accept a selection.
        """
        commit = self.repository.resolve_commit()
        origin = self._origin_at(commit)
        with PreviousState(request.compared_path) as previous:
            state = previous.state
            if (
                state is not None
                and request.is_held_by(state)
                and self._is_unchanged(state, origin)
            ):
                return RefreshOutcome(is_changed=False)
            checkout = self.repository.checkout(commit)
            project = self.settings.open(
                checkout.project_dir,
                repository=checkout.root,
                working_folder=request.working_folder,
            )
            outcome = refresh_from(previous, project, request, origin=origin)
        return msgspec.structs.replace(outcome, warnings=[*checkout.warnings, *outcome.warnings])

    def open(
        self, unpack: Callable[[], Path], working_folder: WorkingFolder | None = None
    ) -> DbtProject:
        """The copy from the state, because the machine of a run has no checkout."""
        return self.settings.open(unpack(), is_copy=True, working_folder=working_folder)

    def find_folder(self) -> DbtProject | None:
        """``None``: links to files lead to the Git host."""
        return None

    def origin(self, recorded: Origin | None) -> Origin | None:
        """The commit that a new state would record, assuming that the branch has not moved."""
        return self._origin_at(recorded.commit if recorded is not None else "")

    def _origin_at(self, commit: str) -> Origin:
        """A commit and the settings of the repository, without secrets and paths of this machine."""
        repository = self.repository
        url = public_url(repository.repo_url)
        return Origin(
            repository=url,
            commit=commit,
            ref=repository.ref,
            folder=_normalise_folder(repository.repo_relative_path),
            link_template=self.link_template,
            settings=json.dumps(
                {
                    "repo_url": url,
                    "ref": repository.ref,
                    "folder": repository.repo_relative_path,
                    "submodules": repository.submodules,
                    "extra_paths": repository.extra_paths,
                    "link_template": self.link_template,
                    "profiles_dir": self.settings.repository_profiles_dir,
                    "prepare_project_cli_args": _without_values(
                        self.settings.prepare_project_cli_args, salt=url
                    ),
                },
                sort_keys=True,
            ),
        )

    def _is_unchanged(self, state: StateFile, origin: Origin) -> bool:
        """Whether commit and settings are the recorded ones; needs no files of the project."""
        recorded = state.fingerprint
        current = prepared_settings(
            find_engine(self.settings.dbt_executable),
            profile=self.settings.profile,
            target=self.settings.target,
            package_version=__version__,
        )
        return (
            state.header.provenance.origin == origin
            and not unequal_settings(recorded.settings, current)
            and hash_environment(recorded.env, salt=recorded.salt) == recorded.env
            and hash_vars(self.settings.vars, salt=recorded.salt) == recorded.vars
            and self._has_same_profiles(state)
            and self._compares_with_the_same(recorded)
        )

    def _compares_with_the_same(self, recorded: Fingerprint) -> bool:
        """Whether selections compare with the recorded artifacts; those of a relative folder are in the commit."""
        files = recorded_files(recorded.settings)
        compared = ComparedState.without_project(self.settings.state_path)
        return compared.folder is None or compared.digests(files) == recorded_state(
            recorded.settings
        )

    def _has_same_profiles(self, state: StateFile) -> bool:
        """Whether profiles.yml is the recorded one; always true if it is part of the commit.

        Searches the same folders as ``DbtProject.find_profiles_dir``, but without the project itself.
        """
        given = find_variable(PROFILES_DIR, os.environ)
        if self.settings.repository_profiles_dir is not None:
            return True
        if self.settings.local_profiles_dir is not None:
            place = self.settings.local_profiles_dir
        elif given and (Path(given[1]) / "profiles.yml").is_file():
            place = Path(given[1])
        elif state.header.has_own_profiles:
            return True
        else:
            place = Path(os.path.expanduser("~/.dbt"))
        try:
            return hash_profiles(place) == state.fingerprint.settings.get("profiles.yml")
        except OSError:
            return False


def _without_values(prepare_args: Sequence[str] | None, *, salt: str) -> list[str] | None:
    return None if prepare_args is None else hash_vars_in(prepare_args, salt=salt)


def _normalise_folder(repo_relative_path: str) -> str:
    """The project's folder in the repository with slashes; empty at the root."""
    folder = posixpath.normpath(repo_relative_path.strip("/") or ".")
    return "" if folder == "." else folder
