"""What DbtCliResource accepts and refuses when it is constructed."""

from pathlib import Path
from typing import Any

import dagster as dg
import pytest
from pydantic import ValidationError

from dbt_component import DbtCliResource, DbtProject
from dbt_component.errors import ProjectError
from tests.dg_project import DgProject


@pytest.fixture
def folder(dg_project: DgProject) -> Path:
    return dg_project.dbt_folder


def run_with(dbt: DbtCliResource) -> DbtCliResource:
    """The resource as an op receives it."""
    received: list[DbtCliResource] = []

    @dg.asset
    def asset(dbt: DbtCliResource) -> None:
        received.append(dbt)

    assert dg.materialize([asset], resources={"dbt": dbt}).success
    return received[0]


@pytest.mark.parametrize("form", ["text", "path", "project", "positional", "relative"])
def test_the_project_in_every_form(
    form: str, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(folder.parent)
    makers: dict[str, Any] = {
        "text": lambda: DbtCliResource(project_dir=str(folder)),
        "path": lambda: DbtCliResource(project_dir=folder),
        "project": lambda: DbtCliResource(project_dir=DbtProject(folder)),
        "positional": lambda: DbtCliResource(DbtProject(folder)),
        "relative": lambda: DbtCliResource(project_dir="shop"),
    }
    dbt = makers[form]()
    assert dbt.project_dir == str(folder.resolve())
    assert dbt.project.name == run_with(dbt).project.name == "shop"


def test_missing_values_are_those_of_the_project(folder: Path) -> None:
    project = DbtProject(
        folder,
        target="dev",
        profile="shop",
        profiles_dir=folder,
        state_path=Path("prod"),
        vars={"minimum_amount": 10},
        target_path=Path("out"),
    )
    dbt = DbtCliResource(project_dir=project)
    assert (dbt.target, dbt.profile, dbt.profiles_dir) == ("dev", "shop", str(folder.resolve()))
    assert dbt.state_path == str(folder.resolve() / "prod")
    for received in (dbt, run_with(dbt)):
        assert received.project.vars == {"minimum_amount": 10}
        assert received.project.target_path == Path("out")
    other = run_with(DbtCliResource(project_dir=project, target="other"))
    assert (other.target, other.project.target, other.project.profile) == ("other", "other", "shop")
    assert other.project.vars == {"minimum_amount": 10}
    assert project.target == "dev"


def test_paths_are_checked(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(ValidationError, match="does not exist"):
        DbtCliResource(project_dir="nowhere")
    with pytest.raises(ValidationError, match=r"does not contain a dbt_project\.yml"):
        DbtCliResource(project_dir=str(tmp_path))
    with pytest.raises(ValidationError, match="does not exist"):
        DbtCliResource(project_dir=folder, profiles_dir=folder / "nowhere")
    with pytest.raises(ValidationError, match=r"does not contain a profiles\.yml"):
        DbtCliResource(project_dir=folder, profiles_dir=str(tmp_path))
    with pytest.raises(ValidationError, match="'no-such-dbt' was not found on PATH"):
        DbtCliResource(project_dir=folder, dbt_executable="no-such-dbt")
    with pytest.raises(ValidationError, match="not_a_field"):
        DbtCliResource(project_dir=folder, not_a_field=1)


def test_a_relative_state_path_is_in_the_project(folder: Path) -> None:
    assert DbtCliResource(folder, state_path="prod").state_path == str(folder.resolve() / "prod")
    assert DbtCliResource(folder, state_path=Path("/a/b")).state_path == "/a/b"


def test_values_from_the_environment_are_read_in_the_run(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    dbt = DbtCliResource(
        project_dir=dg.EnvVar("SHOP_FOLDER"),
        target=dg.EnvVar("SHOP_TARGET"),
        state_path="prod",
        profiles_dir=dg.EnvVar("SHOP_FOLDER"),
    )
    with pytest.raises(ProjectError, match="'SHOP_FOLDER' is not set"):
        _ = dbt.project
    monkeypatch.setenv("SHOP_TARGET", "other")
    monkeypatch.setenv("SHOP_FOLDER", "/nowhere")
    with pytest.raises(dg.DagsterResourceFunctionError) as raised:
        run_with(dbt)
    assert isinstance(raised.value.__cause__, ValidationError)
    assert "'/nowhere') does not exist" in str(raised.value.__cause__)
    monkeypatch.setenv("SHOP_FOLDER", str(folder))
    for received in (run_with(dbt), dbt):
        assert received.project.project_dir == folder
        assert received.project.target == "other"
        assert received.project.state_path == folder / "prod"


def test_a_subclass_has_fields_of_its_own(folder: Path) -> None:
    class Own(DbtCliResource):
        team: str
        retries: int = 3

        def named(self) -> str:
            return f"{self.team}:{self.retries}:{self.project.name}"

    assert Own(project_dir=str(folder), team="a").named() == "a:3:shop"
    given: Any = DbtProject(folder, vars={"a": 1})
    received = run_with(Own(project_dir=given, team="b", retries=1))
    assert isinstance(received, Own)
    assert received.named() == "b:1:shop"
    assert received.project.vars == {"a": 1}


def test_flags_before_the_command(folder: Path) -> None:
    dbt = run_with(DbtCliResource(project_dir=folder, global_config_flags=["--no-use-colors"]))
    with pytest.warns(RuntimeWarning, match="never ran"):
        assert dbt.cli(["parse"]).dbt_command.startswith("dbt --no-use-colors parse")
