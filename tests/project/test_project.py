"""DbtProject and its preparer: manifest.json and the state beside it, up to date and never half-written."""

import dataclasses
import json
import logging
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from dbt_component import DagsterDbtProjectPreparer, DbtProject, DbtProjectPreparer
from dbt_component.errors import (
    DagsterDbtManifestNotFoundError,
    DagsterDbtProfilesDirectoryNotFoundError,
    PrepareError,
)
from dbt_component.project.manifest_argument import prepared_from
from dbt_component.project.manifest_project import ManifestProject
from dbt_component.project.prepared_files import state_beside
from dbt_component.project.state_project import StateProject
from dbt_component.selection.criteria import SelectionCriteria
from tests.dg_project import DgProject

DAILY = SelectionCriteria(select="stg_orders+")


@pytest.fixture
def shop(dg_project: DgProject) -> DbtProject:
    return DbtProject(dg_project.dbt_folder)


def times(project: DbtProject) -> tuple[int, int]:
    paths = (project.manifest_path, state_beside(project.manifest_path))
    first, second = (path.stat().st_mtime_ns for path in paths)
    return first, second


def test_preparing_writes_the_manifest_and_nothing_while_nothing_changes(shop: DbtProject) -> None:
    shop.preparer.prepare(shop)
    nodes = json.loads(shop.manifest_path.read_bytes())["nodes"]
    assert "model.shop.stg_orders" in nodes
    before = times(shop)
    shop.preparer.prepare(shop)
    assert times(shop) == before
    model = next(shop.project_dir.rglob("stg_orders.sql"))
    model.write_text(model.read_text() + "\n-- another line")
    shop.preparer.prepare(shop)
    assert all(now > then for now, then in zip(times(shop), before, strict=True))


def test_another_target_folder_is_used(dg_project: DgProject) -> None:
    project = DbtProject(dg_project.dbt_folder, target_path=Path("out/dbt"))
    project.preparer.prepare(project)
    assert project.manifest_path == dg_project.dbt_folder / "out" / "dbt" / "manifest.json"
    assert project.manifest_path.is_file()
    before = times(project)
    project.preparer.prepare(project)
    assert times(project) == before, "its own files are no inputs"


def test_several_processes_prepare_once(shop: DbtProject) -> None:
    program = (
        "from dbt_component import DbtProject\n"
        "from dbt_component.project import project as module\n"
        "refresh = module.refresh_from_folder\n"
        "outcomes = []\n"
        "def noted(*given):\n"
        "    outcomes.append(refresh(*given))\n"
        "    return outcomes[-1]\n"
        "module.refresh_from_folder = noted\n"
        f"DbtProject({str(shop.project_dir)!r}).prepare_if_dev()\n"
        "print([outcome.is_changed for outcome in outcomes])\n"
    )
    env = {**os.environ, "DAGSTER_IS_DEV_CLI": "1"}
    command = [sys.executable, "-c", program]
    running = [
        subprocess.Popen(command, env=env, text=True, stdout=subprocess.PIPE) for _ in range(3)
    ]
    said = [process.communicate(timeout=120)[0].strip().splitlines()[-1] for process in running]
    assert sorted(said) == ["[False]", "[False]", "[True]"]
    assert isinstance(prepared_from(shop), StateProject)


def test_the_manifest_of_the_state_is_read_with_the_state(shop: DbtProject) -> None:
    shop.preparer.prepare(shop)
    prepared = prepared_from(shop)
    assert isinstance(prepared, StateProject)
    assert prepared_from(shop) is prepared, "nothing is read twice"
    by_path = prepared_from(str(shop.manifest_path))
    assert isinstance(by_path, StateProject)
    assert by_path.find_folder() is None


def test_a_manifest_of_a_later_command_is_read_by_itself(shop: DbtProject) -> None:
    shop.preparer.prepare(shop)
    content = json.loads(shop.manifest_path.read_bytes())
    del content["nodes"]["model.shop.stg_orders"]
    shop.manifest_path.write_text(json.dumps(content))
    prepared = prepared_from(shop)
    assert isinstance(prepared, ManifestProject)
    assert "model.shop.stg_orders" not in prepared.manifest.index.node_by_id
    shop.preparer.prepare(shop)
    assert isinstance(prepared_from(shop), StateProject)


