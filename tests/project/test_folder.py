"""A project in a folder: found there, or copied out of the state where the folder is gone."""

import logging
import shutil
from pathlib import Path

import pytest

from dbt_component.errors import ProjectError
from dbt_component.project.folder import FolderSource
from dbt_component.project.project import DbtProject
from dbt_component.project.project_settings import ProjectSettings
from dbt_component.project.refresh_request import RefreshRequest
from tests.dg_project import PROJECTS

SHOP = PROJECTS / "shop"


def never() -> Path:
    raise AssertionError("the copy is not needed")


def test_the_folder_is_opened_where_it_is() -> None:
    source = FolderSource(SHOP, ProjectSettings(target="other"))
    assert source.open(never) == DbtProject(SHOP, target="other")
    assert source.find_folder() == source.open(never)
    assert source.remote_commit is None
    assert source.origin(None) is None


def test_a_folder_that_is_gone_is_replaced_by_the_copy(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    profiles = tmp_path / "profiles"
    source = FolderSource(
        tmp_path / "gone", ProjectSettings(target="other", local_profiles_dir=profiles)
    )
    copy = shutil.copytree(SHOP, tmp_path / "copy")
    opened = source.open(lambda: copy)
    assert opened.project_dir == copy
    assert opened.target == "other"
    assert opened.find_profiles_dir() == copy  # the given one is gone too
    assert "gone is not on this machine; using the copy" in caplog.text
    assert source.find_folder() is None
    with pytest.raises(ProjectError, match="does not exist"):
        source.refresh(RefreshRequest(tmp_path / "state"))


def test_a_project_opened_in_python_is_used_as_it_is(tmp_path: Path) -> None:
    packaged = shutil.copytree(SHOP, tmp_path / "packaged")
    project = DbtProject(SHOP, packaged_project_dir=packaged, vars={"a": 1}, profile="shop")
    source = FolderSource.of(project)
    assert source.open(never) is project
    assert source.find_folder() is project
    assert source.project_dir == packaged
    assert (source.settings.vars, source.settings.profile) == ({"a": 1}, "shop")
    assert list(source.settings.prepare_project_cli_args or []) == ["parse"]


def test_the_state_is_named_by_the_folder_relative_to_the_dagster_project(tmp_path: Path) -> None:
    assert FolderSource(tmp_path / "a/shop").state_name(tmp_path) == ("a/shop", {})
    assert FolderSource(tmp_path / "shop").state_name(tmp_path / "dagster") == ("../shop", {})
