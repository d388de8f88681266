"""`dbt-component state`: which versions there are, and back to an earlier one."""

from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import pytest
from click.testing import CliRunner

from dbt_component.cli import main
from tests.dg_project import DgProject, specs_of

pytestmark = pytest.mark.server
KEY = "DbtProjectComponent[shop]"


@pytest.fixture
def instance(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[dg.DagsterInstance]:
    home = tmp_path / "home"
    home.mkdir()
    (home / "dagster.yaml").write_text(
        "defs_state_storage:\n"
        "  module: dagster._core.storage.defs_state.blob_storage_state_storage\n"
        "  class: UPathDefsStateStorage\n"
        f"  config: {{base_path: {tmp_path / 'states'}}}\n"
    )
    monkeypatch.setenv("DAGSTER_HOME", str(home))
    with dg.DagsterInstance.get() as instance:
        yield instance


@pytest.fixture
def versioned(dg_project: DgProject, instance: dg.DagsterInstance) -> DgProject:
    dg_project.storage = instance.defs_state_storage
    dg_project.write_component(defs_state={"management_type": "VERSIONED_STATE_STORAGE"})
    return dg_project


def state(*arguments: str) -> tuple[int, str]:
    result = CliRunner().invoke(main, ["state", *arguments])
    return result.exit_code, result.output


def test_an_earlier_version_is_put_into_use_by_one_command(versioned: DgProject) -> None:
    versions = []
    for number in range(3):
        (versioned.dbt_folder / f"models/staging/extra_{number}.sql").write_text("select 1 as one")
        versioned.refresh()
        versions.append(versioned.storage.get_latest_version(KEY))
    assert state("list")[1].splitlines()[0] == KEY
    code, output = state("history", KEY)
    assert code == 0, output
    assert [line.split()[0] for line in output.splitlines()] == list(reversed(versions))

    code, output = state("rollback", KEY)
    assert code == 0, output
    assert versions[1] in output
    assert versioned.storage.get_latest_version(KEY) == versions[1]
    keys = specs_of(versioned.load()).keys()
    assert "extra_1" in keys and "extra_2" not in keys

    assert state("rollback", KEY, "--to", versions[0])[0] == 0
    assert "extra_1" not in specs_of(versioned.load())
    code, output = state("rollback", KEY)
    assert code == 1
    assert "no version" in output and "before the one in use" in output


def test_what_is_not_there_is_never_put_into_use(versioned: DgProject) -> None:
    versioned.refresh()
    latest = versioned.storage.get_latest_version(KEY)
    code, output = state("rollback", KEY, "--to", "nonesuch")
    assert code == 1
    assert "nonesuch" in output
    code, output = state("history", "other")
    assert code == 1
    assert KEY in output
    assert versioned.storage.get_latest_version(KEY) == latest


def test_without_a_storage_the_remedy_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DAGSTER_HOME", raising=False)
    code, output = state("list")
    assert code == 1
    assert "dagster.yaml" in output
