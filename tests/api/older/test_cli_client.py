"""DbtCliClient: dbt's commands as methods."""

from pathlib import Path
from typing import Any

import duckdb
import pytest

from dbt_component import DagsterDbtCliRuntimeError, DbtCliClient, DbtProject
from dbt_component.errors import CliArgsError, DagsterDbtProfilesDirectoryNotFoundError
from tests.dg_project import DgProject


@pytest.fixture
def project(dg_project: DgProject, monkeypatch: pytest.MonkeyPatch) -> DbtProject:
    monkeypatch.setenv("SHOP_DATABASE", str(dg_project.root / "shop.duckdb"))
    return DbtProject(dg_project.dbt_folder)


def ids(result: Any) -> set[str]:
    return {entry["unique_id"] for entry in result["results"]}


@pytest.mark.server
def test_commands_return_run_results(project: DbtProject) -> None:
    client = DbtCliClient(project, flags={"threads": 1, "models": ["stg_orders", "stg_customers"]})
    seeded = client.seed(select=["raw_orders", "raw_customers"])
    assert seeded.return_code == 0
    assert seeded.command.startswith("dbt seed")
    assert ids(seeded.result) == {"seed.shop.raw_orders", "seed.shop.raw_customers"}
    ran = client.run()  # over the models of the configuration
    assert ids(ran.result) == {"model.shop.stg_orders", "model.shop.stg_customers"}
    assert ids(client.run(models="stg_orders", full_refresh=True).result) == {
        "model.shop.stg_orders"
    }
    tested = client.test(models="stg_customers", exclude="relationships*")
    assert ids(tested.result) == {"test.shop.unique_stg_customers_customer_id.c7614daada"}
    assert client.get_run_results_json() == tested.result
    manifest = client.get_manifest_json()
    assert manifest is not None
    assert "model.shop.stg_orders" in manifest["nodes"]
    client.remove_run_results_json()
    assert client.get_run_results_json() is None


@pytest.mark.server
def test_commands_without_results_have_none(project: DbtProject) -> None:
    (project.project_dir / "macros" / "make.sql").write_text(
        "{% macro make(name) %}{% do run_query('create table ' ~ name ~ ' (id int)') %}{% endmacro %}"
    )
    client = DbtCliClient(project)
    made = client.run_operation("make", args={"name": "made"})
    assert made.return_code == 0
    with duckdb.connect(str(project.project_dir.parent / "shop.duckdb")) as connection:
        assert connection.execute("select count(*) from made").fetchall() == [(0,)]
    assert client.ls(select="stg_orders").result is None


@pytest.mark.server
def test_variables_target_and_folders_may_differ_for_one_command(
    project: DbtProject, tmp_path: Path
) -> None:
    (project.project_dir / "models" / "staging" / "stg_orders.sql").write_text(
        "select {{ var('minimum_amount') }} as a, '{{ target.name }}' as t"
    )
    target_path = tmp_path / "artifacts"
    client = DbtCliClient(project, target_path=target_path)
    client.run(select="stg_orders", vars={"minimum_amount": 5}, target="other")
    assert (target_path / "run_results.json").is_file()
    with duckdb.connect(str(project.project_dir.parent / "shop.duckdb")) as connection:
        rows = connection.execute("select * from other.stg_orders").fetchall()
    assert rows == [(5, "other")]
    with pytest.raises(DagsterDbtProfilesDirectoryNotFoundError):
        client.run(profiles_dir=str(tmp_path / "none"))


@pytest.mark.server
def test_a_failed_node_is_an_error_unless_it_is_ignored(project: DbtProject) -> None:
    broken = project.project_dir / "models" / "staging" / "stg_orders.sql"
    broken.write_text("select nothing from nowhere")
    with pytest.raises(DagsterDbtCliRuntimeError, match="nowhere"):
        DbtCliClient(project).run(select="stg_orders")
    tolerant = DbtCliClient(project, ignore_handled_error=True)
    output = tolerant.run(select="stg_orders")
    assert output.return_code == 1
    assert output.result is not None
    assert output.result["results"][0]["status"] == "error"
    broken.write_text("{{ not jinja")
    with pytest.raises(DagsterDbtCliRuntimeError):  # dbt itself failed
        tolerant.run(select="stg_orders")


def test_tests_without_data_or_schema_are_refused_with_the_selection(project: DbtProject) -> None:
    client = DbtCliClient(project)
    with pytest.raises(CliArgsError, match="test_type:singular"):
        client.test(schema=False)
    with pytest.raises(CliArgsError, match="test_type:generic"):
        client.test(data=False)
