"""One command over the nodes of a step: dbt is stopped on every path, and its end is not mistaken for success."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from dbt_component import DagsterDbtTranslator, DbtCliResource
from dbt_component.dbt_process.process import DbtProcess
from dbt_component.definitions.assets import build_assets
from dbt_component.definitions.op_settings import OpSettings
from dbt_component.definitions.spec_builder import build_specs
from dbt_component.definitions.spec_rules import SpecRules
from dbt_component.errors import RunFolderError
from dbt_component.project.folder import FolderSource
from dbt_component.project.state import StateFile
from dbt_component.project.state_project import StateProject
from tests.dg_project import DgProject, RunOutcome, run

pytestmark = pytest.mark.server

RunShop = Callable[[Callable[[dg.AssetExecutionContext], Iterator[Any]]], RunOutcome]


@pytest.fixture
def run_shop(shop_state: StateFile, dg_project: DgProject) -> RunShop:
    """Runs the seed raw_customers with a body of the test's own."""

    def run_with(body: Callable[[dg.AssetExecutionContext], Iterator[Any]]) -> RunOutcome:
        prepared = StateProject(shop_state, FolderSource(dg_project.dbt_folder))
        translator = DagsterDbtTranslator()
        specs = build_specs(
            prepared.manifest,
            SpecRules(translator, translator.settings),
            selected_ids={"seed.shop.raw_customers"},
            project=None,
        )
        return run(
            dg.Definitions(assets=build_assets(specs, prepared, OpSettings(name="shop"), body))
        )

    return run_with


@pytest.fixture
def dbt(dg_project: DgProject) -> DbtCliResource:
    return DbtCliResource(project_dir=str(dg_project.dbt_folder))


@pytest.mark.parametrize("form", ["stream", "stream_raw_events"])
def test_dbt_is_stopped_if_its_request_can_not_be_written(
    form: str, run_shop: RunShop, dbt: DbtCliResource, started: list[DbtProcess]
) -> None:
    def body(context: dg.AssetExecutionContext) -> Iterator[Any]:
        invocation = dbt.cli(["build"], context=context)
        invocation.target_path.write_text("a file where dbt needs a folder")
        with pytest.raises(RunFolderError, match="can't be written: File exists") as raised:
            list(getattr(invocation, form)())
        # While the error, and so every frame of it, is still alive.
        assert raised.value and [process.is_running for process in started] == [False]
        yield from dbt.cli(["build"], context=context).stream()

    outcome = run_shop(body)
    assert outcome.success, outcome.failure


@pytest.mark.reliability(
    "Runs that are cut short",
    tried="a stream that its reader leaves in the middle",
    outcome="the command does not count as successful",
)
def test_a_command_that_was_cut_short_was_not_successful(
    run_shop: RunShop, dbt: DbtCliResource, started: list[DbtProcess]
) -> None:
    def body(context: dg.AssetExecutionContext) -> Iterator[Any]:
        invocation = dbt.cli(["build"], context=context)
        events = invocation.stream_raw_events()
        next(events)
        events.close()  # type: ignore[attr-defined]
        assert not invocation.is_successful()
        assert not started[0].is_running
        yield from dbt.cli(["build"], context=context).stream()

    outcome = run_shop(body)
    assert outcome.success, outcome.failure


def test_a_resource_with_another_target_does_not_run_what_was_prepared_for_the_first(
    run_shop: RunShop, dg_project: DgProject, capfd: pytest.CaptureFixture[str]
) -> None:
    dbt = DbtCliResource(project_dir=str(dg_project.dbt_folder), target="other")
    schemas: list[str] = []

    def body(context: dg.AssetExecutionContext) -> Iterator[Any]:
        invocation = dbt.cli(["build"], context=context)
        yield from invocation.stream()
        nodes = invocation.get_artifact("manifest.json")["nodes"]
        schemas.append(nodes["seed.shop.raw_customers"]["schema"])

    outcome = run_shop(body)
    assert outcome.success, outcome.failure
    assert "target: '' -> 'other'" in capfd.readouterr().err
    expected = DbtCliResource(project_dir=str(dg_project.dbt_folder), target="other").cli(["parse"])
    manifest = expected.wait().get_artifact("manifest.json")
    assert schemas == [manifest["nodes"]["seed.shop.raw_customers"]["schema"]]


def test_other_commands_run_beside_the_stream(
    run_shop: RunShop, dbt: DbtCliResource, capfd: pytest.CaptureFixture[str]
) -> None:
    artifacts: list[Path] = []

    def body(context: dg.AssetExecutionContext) -> Iterator[Any]:
        yield from dbt.cli(["build"], context=context).stream()
        docs = dbt.cli(["docs", "generate"], context=context).wait()
        artifacts.append(docs.target_path / "catalog.json")
        assert "builds nothing" not in capfd.readouterr().err
        assert list(dbt.cli(["parse"], context=context).stream()) == []

    outcome = run_shop(body)
    assert outcome.success, outcome.failure
    assert outcome.materialized == ["raw_customers"]
    assert artifacts[0].is_file()
    assert "`dbt parse` builds nothing" in capfd.readouterr().err
