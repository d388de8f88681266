"""A project known by its manifest alone: it loads and selects; a run needs the project."""

import json
from pathlib import Path

import pytest

from dbt_component.dbt_process.engine import find_engine
from dbt_component.errors import ProjectError, SelectionError
from dbt_component.manifest.read import read_manifest
from dbt_component.project.manifest_project import ManifestProject
from dbt_component.project.prepared import PreparedProject
from dbt_component.project.project import DbtProject
from dbt_component.project.state import StateFile
from dbt_component.selection.criteria import SelectionCriteria
from tests.conftest import STAGING
from tests.dg_project import PROJECTS


@pytest.fixture
def manifest_path(shop_state: StateFile, tmp_path: Path) -> Path:
    path = tmp_path / "manifest.json"
    path.write_bytes(shop_state.read_manifest_json())
    return path


@pytest.fixture
def prepared(manifest_path: Path) -> ManifestProject:
    return ManifestProject(read_manifest(manifest_path))


def test_it_is_a_prepared_project_of_which_nothing_was_prepared(prepared: ManifestProject) -> None:
    typed: PreparedProject = prepared
    assert typed.manifest.index.project_name == "shop"
    assert typed.parse_cache is None
    assert typed.prepared_in is None
    assert not typed.is_env_unchanged("HOME")
    (reason,) = typed.differences(DbtProject(PROJECTS / "shop"), find_engine(), target="other")
    assert reason.startswith("the project was not prepared")


def test_a_run_without_the_project_says_what_to_give(prepared: ManifestProject) -> None:
    with pytest.raises(ProjectError, match=r"DbtCliResource\(project_dir=…\)"):
        prepared.open()


def test_the_project_is_opened_if_it_is_known(manifest_path: Path) -> None:
    project = DbtProject(PROJECTS / "shop")
    assert ManifestProject(read_manifest(manifest_path), project).open() is project


def test_everything_is_answered_without_dbt(
    prepared: ManifestProject, shop_state: StateFile, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("subprocess.Popen", None)
    assert prepared.select(SelectionCriteria()) == shop_state.index.all_ids


@pytest.mark.server
def test_a_selection_is_dbts_own_from_a_file_or_a_mapping(
    prepared: ManifestProject,
    manifest_path: Path,
    shop_state: StateFile,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    expected = frozenset(shop_state.selections[STAGING.cache_key])
    assert prepared.select(STAGING) == expected
    mapping = ManifestProject(read_manifest(json.loads(manifest_path.read_text())))
    assert mapping.select(STAGING) == expected
    monkeypatch.setattr("subprocess.Popen", None)
    assert prepared.select(STAGING) == expected  # asked once


@pytest.mark.server
def test_a_selection_that_dbt_refuses_is_named(prepared: ManifestProject) -> None:
    with pytest.raises(SelectionError, match=r"--select 'nonsense:x'"):
        prepared.select(SelectionCriteria(select="nonsense:x"))
