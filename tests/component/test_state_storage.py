"""Which version of a state a process loads, and what it says if it finds none."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
from dagster._core.definitions.definitions_load_context import (
    DefinitionsLoadContext,
    DefinitionsLoadType,
)
from dagster._core.definitions.repository_definition import RepositoryLoadData
from dagster._core.storage.defs_state.base import set_defs_state_storage
from dagster_shared.serdes.objects.models.defs_state_info import DefsStateInfo

import dbt_component
from dbt_component.errors import DagsterDbtManifestNotFoundError, StateMissingError
from tests.dg_project import DgProject, specs_of

KEY = "DbtProjectComponent[shop]"
VERSIONED: dict[str, Any] = {"management_type": "VERSIONED_STATE_STORAGE"}


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    home = tmp_path / "home"
    home.mkdir()
    (home / "dagster.yaml").write_text("telemetry: {enabled: false}\n")
    monkeypatch.setenv("DAGSTER_HOME", str(home))
    return home


@pytest.fixture
def versioned(
    dg_project: DgProject, home: Path, prepared: None, monkeypatch: pytest.MonkeyPatch
) -> Iterator[DgProject]:
    """A project whose state is in the instance's storage, loaded as in production."""
    monkeypatch.delenv("DAGSTER_IS_DEV_CLI")
    dg_project.write_component(defs_state=VERSIONED)
    with dg.DagsterInstance.get() as instance:
        dg_project.storage = instance.defs_state_storage
        yield dg_project


def reconstruct(project: DgProject, passed: DefsStateInfo | None) -> dg.Definitions:
    """Loads definitions as a run does, with the versions that a code location passed on, if any."""
    data = (
        None
        if passed is None
        else RepositoryLoadData(
            cacheable_asset_data={}, reconstruction_metadata={}, defs_state_info=passed
        )
    )
    context = DefinitionsLoadContext(DefinitionsLoadType.RECONSTRUCTION, data)
    with set_defs_state_storage(project.storage), DefinitionsLoadContext.scoped(context):
        return project.tree().build_defs()


def test_a_process_that_no_code_location_passed_a_version_to_loads_the_latest(
    versioned: DgProject,
) -> None:
    versioned.refresh()
    assert "customers" in specs_of(reconstruct(versioned, None))


def test_a_run_keeps_the_version_that_its_code_location_passed_on(versioned: DgProject) -> None:
    versioned.refresh()
    without = DefsStateInfo(info_mapping={KEY: None})
    with pytest.raises(DagsterDbtManifestNotFoundError) as caught:
        reconstruct(versioned, without)
    assert "Reload the code location." in str(caught.value)
    assert "refresh-defs-state" not in str(caught.value)


def test_the_hint_for_a_missing_state_names_the_instance(versioned: DgProject, home: Path) -> None:
    with pytest.raises(DagsterDbtManifestNotFoundError) as caught:
        versioned.load()
    assert f"with the same DAGSTER_HOME ({str(home)!r})" in str(caught.value)


def test_the_hint_for_a_missing_state_without_dagster_home_is_to_set_it(
    versioned: DgProject, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("DAGSTER_HOME")
    with pytest.raises(DagsterDbtManifestNotFoundError, match="DAGSTER_HOME is not set"):
        versioned.load()


def test_a_process_without_an_instance_is_told_how_to_open_one(versioned: DgProject) -> None:
    versioned.refresh()
    versioned.storage = None
    with pytest.raises(Exception) as caught:
        versioned.load()
    assert isinstance(caught.value, StateMissingError)
    assert "with dagster.DagsterInstance.get():" in str(caught.value)


@pytest.mark.server
@pytest.mark.parametrize("prepare_if_dev", [pytest.param(True, marks=pytest.mark.slow), False])
def test_dg_launch_runs_from_the_state_in_the_versioned_storage(
    dg_project: DgProject, home: Path, prepare_if_dev: bool
) -> None:
    dg_project.write_component(
        select="raw_customers", prepare_if_dev=prepare_if_dev, defs_state=VERSIONED
    )
    source = Path(dbt_component.__file__).parents[1]

    def run_dg(*arguments: str) -> str:
        done = subprocess.run(
            [Path(sys.executable).with_name("dg"), *arguments],
            cwd=dg_project.root,
            env={
                **os.environ,
                "PYTHONPATH": os.pathsep.join([str(dg_project.root / "src"), str(source)]),
            },
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout + done.stderr

    run_dg("utils", "refresh-defs-state")
    output = run_dg("launch", "--assets", "raw_customers")
    assert "has no state" not in output
    with dg.DagsterInstance.from_config(str(home)) as instance:
        (dagster_run,) = instance.get_runs()
        assert dagster_run.is_success
        assert instance.get_latest_materialization_event(dg.AssetKey("raw_customers")) is not None
