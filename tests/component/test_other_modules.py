"""Python definitions beside the component that ask it for keys, whichever of them loads first."""

import asyncio
import os
import subprocess
import sys
from pathlib import Path

import dagster as dg
import pytest

import dbt_component
from dbt_component.errors import DagsterDbtManifestNotFoundError
from tests.dg_project import DgProject, specs_of

# The folder's name sorts before the component's, so Dagster loads it first.
FOLDER = "analysis"
MODULE = """
import dagster as dg


@dg.definitions
def defs(context: dg.ComponentLoadContext) -> dg.Definitions:
    dbt = context.component_tree.load_component("transform")

    @dg.asset(deps=[dbt.asset_key_for_model("customers")])
    def report_on_customers() -> None: ...

    job = dg.define_asset_job("staging", selection=dbt.get_asset_selection("tag:staging"))
    return dg.Definitions(assets=[report_on_customers], jobs=[job])
"""


@pytest.fixture
def project(dg_project: DgProject) -> DgProject:
    dg_project.write_component()
    (dg_project.defs_folder / FOLDER).mkdir()
    (dg_project.defs_folder / FOLDER / "report.py").write_text(MODULE)
    return dg_project


@pytest.mark.usefixtures("prepared")
def test_in_development_the_question_prepares_the_project(project: DgProject) -> None:
    defs = project.load()
    (dep,) = specs_of(defs)["report_on_customers"].deps
    assert dep.asset_key == dg.AssetKey("customers")
    job = defs.resolve_job_def("staging")
    assert dg.AssetKey("stg_orders") in job.asset_layer.executable_asset_keys


@pytest.mark.usefixtures("prepared")
def test_the_question_may_be_asked_inside_an_event_loop(project: DgProject) -> None:
    async def ask() -> dg.AssetKey:
        key: dg.AssetKey = project.component().asset_key_for_model("customers")
        return key

    assert asyncio.run(ask()) == dg.AssetKey("customers")


@pytest.mark.usefixtures("prepared")
@pytest.mark.parametrize("prepare_if_dev", [True, False])
def test_where_the_component_does_not_prepare_the_error_says_to_refresh(
    project: DgProject, prepare_if_dev: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    project.write_component(prepare_if_dev=prepare_if_dev)
    if prepare_if_dev:
        monkeypatch.delenv("DAGSTER_IS_DEV_CLI")
    with pytest.raises(Exception) as caught:
        project.load()
    assert isinstance(caught.value.__cause__, DagsterDbtManifestNotFoundError)
    assert "Run `dg utils refresh-defs-state`." in str(caught.value.__cause__)
    assert not project.state_files()


@pytest.mark.server
def test_dg_loads_a_fresh_checkout(project: DgProject, tmp_path: Path) -> None:
    source = Path(dbt_component.__file__).parents[1]
    done = subprocess.run(
        [Path(sys.executable).with_name("dg"), "list", "defs", "--json"],
        cwd=project.root,
        env={
            **os.environ,
            "PYTHONPATH": os.pathsep.join([str(project.root / "src"), str(source)]),
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "report_on_customers" in done.stdout
    assert len(project.state_files()) == 1