def test_a_state_that_can_not_be_read_is_told_and_does_without(
    shop: DbtProject, caplog: pytest.LogCaptureFixture
) -> None:
    shop.preparer.prepare(shop)
    state_beside(shop.manifest_path).write_bytes(b"no state")
    assert isinstance(prepared_from(shop), ManifestProject)
    assert "can't be used" in caplog.text


def test_a_selection_is_asked_for_once_and_prepared_with_the_next_state(
    shop: DbtProject, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop.preparer.prepare(shop)
    prepared = prepared_from(shop)
    ids = prepared.select(DAILY)
    assert "model.shop.stg_orders" in ids

    def fail(*_: object, **__: object) -> None:
        raise AssertionError("dbt was asked again")

    monkeypatch.setattr("dbt_component.project.state_project.resolve_in_project", fail)
    assert prepared_from(dataclasses.replace(shop)).select(DAILY) == ids
    model = next(shop.project_dir.rglob("stg_orders.sql"))
    model.write_text(model.read_text() + "\n-- another line")
    shop.preparer.prepare(shop)
    fresh = prepared_from(shop)
    assert isinstance(fresh, StateProject)
    assert fresh.state.selections[DAILY.cache_key] == sorted(ids)


def test_a_selection_that_is_no_longer_valid_does_not_stop_the_preparation(
    shop: DbtProject,
) -> None:
    selectors = shop.project_dir / "selectors.yml"
    selectors.write_text("selectors:\n  - name: daily\n    definition: {method: fqn, value: '*'}\n")
    shop.preparer.prepare(shop)
    prepared_from(shop).select(SelectionCriteria(selector="daily"))
    selectors.unlink()
    shop.preparer.prepare(shop)
    assert isinstance(prepared_from(shop), StateProject)


def test_in_production_nothing_is_prepared_and_a_missing_manifest_is_named(
    shop: DbtProject,
) -> None:
    with pytest.raises(
        DagsterDbtManifestNotFoundError, match="dbt-component project prepare-and-package"
    ):
        shop.prepare_if_dev()
    assert not shop.manifest_path.exists()


@pytest.mark.usefixtures("in_dev")
def test_the_last_good_manifest_remains_in_use(
    shop: DbtProject, caplog: pytest.LogCaptureFixture
) -> None:
    model = next(shop.project_dir.rglob("stg_orders.sql"))
    good = model.read_text()
    model.write_text("select {{ ref('nothing') }")
    with pytest.raises(PrepareError, match="stg_orders"):
        shop.prepare_if_dev()
    model.write_text(good)
    shop.prepare_if_dev()
    before = times(shop)
    model.write_text("select {{ ref('nothing') }")
    with caplog.at_level(logging.WARNING):
        shop.prepare_if_dev()
    assert times(shop) == before
    assert "the last good manifest.json remains in use" in caplog.text


class Recording(DbtProjectPreparer):
    def __init__(self) -> None:
        self.prepared: list[str] = []

    def prepare(self, project: DbtProject) -> None:
        self.prepared.append(project.name)
        project.manifest_path.parent.mkdir(parents=True, exist_ok=True)
        project.manifest_path.write_text("{}")


@pytest.mark.usefixtures("in_dev")
def test_an_injected_preparer_is_used(dg_project: DgProject) -> None:
    preparer = Recording()
    project = DbtProject(dg_project.dbt_folder, preparer=preparer)
    project.prepare_if_dev()
    assert preparer.prepared == ["shop"]


def test_the_preparers_own_command_replaces_that_of_the_project(shop: DbtProject) -> None:
    preparer = DagsterDbtProjectPreparer(["parse", "--no-such-flag"])
    with pytest.raises(PrepareError, match="no-such-flag"):
        preparer.prepare(shop)


def test_a_profiles_folder_that_does_not_exist_is_named(shop: DbtProject) -> None:
    with pytest.raises(DagsterDbtProfilesDirectoryNotFoundError, match="'nowhere'"):
        DbtProject(shop.project_dir, profiles_dir=Path("nowhere"))


def test_a_packaged_project_is_used_in_production_only(
    shop: DbtProject, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    packaged = tmp_path / "packaged"
    shop.preparer.prepare(shop)
    shutil.copytree(shop.project_dir, packaged)
    here = DbtProject(shop.project_dir, packaged_project_dir=packaged)
    assert here.project_dir == packaged
    assert isinstance(prepared_from(here), StateProject)
    monkeypatch.setenv("DAGSTER_IS_DEV_CLI", "1")
    assert (
        DbtProject(shop.project_dir, packaged_project_dir=packaged).project_dir == shop.project_dir
    )
