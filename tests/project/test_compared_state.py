"""Selections that compare the project with another environment's artifacts, judged by `dbt ls`."""

import shutil
from pathlib import Path

import pytest

from dbt_component import DbtProject
from dbt_component.errors import SelectionError
from dbt_component.manifest.read import read_manifest
from dbt_component.project.compared_state import ComparedState
from dbt_component.project.folder import FolderSource
from dbt_component.project.manifest_project import ManifestProject
from dbt_component.project.refresh import RefreshOutcome, refresh_from_folder
from dbt_component.project.refresh_request import RefreshRequest
from dbt_component.project.state import StateFile
from dbt_component.project.state_project import StateProject
from dbt_component.selection.criteria import SelectionCriteria
from tests.two_environments import TwoEnvironments

pytestmark = [
    pytest.mark.server,
    pytest.mark.parametrize("two_environments", ["duckdb"], indirect=True),
]

MODIFIED = SelectionCriteria("state:modified+")
SELECTIONS = [
    *("state:modified", "state:modified+", "state:modified.body", "state:modified.configs"),
    *("state:modified.relation", "state:modified.macros", "state:modified.contract"),
    *("state:new", "state:old", "state:unmodified", "+state:modified,resource_type:model"),
    *("state:modified tag:none", "result:success", "result:success,state:modified"),
]


@pytest.fixture
def changed(two_environments: TwoEnvironments) -> TwoEnvironments:
    """The project with a change of each kind since production was built."""
    two_environments.write({"macros/macro.sql": "{% macro one() %}1{% endmacro %}"})
    two_environments.write({"models/with_macro.sql": "select {{ one() }} as one"})
    two_environments.build_production()
    table = "{{ config(materialized='table') }} "
    two_environments.write(
        {
            "macros/macro.sql": "{% macro one() %}2{% endmacro %}",
            "models/up.sql": table + "select 'changed' as built_in",
            "models/seeded.sql": table.replace("table", "view") + "select id from {{ ref('raw') }}",
            "models/direct.sql": table.replace("'table'", "'table', alias='straight'")
            + "select built_in as read_from from {{ ref('up') }}",
            "models/fresh.sql": "select 1 as one",
            "selectors.yml": "selectors: [{name: changed, definition: 'state:modified.body+'}]",
        }
    )
    return two_environments


def refresh(project: TwoEnvironments, path: Path, *selections: SelectionCriteria) -> RefreshOutcome:
    opened = DbtProject(project.folder, state_path=Path("production"))
    return refresh_from_folder(opened, RefreshRequest(path, selections=selections))


def open_state(project: TwoEnvironments, path: Path) -> StateProject:
    source = FolderSource.of(DbtProject(project.folder, state_path=Path("production")))
    return StateProject(StateFile(path), source)


def deploy(project: TwoEnvironments) -> None:
    """Production is now the project as it is."""
    project.dbt("parse", "--target", "prod", target_path="production")


def test_the_stored_answers_are_those_of_dbt_ls(changed: TwoEnvironments, tmp_path: Path) -> None:
    selections = [SelectionCriteria(select) for select in SELECTIONS]
    selector = SelectionCriteria(selector="changed")
    refresh(changed, tmp_path / "state", *selections, selector)
    stored = StateFile(tmp_path / "state").selections
    expected = {criteria.select: changed.ls(criteria.select) for criteria in selections}
    assert {c.select: set(stored[c.cache_key]) for c in selections} == expected
    assert expected["state:modified"] < expected["state:modified+"]
    assert set(stored[selector.cache_key]) == changed.ls("state:modified.body+")


