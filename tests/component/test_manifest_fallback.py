"""A component without a state: its project's own manifest.json serves, or an error names both remedies."""

import os
import shutil
from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from dbt_component import DbtCliResource, DbtProjectComponent
from dbt_component.errors import DagsterDbtManifestNotFoundError
from dbt_component.project.folder import FolderSource
from tests.dg_project import DgProject, checks_of, run, specs_of


@pytest.fixture(scope="session")
def shop_target(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The target folder of the test project, as `dbt parse` writes it."""
    root = tmp_path_factory.mktemp("parsed")
    project = DgProject(root / "dg")
    project.copy_dbt_project()
    target = root / "target"
    DbtCliResource(project_dir=str(project.dbt_folder)).cli(["parse"], target_path=target).wait()
    return target


@pytest.fixture
def shipped(dg_project: DgProject, shop_target: Path) -> DgProject:
    """A project that ships target/manifest.json and no state."""
    target = dg_project.dbt_folder / "target"
    target.mkdir()
    shutil.copy(shop_target / "manifest.json", target)
    return dg_project


def test_definitions_equal_those_from_a_state_and_a_warning_says_what_it_costs(
    shipped: DgProject, caplog: pytest.LogCaptureFixture
) -> None:
    shipped.write_component(select="tag:staging customers+")
    without = shipped.load()
    assert "has no state, so its definitions come from" in caplog.text
    assert "dg utils refresh-defs-state" in caplog.text
    shipped.refresh()
    caplog.clear()
    assert specs_of(without) == specs_of(shipped.load())
    assert checks_of(without).keys() == checks_of(shipped.load()).keys()
    assert "has no state" not in caplog.text


@pytest.mark.server
def test_a_run_reads_the_project(shipped: DgProject, capfd: pytest.CaptureFixture[str]) -> None:
    shipped.write_component()
    outcome = run(shipped.load())
    assert outcome.success, outcome.failure
    assert {"customers", "raw_orders", "customers_snapshot"} <= set(outcome.materialized)
    assert "the project was not prepared" in capfd.readouterr().err


def test_without_a_manifest_the_error_names_both_remedies(dg_project: DgProject) -> None:
    dg_project.write_component()
    with pytest.raises(DagsterDbtManifestNotFoundError) as caught:
        dg_project.load()
    text = str(caught.value)
    assert str(dg_project.dbt_folder / "target" / "manifest.json") in text
    assert "dg utils refresh-defs-state" in text
    assert "dbt parse" in text


def test_a_project_without_a_folder_can_only_be_refreshed(dg_project: DgProject) -> None:
    dg_project.write_component()
    shutil.rmtree(dg_project.dbt_folder)
    with pytest.raises(
        DagsterDbtManifestNotFoundError, match="no folder on this machine"
    ) as caught:
        dg_project.load()
    assert "dg utils refresh-defs-state" in str(caught.value)


def test_a_refresh_needs_no_manifest(dg_project: DgProject) -> None:
    dg_project.write_component()
    dg_project.refresh()
    assert "customers" in specs_of(dg_project.load())


def test_keys_selections_and_the_project_need_no_state(shipped: DgProject) -> None:
    source = FolderSource(shipped.dbt_folder)
    component = DbtProjectComponent(project=source, select="tag:staging")
    assert component.dbt_project.name == "shop"
    assert component.asset_key_for_model("customers") == dg.AssetKey("customers")
    shipped.write_component()
    graph = shipped.load().resolve_asset_graph()
    chosen = component.get_asset_selection("+stg_orders").resolve(graph)
    assert chosen == {dg.AssetKey("stg_orders")}  # the component itself selects no more
    os.remove(shipped.dbt_folder / "target/manifest.json")
    bare = DbtProjectComponent(project=source)
    assert bare.dbt_project.name == "shop"
    with pytest.raises(DagsterDbtManifestNotFoundError):
        bare.asset_key_for_model("customers")


@pytest.mark.parametrize(
    ("context", "expected"),
    [
        ({"partition_key": "2024-01-03"}, '{"from": "2024-01-03", "to": "2024-01-04"}'),
        (
            {"partition_key_range": dg.PartitionKeyRange("2024-01-01", "2024-01-03")},
            '{"from": "2024-01-01", "to": "2024-01-04"}',
        ),
    ],
)
def test_arguments_of_a_partition_can_be_tested_without_a_run(
    shipped: DgProject, context: dict[str, Any], expected: str
) -> None:
    day = "{{ partition_time_window.%s.strftime('%%Y-%%m-%%d') }}"
    shipped.write_component(
        cli_args=["build", {"--vars": {"from": day % "start", "to": day % "end"}}],
        translation={"partitions_def": {"type": "daily", "start_date": "2024-01-01"}},
    )
    component = shipped.component()
    assert component.get_cli_args(dg.build_asset_context(**context)) == [
        "build",
        "--vars",
        expected,
    ]
    assert component.get_cli_args(dg.build_asset_context()) == ["build"]
