"""DbtCliResource runs any dbt command, with or without a context."""

import dagster as dg
import pytest

from dbt_component import DbtCliResource
from dbt_component.errors import CliArgsError, DagsterDbtError, DefinitionError
from dbt_component.execution.failure import DagsterDbtCliRuntimeError
from dbt_component.execution.run_folder import RunFolder
from dbt_component.project.project import DbtProject
from tests.dg_project import DgProject

pytestmark = pytest.mark.server


@pytest.fixture
def dbt(dg_project: DgProject) -> DbtCliResource:
    return DbtCliResource(project_dir=str(dg_project.dbt_folder))


def test_a_command_without_a_context_runs_as_it_is_given(dbt: DbtCliResource) -> None:
    invocation = dbt.cli(
        ["build", "--select", "raw_customers", "stg_customers", "--indirect-selection", "cautious"]
    ).wait()
    assert invocation.is_successful() and invocation.get_error() is None
    assert invocation.exit_code == 0
    results = invocation.get_artifact("run_results.json")["results"]
    assert {result["unique_id"].split(".")[2] for result in results} == {
        "raw_customers", "stg_customers", "unique_stg_customers_customer_id",
    }  # fmt: skip
    assert invocation.target_path.is_dir()
    assert not (dbt.project.project_dir / "target").exists()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("args", "artifact"),
    [(["parse"], "manifest.json"), (["docs", "generate"], "catalog.json"), (["ls"], None)],
)
def test_commands_that_report_on_no_node_run_too(
    dbt: DbtCliResource, args: list[str], artifact: str | None
) -> None:
    invocation = dbt.cli(args)
    assert list(invocation.stream()) == []
    assert invocation.is_successful()
    if artifact is not None:
        assert invocation.get_artifact(artifact)["metadata"]


def test_raw_events_are_dbts_own_in_their_order(dbt: DbtCliResource) -> None:
    events = list(dbt.cli(["seed"]).stream_raw_events())
    results = [event for event in events if event.is_result_event]
    assert {event.raw_event["data"]["node_info"]["unique_id"] for event in results} == {
        "seed.shop.raw_customers", "seed.shop.raw_orders",
    }  # fmt: skip
    types = [event.event_type for event in events]
    assert types[0] == "MainReportVersion" and "CommandCompleted" not in types  # of level debug
    assert str(events[0]).startswith("Running with dbt=")
    assert {event.log_level for event in events} == {"info", "warn"}


def test_a_failure_is_raised_or_returned(dbt: DbtCliResource) -> None:
    # Nothing is built yet, so the model's parent is missing.
    failing = ["run", "--select", "stg_customers"]
    with pytest.raises(DagsterDbtCliRuntimeError, match=r"model\.shop\.stg_customers \(error\)"):
        dbt.cli(failing).wait()
    invocation = dbt.cli(failing, raise_on_error=False).wait()
    assert not invocation.is_successful()
    assert isinstance(invocation.get_error(), DagsterDbtCliRuntimeError)
    assert not dbt.cli(failing).is_successful()


def test_a_command_runs_in_any_op_and_asset(dbt: DbtCliResource) -> None:
    seen: list[bool] = []

    @dg.op
    def seeds(context: dg.OpExecutionContext, dbt: DbtCliResource) -> None:
        seen.append(dbt.cli(["seed"], context=context).wait().is_successful())

    @dg.job
    def seed_job() -> None:
        seeds()

    @dg.asset
    def seeded(context: dg.AssetExecutionContext, dbt: DbtCliResource) -> None:
        seen.append(dbt.cli(["seed"], context=context).wait().is_successful())

    assert seed_job.execute_in_process(resources={"dbt": dbt}).success
    assert dg.materialize([seeded], resources={"dbt": dbt}).success
    assert seen == [True, True]


def test_streaming_a_build_outside_of_dbt_definitions_is_refused(dbt: DbtCliResource) -> None:
    with pytest.raises(DefinitionError, match="outside of dbt definitions"):
        list(dbt.cli(["build"]).stream())


def test_unknown_fields_and_commands_are_refused(
    dbt: DbtCliResource, dg_project: DgProject
) -> None:
    with pytest.raises(ValueError, match="project_folder"):
        DbtCliResource(project_dir=".", project_folder=".")
    with pytest.raises(CliArgsError, match="buld"):
        dbt.cli(["buld"])
    with pytest.raises(
        CliArgsError, match=r"text 'build --full-refresh'(.|\n)*\['build', '--full-refresh'\]"
    ):
        dbt.cli("build --full-refresh")
    with pytest.raises(ValueError, match="nowhere"):
        DbtCliResource(project_dir=str(dg_project.root / "nowhere"))
    with pytest.raises(DagsterDbtError, match=r"run_results\.json"):
        dbt.cli(["parse"]).wait().get_artifact("run_results.json")


def test_subclasses_may_add_fields(dg_project: DgProject) -> None:
    class Own(DbtCliResource):
        team: str

    assert Own(project_dir=str(dg_project.dbt_folder), team="a").project.name == "shop"


def test_a_project_brings_its_settings(dg_project: DgProject) -> None:
    project = DbtProject(dg_project.dbt_folder, target="dev", vars={"minimum_amount": 10})
    dbt = DbtCliResource.of(project)
    assert dbt.project is project
    command = dbt.cli(["parse"]).dbt_command
    assert "--target dev" in command and '--vars {"minimum_amount": 10}' in command


def test_the_folder_to_defer_to_is_given_if_it_holds_a_manifest(dg_project: DgProject) -> None:
    dbt = DbtCliResource(project_dir=str(dg_project.dbt_folder), state_path="prod")
    assert dbt.get_state_args() == dbt.get_defer_args() == []
    folder = dg_project.dbt_folder / "prod"
    folder.mkdir()
    (folder / "manifest.json").write_text("{}")
    assert dbt.get_state_args() == ["--state", str(folder)]
    assert dbt.get_defer_args() == ["--defer", "--defer-state", str(folder)]


def test_each_attempt_has_a_target_folder_of_its_own() -> None:
    folder = RunFolder.create("name")
    paths = [folder.target_path(attempt).name for attempt in (1, 2, 3)]
    assert paths == ["target", "target-2", "target-3"]