def test_a_refresh_compares_with_the_recorded_artifacts(
    changed: TwoEnvironments, tmp_path: Path
) -> None:
    path = tmp_path / "state"
    assert refresh(changed, path, MODIFIED).is_changed
    assert not refresh(changed, path, MODIFIED).is_changed
    before = StateFile(path).selections[MODIFIED.cache_key]
    deploy(changed)
    outcome = refresh(changed, path, MODIFIED)
    assert any(reason.startswith("state_path/manifest.json changed") for reason in outcome.reasons)
    assert StateFile(path).selections[MODIFIED.cache_key] != before
    assert set(StateFile(path).selections[MODIFIED.cache_key]) == changed.ls(MODIFIED.select)
    assert not refresh(changed, path, MODIFIED).is_changed
    # Nothing else of the folder matters to this selection, and to others nothing of it.
    (changed.folder / "production" / "run_results.json").write_text("{}")
    assert not refresh(changed, path, MODIFIED).is_changed
    other = tmp_path / "other"
    refresh(changed, other)
    (changed.folder / "production" / "manifest.json").unlink()
    assert not refresh(changed, other).is_changed


def test_a_loaded_state_answers_for_the_artifacts_as_they_are(
    changed: TwoEnvironments, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "state"
    refresh(changed, path, MODIFIED)
    prepared = open_state(changed, path)
    modified = prepared.select(MODIFIED)
    assert modified == changed.ls(MODIFIED.select)
    shutil.copytree(changed.folder / "production", changed.folder / "earlier")
    deploy(changed)
    deployed = prepared.select(MODIFIED)
    assert deployed == changed.ls(MODIFIED.select) != modified
    with monkeypatch.context() as patch:
        patch.setattr("subprocess.Popen", None)
        assert open_state(changed, path).select(MODIFIED) == deployed  # asked once
        project = DbtProject(changed.folder)
        earlier = ComparedState.of(project, "earlier")
        assert prepared.select(MODIFIED, compared=earlier) == modified  # equals the recorded one
        missing = ComparedState.of(project, "nowhere")
        with pytest.raises(SelectionError, match=r"nowhere/manifest.json' does not exist"):
            prepared.select(MODIFIED, compared=missing)
        # Where there is nothing to compare with, as in an image, the state's answer holds.
        (changed.folder / "production" / "manifest.json").unlink()
        assert open_state(changed, path).select(MODIFIED) == modified


@pytest.mark.slow
def test_a_manifest_alone_is_compared_by_parsing_its_project(changed: TwoEnvironments) -> None:
    changed.dbt("parse")
    manifest = read_manifest(changed.folder / "target" / "manifest.json")
    project = DbtProject(changed.folder, state_path=Path("production"))
    prepared = ManifestProject(manifest, project)
    assert prepared.select(MODIFIED) == changed.ls(MODIFIED.select)
    deploy(changed)
    assert prepared.select(MODIFIED) == changed.ls(MODIFIED.select)
    with pytest.raises(SelectionError, match=r"'state:modified\+'.*no folder is named"):
        ManifestProject(manifest).select(MODIFIED)


def test_a_selection_without_artifacts_is_refused_by_name_before_dbt_runs(
    changed: TwoEnvironments, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    request = RefreshRequest(tmp_path / "state", selections=[MODIFIED])
    with monkeypatch.context() as patch:
        patch.setattr("subprocess.Popen", None)
        with pytest.raises(SelectionError, match=r"--select 'state:modified\+' compares") as caught:
            refresh_from_folder(DbtProject(changed.folder), request)
        assert "Set `state_path` of the project" in str(caught.value)
        assert caught.value.refused == [MODIFIED.cache_key]
    # A selector is dbt's to understand.
    request = RefreshRequest(tmp_path / "state", selections=[SelectionCriteria(selector="changed")])
    with pytest.raises(SelectionError, match="no comparison manifest") as caught:
        refresh_from_folder(DbtProject(changed.folder), request)
    assert "Set `state_path` of the project" in str(caught.value)


@pytest.mark.slow
def test_dbts_variable_names_the_folder_too(
    changed: TwoEnvironments, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    expected = changed.ls(MODIFIED.select)
    monkeypatch.setenv("DBT_STATE", "production")
    refresh_from_folder(
        DbtProject(changed.folder), RefreshRequest(tmp_path / "state", selections=[MODIFIED])
    )
    state = StateFile(tmp_path / "state")
    assert set(state.selections[MODIFIED.cache_key]) == expected
    assert "state_path/manifest.json" in state.fingerprint.settings
