"""A project in a Git repository, as a source: its name, its origin, and what it opens."""

import shutil
from pathlib import Path

import pytest

from dbt_component.manifest.origin import Origin
from dbt_component.project.git.git_project import GitProjectSource
from dbt_component.project.git.source import GitSource
from dbt_component.project.project_settings import ProjectSettings
from tests.dg_project import PROJECTS

URL = "https://someone@example.com/org/shop.git"


@pytest.mark.parametrize(
    ("url", "name"),
    [
        ("https://example.com/org/shop.git", "shop"),
        ("https://example.com/org/shop/", "shop"),
        ("git@example.com:shop.git", "shop"),
        ("file:///repositories/shop", "shop"),
    ],
)
def test_the_state_is_named_by_the_repository(url: str, name: str) -> None:
    assert GitProjectSource(GitSource(url)).state_name(Path("/anywhere")).name == name


def test_the_state_is_told_apart_by_url_folder_and_ref_without_credentials() -> None:
    source = GitProjectSource(GitSource(URL, ref="v1", repo_relative_path="dbt/shop/"))
    assert source.state_name(Path("/anywhere")).parts == {
        "url": "https://example.com/org/shop.git",
        "folder": "dbt/shop",
        "ref": "v1",
        "submodules": False,
    }


def test_the_origin_is_the_recorded_commit_with_the_settings_of_now() -> None:
    source = GitProjectSource(
        GitSource(URL, ref="main", repo_relative_path="/dbt/", token="hidden"),
        link_template="https://example.com/{commit}/{path}",
    )
    origin = source.origin(Origin(repository="before", commit="c0ffee"))
    assert origin is not None
    assert (origin.commit, origin.ref, origin.folder) == ("c0ffee", "main", "dbt")
    assert origin.repository == "https://example.com/org/shop.git"
    assert "hidden" not in str(origin) and "someone" not in str(origin)


def test_a_run_opens_the_copy_and_no_folder_is_linked(tmp_path: Path) -> None:
    source = GitProjectSource(GitSource(URL), ProjectSettings(target="other"))
    copy = shutil.copytree(PROJECTS / "shop", tmp_path / "copy")
    assert source.open(lambda: copy).project_dir == copy
    assert source.open(lambda: copy).target == "other"
    assert source.find_folder() is None
