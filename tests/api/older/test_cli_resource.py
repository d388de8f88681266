"""dbt_cli_resource: its configuration and the client that it gives."""

from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from dbt_component import DbtCliClient, dbt_cli_resource
from tests.dg_project import DgProject


@pytest.fixture
def folder(dg_project: DgProject, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("SHOP_DATABASE", str(dg_project.root / "shop.duckdb"))
    return dg_project.dbt_folder


def client_of(**config: Any) -> DbtCliClient:
    context = dg.build_init_resource_context(config=config)
    with pytest.warns(dg.SupersessionWarning, match="dbt_cli_resource.*DbtCliResource"):
        client = dbt_cli_resource(context)
    assert isinstance(client, DbtCliClient)
    return client


def test_the_configuration_becomes_a_project_and_options(folder: Path, tmp_path: Path) -> None:
    client = client_of(
        project_dir=str(folder),
        profiles_dir=str(folder),
        profile="shop",
        target="other",
        vars={"minimum_amount": 3},
        target_path="artifacts",
        docs_url="https://docs",
        ignore_handled_error=True,
        warn_error=True,
        threads=8,
    )
    project = client.project
    assert project.project_dir == folder
    assert project.profiles_dir == folder
    assert (project.profile, project.target) == ("shop", "other")
    assert project.vars == {"minimum_amount": 3}
    assert project.dbt_executable is None
    assert client.flags == {"warn_error": True, "threads": 8}
    assert client.docs_url == "https://docs"
    assert client.ignore_handled_error


def test_keys_with_hyphens_are_the_same_keys(folder: Path) -> None:
    client = client_of(**{"project-dir": str(folder), "full-refresh": True})
    assert client.project.project_dir == folder
    assert client.flags == {"full_refresh": True}


def test_a_value_may_come_from_the_environment(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DBT_TARGET_OF_TEST", "other")
    monkeypatch.chdir(folder)
    client = client_of(target={"env": "DBT_TARGET_OF_TEST"})
    assert client.project.target == "other"
    assert client.project.name == "shop"


@pytest.mark.server
@pytest.mark.filterwarnings("ignore::dagster.SupersessionWarning")
def test_an_op_runs_commands_with_the_resource(
    folder: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    @dg.op(required_resource_keys={"dbt"})
    def run_dbt_seed(context: dg.OpExecutionContext) -> int:
        seeded = context.resources.dbt.seed(select="raw_orders")
        return len(seeded.result["results"])

    dbt = dbt_cli_resource.configured({"project_dir": str(folder), "capture_logs": False})

    @dg.job(resource_defs={"dbt": dbt})
    def job() -> None:
        run_dbt_seed()

    assert job.execute_in_process().output_for_node("run_dbt_seed") == 1
    assert "`capture_logs` of dbt_cli_resource has no effect" in capfd.readouterr().err
