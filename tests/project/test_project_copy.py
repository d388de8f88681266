"""The copy of a project in its state is what dbt read, or says what it lacks."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from dbt_component.dbt_process.engine import find_engine
from dbt_component.errors import ProjectError
from dbt_component.project.folder import FolderSource
from dbt_component.project.project import DbtProject
from dbt_component.project.project_copy import pack_project, unpack_project
from dbt_component.project.project_yml import load_yaml
from dbt_component.project.refresh import refresh_from_folder
from dbt_component.project.refresh_request import RefreshRequest
from dbt_component.project.state import StateFile
from dbt_component.project.state_project import StateProject
from tests.dg_project import PROJECTS


@pytest.fixture
def outer(tmp_path: Path) -> Iterator[Path]:
    """A copy of the shop project in ``repo/dbt/shop`` whose models and seeds lie partly beside it."""
    shop = shutil.copytree(PROJECTS / "shop", tmp_path / "repo/dbt/shop")
    shutil.move(shop / "models/staging", tmp_path / "repo/staging")
    shutil.move(shop / "seeds", tmp_path / "repo/dbt/seeds")
    yield tmp_path / "repo"


def name_folders(shop: Path, models: str, seeds: str) -> None:
    yml = shop / "dbt_project.yml"
    text = yml.read_text().replace("[models]", f"[models, {models}]")
    yml.write_text(text.replace("[seeds]", f"[{seeds}]"))


@pytest.mark.reliability(
    "Files outside of the project's folder",
    tried='`model-paths: ["models", "../shared"]`: a shared file edited, another added',
    outcome="a refresh names both files and prepares again; the state's copy has them",
)
@pytest.mark.server
def test_files_beside_the_project_are_compared_and_copied(outer: Path, tmp_path: Path) -> None:
    shop = outer / "dbt/shop"
    name_folders(shop, "../../staging", "../seeds")
    request = RefreshRequest(tmp_path / "state")
    refresh_from_folder(DbtProject(shop), request)
    assert not refresh_from_folder(DbtProject(shop), request).is_changed

    model = outer / "staging/stg_orders.sql"
    text = model.read_text()
    model.write_text(text + "-- more")
    (outer / "staging/added.sql").write_text("select 1 as one")
    here = StateProject(StateFile(request.state_path), FolderSource(shop))
    assert differences_of(here) == [
        "file ../../staging/added.sql",
        "file ../../staging/stg_orders.sql",
    ]
    outcome = refresh_from_folder(DbtProject(shop), request)
    assert outcome.reasons == [
        "file added: ../../staging/added.sql",
        "file changed: ../../staging/stg_orders.sql",
    ]

    shutil.rmtree(outer)
    state = StateFile(request.state_path)
    prepared = StateProject(state, FolderSource(shop))
    copy = prepared.open()
    assert differences_of(prepared) == []
    again = tmp_path / "again"
    refresh_from_folder(copy, RefreshRequest(again))
    assert paths_of(StateFile(again)) == paths_of(state)
    assert paths_of(state)["model.shop.added"] == "../../staging/added.sql"


def differences_of(prepared: StateProject) -> list[str]:
    return prepared.differences(prepared.open(), find_engine())


def paths_of(state: StateFile) -> dict[str, str]:
    return {id_: state.manifest.props(id_)["original_file_path"] for id_ in state.index.all_ids}


@pytest.mark.server
def test_a_copy_that_lacks_files_with_absolute_paths_says_so(outer: Path, tmp_path: Path) -> None:
    shop = outer / "dbt/shop"
    name_folders(shop, str(outer / "staging"), str(outer / "dbt/seeds"))
    path = tmp_path / "state"
    refresh_from_folder(DbtProject(shop), RefreshRequest(path))
    (outer / "staging/stg_orders.sql").write_text("select 1 as customer_id")
    prepared = StateProject(StateFile(path), FolderSource(shop))
    assert differences_of(prepared) == [f"file {outer}/staging/stg_orders.sql"]

    shop.rename(outer / "dbt/elsewhere")
    assert StateProject(StateFile(path), FolderSource(shop)).open().name == "shop"
    shutil.rmtree(outer)
    with pytest.raises(ProjectError, match=r"has no '.*' and 4 other files[\s\S]*relative to the"):
        StateProject(StateFile(path), FolderSource(shop)).open()


@pytest.mark.reliability(
    "Times of files",
    tried="files dated 1970, before 1970, 2242 and 2286",
    outcome="they are prepared, compared and copied like all others",
)
@pytest.mark.server
@pytest.mark.parametrize("seconds", [0, -5, 2**33, 10**10])
def test_files_of_any_time_are_prepared(tmp_path: Path, seconds: int) -> None:
    shop = shutil.copytree(PROJECTS / "shop", tmp_path / "shop")
    for path in shop.rglob("*"):
        os.utime(path, (seconds, seconds))
    request = RefreshRequest(tmp_path / "state")
    refresh_from_folder(DbtProject(shop), request)
    assert not refresh_from_folder(DbtProject(shop), request).is_changed
    state = StateFile(request.state_path)
    assert differences_of(StateProject(state, FolderSource(shop))) == []
    shutil.rmtree(shop)
    assert differences_of(StateProject(state, FolderSource(shop))) == []


@pytest.mark.reliability(
    "Times of files",
    tried="the same files with other times, permissions and order",
    outcome="an equal copy, byte for byte",
)
def test_equal_projects_give_an_equal_copy_whatever_the_times_and_permissions(
    tmp_path: Path,
) -> None:
    shop = shutil.copytree(PROJECTS / "shop", tmp_path / "shop")
    files = ["dbt_project.yml", "models/schema.yml", "seeds/raw_orders.csv"]
    first = pack_project(DbtProject(shop), files)
    for number, path in enumerate(files):
        os.utime(shop / path, (number, number))
        (shop / path).chmod(0o600)
    os.utime(shop / "profiles.yml", (0, 0))
    assert pack_project(DbtProject(shop), reversed(files)) == first
    unpacked = unpack_project(first.data)
    for path in files:
        assert (unpacked / path).read_bytes() == (shop / path).read_bytes()
    assert load_yaml(unpacked / "profiles.yml") == load_yaml(shop / "profiles.yml")
