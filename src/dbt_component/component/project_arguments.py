"""Sources of a component's project that Python code creates by the names of dagster-dbt's classes."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import dagster as dg
from pydantic import BaseModel

from dbt_component.component.yaml.project import (
    DbtProjectArgsModel,
    GitProjectArgsModel,
    resolve_project,
)
from dbt_component.project.folder import FolderSource
from dbt_component.project.git.git_project import GitProjectSource
from dbt_component.project.git.source import GitSource
from dbt_component.project.project_settings import ProjectSettings
from dbt_component.project.source import ProjectSource


class _ResolvableSource:
    @classmethod
    def resolve_from_model(cls, context: dg.ResolutionContext, model: Any) -> ProjectSource:
        """The project of a mapping; its paths are relative to the folder of defs.yaml."""
        return resolve_project(context, model)


class DbtProjectArgs(FolderSource, _ResolvableSource):
    """A dbt project in a folder that is opened when it is needed, unlike a ``DbtProject``.

    Pass it as ``DbtProjectComponent(project=…)``; relative paths are relative to the working directory.

    Args:
        project_dir: Folder of dbt_project.yml.
        target_path: As for ``DbtProject``, and so are the others.
        profiles_dir: Folder of profiles.yml.
        profile: Profile to use instead of the one in dbt_project.yml.
        target: Target of the profile.
        packaged_project_dir: A copy to use in production, if it exists.
        state_path: Folder of a manifest to compare with or defer to, relative to the project.
        prepare_project_cli_args: The dbt command that prepares the project. Default: parse.
    """

    def __init__(
        self,
        project_dir: str | Path,
        target_path: str | None = None,
        profiles_dir: str | Path | None = None,
        profile: str | None = None,
        target: str | None = None,
        packaged_project_dir: str | Path | None = None,
        state_path: str | None = None,
        prepare_project_cli_args: Sequence[str] | None = None,
    ) -> None:
        settings = ProjectSettings(
            target_path=target_path,
            local_profiles_dir=_path(profiles_dir),
            profile=profile,
            target=target,
            packaged_project_dir=_path(packaged_project_dir),
            state_path=state_path,
            prepare_project_cli_args=prepare_project_cli_args,
        )
        super().__init__(Path(project_dir), settings)

    @classmethod
    def model(cls) -> type[BaseModel]:
        """The mapping form of ``project`` in defs.yaml, for a resolver of one's own."""
        return DbtProjectArgsModel


class RemoteGitDbtProjectManager(GitProjectSource, _ResolvableSource):
    """A dbt project in a Git repository.

    Pass it as ``DbtProjectComponent(project=…)``. ``GitProjectSource`` and ``GitSource`` have further settings,
    such as the ref.

    Args:
        repo_url: URL of the repository: https, ssh (also ``user@host:path``) or file.
        repo_relative_path: Folder of dbt_project.yml in the repository.
        token: Token for https. Default: ``GITHUB_TOKEN``, for github.com only.
        profile: Profile to use instead of the one in dbt_project.yml.
        target: Target of the profile.

    Raises:
        GitInputError: A setting is invalid.
    """

    def __init__(
        self,
        repo_url: str,
        repo_relative_path: str = ".",
        token: str | None = None,
        profile: str | None = None,
        target: str | None = None,
    ) -> None:
        repository = GitSource(repo_url, repo_relative_path=repo_relative_path, token=token)
        repository.validate()
        super().__init__(repository, ProjectSettings(profile=profile, target=target))

    @classmethod
    def model(cls) -> type[BaseModel]:
        """The mapping form with ``repo_url`` of ``project`` in defs.yaml, for a resolver of one's own."""
        return GitProjectArgsModel


def _path(path: str | Path | None) -> Path | None:
    return None if path is None else Path(path)
