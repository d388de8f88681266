"""The classes of dagster-dbt's names that give a component its project."""

from pathlib import Path

import dagster as dg
import pytest

from dbt_component import (
    DagsterDbtComponentTranslatorSettings,
    DbtProjectArgs,
    DbtProjectComponent,
    RemoteGitDbtProjectManager,
)
from dbt_component.component.yaml.project import DbtProjectArgsModel, GitProjectArgsModel
from dbt_component.errors import GitInputError
from dbt_component.project.folder import FolderSource
from dbt_component.project.git.git_project import GitProjectSource
from dbt_component.project.git.source import GitSource
from dbt_component.project.project_settings import ProjectSettings
from tests.dg_project import DgProject


def test_arguments_open_a_project_in_a_folder(dg_project: DgProject) -> None:
    arguments = DbtProjectArgs(
        str(dg_project.dbt_folder),
        target_path="out",
        profiles_dir=str(dg_project.dbt_folder),
        profile="shop",
        target="dev",
        state_path="prod",
        prepare_project_cli_args=["compile"],
    )
    project = DbtProjectComponent(project=arguments).dbt_project
    assert project.project_dir == dg_project.dbt_folder
    assert project.manifest_path == dg_project.dbt_folder / "out" / "manifest.json"
    assert (project.profile, project.target) == ("shop", "dev")
    assert project.profiles_dir == dg_project.dbt_folder
    assert project.state_path == dg_project.dbt_folder / "prod"
    assert tuple(project.prepare_project_cli_args or ()) == ("compile",)


def test_arguments_are_opened_only_when_needed(tmp_path: Path) -> None:
    assert DbtProjectArgs(tmp_path / "nowhere").find_folder() is None


def test_a_repository_is_a_git_source() -> None:
    manager = RemoteGitDbtProjectManager(
        repo_url="https://github.com/org/repo.git",
        repo_relative_path="dbt",
        token="t",
        profile="p",
        target="prod",
    )
    repository = GitSource("https://github.com/org/repo.git", repo_relative_path="dbt", token="t")
    assert manager.repository == repository
    assert manager.settings == ProjectSettings(profile="p", target="prod")
    assert isinstance(manager, GitProjectSource)
    assert "'t'" not in repr(manager)
    assert DbtProjectComponent(project=manager).project is manager
    with pytest.raises(GitInputError, match="ext"):
        RemoteGitDbtProjectManager("ext::sh -c whoami")


def test_the_models_are_those_of_defs_yaml(dg_project: DgProject) -> None:
    assert DbtProjectArgs.model() is DbtProjectArgsModel
    assert RemoteGitDbtProjectManager.model() is GitProjectArgsModel
    context = dg.ResolutionContext.default()
    model = DbtProjectArgsModel(project_dir=str(dg_project.dbt_folder), target="dev")
    source = DbtProjectArgs.resolve_from_model(context, model)
    assert source == FolderSource(dg_project.dbt_folder, ProjectSettings(target="dev"))


def test_component_settings_link_to_code_by_default() -> None:
    settings = DagsterDbtComponentTranslatorSettings(enable_source_tests_as_checks=True)
    assert settings.enable_code_references
    component = DbtProjectComponent(project=DbtProjectArgs("x"), translation_settings=settings)
    assert component.translator.settings is settings
