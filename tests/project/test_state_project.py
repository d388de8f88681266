"""A project prepared in a state: what it answers by itself, and what it asks dbt."""

import logging
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from dbt_component.dbt_process.engine import find_engine
from dbt_component.dbt_process.requests import Probe
from dbt_component.errors import SelectionError
from dbt_component.project.folder import FolderSource
from dbt_component.project.prepared import PreparedProject
from dbt_component.project.project import DbtProject
from dbt_component.project.project_settings import ProjectSettings
from dbt_component.project.refresh import refresh_from_folder
from dbt_component.project.refresh_request import RefreshRequest
from dbt_component.project.state import StateFile
from dbt_component.project.state_project import StateProject
from dbt_component.selection.criteria import SelectionCriteria
from tests.conftest import STAGING
from tests.dg_project import PROJECTS


@pytest.fixture
def prepared(shop_state: StateFile) -> StateProject:
    return StateProject(shop_state, FolderSource(PROJECTS / "shop"))


@pytest.fixture
def no_process(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Any process that is started is an error."""
    with monkeypatch.context() as patch:
        patch.setattr("subprocess.Popen", None)
        yield


def test_it_is_a_prepared_project(prepared: StateProject) -> None:
    typed: PreparedProject = prepared
    assert typed.manifest.index.project_name == "shop"
    assert typed.parse_cache is not None
    assert typed.prepared_in == str((PROJECTS / "shop").resolve())
    assert typed.is_env_unchanged("SHOP_DATABASE")


@pytest.mark.usefixtures("no_process")
def test_everything_and_what_the_state_holds_are_answered_without_dbt(
    prepared: StateProject,
) -> None:
    everything = prepared.select(SelectionCriteria())
    assert {"model.shop.customers", "source.shop.external.raw_orders"} <= everything
    assert any(unique_id.startswith("unit_test.") for unique_id in everything)
    staging = prepared.select(STAGING)
    assert "model.shop.stg_orders" in staging < everything


@pytest.mark.server
def test_another_selection_is_asked_of_dbt_once_on_this_machine(
    shop_state: StateFile,
    prepared: StateProject,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    criteria = SelectionCriteria(select="+customers", exclude="resource_type:test")
    found = prepared.select(criteria)
    assert {"model.shop.customers", "seed.shop.raw_orders"} <= found
    assert "The state does not contain the selection --select '+customers'" in caplog.text
    monkeypatch.setattr("subprocess.Popen", None)
    another = StateProject(shop_state, FolderSource(PROJECTS / "shop"))
    assert another.select(criteria) == found


@pytest.mark.server
def test_a_selection_that_dbt_refuses_is_named(prepared: StateProject) -> None:
    with pytest.raises(SelectionError, match=r"--select 'nonsense:x': [^:]*'nonsense' is not"):
        prepared.select(SelectionCriteria(select="nonsense:x"))


def test_an_undisturbed_project_has_no_differences(prepared: StateProject) -> None:
    assert prepared.differences(prepared.open(), find_engine()) == []
    assert prepared.differences(prepared.open(), find_engine(), target="other") == [
        "target: '' -> 'other'"
    ]
    assert prepared.differences(prepared.open(), find_engine(), vars={"a": 1}) == [
        "variable a added"
    ]
    newer = msgspec.structs.replace(find_engine(), versions={"dbt-core": "1.99"})
    assert len(prepared.differences(prepared.open(), newer)) == 1


def test_an_environment_that_only_connects_is_no_difference(
    prepared: StateProject, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SHOP_DATABASE", "other.duckdb")  # read as `path`, which names the database
    assert prepared.differences(prepared.open(), find_engine()) == [
        "environment variable SHOP_DATABASE"
    ]
    uses = {**prepared.state.fingerprint.env_uses, "SHOP_DATABASE": ["host", "user"]}
    fingerprint = msgspec.structs.replace(prepared.state.fingerprint, env_uses=uses)
    prepared.state.__dict__["fingerprint"] = fingerprint
    assert prepared.differences(prepared.open(), find_engine()) == []
    read = msgspec.structs.replace(fingerprint, target_keys_read=["host"])
    prepared.state.__dict__["fingerprint"] = read
    assert prepared.differences(prepared.open(), find_engine()) == [
        "environment variable SHOP_DATABASE"
    ]


def test_where_the_folder_is_gone_the_copy_is_opened_and_equal(
    shop_state: StateFile, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    prepared = StateProject(shop_state, FolderSource(tmp_path / "gone", ProjectSettings()))
    opened = prepared.open()
    assert opened.project_dir.is_dir() and opened.name == "shop"
    assert prepared.open() is opened
    assert "using the copy from the state" in caplog.text
    assert prepared.differences(prepared.open(), find_engine()) == []


@pytest.mark.server
def test_variables_proven_to_matter_at_run_time_only_are_no_difference(tmp_path: Path) -> None:
    folder = shutil.copytree(PROJECTS / "shop", tmp_path / "shop")
    (folder / "models/marts/report.sql").write_text('select \'{{ var("day", "") }}\' as day')
    path = tmp_path / "state"
    refresh_from_folder(DbtProject(folder), RefreshRequest(path, runtime_vars=["day", "other"]))
    prepared = StateProject(StateFile(path), FolderSource(folder))
    assert prepared.differences(prepared.open(), find_engine(), vars={"day": "2024-01-01"}) == []
    assert prepared.differences(prepared.open(), find_engine(), vars={"minimum_amount": 1}) != []


@pytest.mark.server
def test_variables_are_proven_once_for_the_same_inputs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = shutil.copytree(PROJECTS / "shop", tmp_path / "shop")
    path = tmp_path / "state"
    probed: list[list[str]] = []

    def probe(**arguments: Any) -> Probe:
        probed.append(list(arguments["names"]))
        return Probe(**arguments)

    monkeypatch.setattr("dbt_component.project.preparation.Probe", probe)

    def prepare(*names: str, select: str) -> list[str]:
        selections = [SelectionCriteria(select=select)]
        request = RefreshRequest(path, selections=selections, runtime_vars=names)
        refresh_from_folder(DbtProject(folder), request)
        return StateFile(path).header.runtime_vars

    assert prepare("day", select="customers") == ["day"]
    assert prepare("day", select="report") == ["day"]
    assert prepare("day", "later", select="+report") == ["day", "later"]
    assert probed == [["day"], ["later"]]
    (folder / "models/marts/report.sql").write_text("select 1 as id")
    assert prepare("day", "later", select="+report") == ["day", "later"]
    assert probed[2:] == [["day", "later"]]
