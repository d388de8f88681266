"""What is seldom: a log that lies or is too long, unit tests apart from their model, a run that a worker left."""

from collections.abc import Iterator
from typing import Any

import dagster as dg
import pytest

from dbt_component.cloud.client.client import DbtCloudClient
from dbt_component.cloud.client.run_status import RunStatus
from dbt_component.cloud.execution.invocation import DbtCloudCliInvocation
from dbt_component.cloud.execution.left_run import cancel_left_run, note_run
from tests.cloud.execution.bakery import Bakery
from tests.cloud.execution.quirks_project import FILES
from tests.cloud.execution.troubled_project import write_project
from tests.dbt_platform.embedded_postgres import create_database
from tests.dbt_platform.platform import StandInPlatform
from tests.equivalence.databases import PostgresDatabase

UNIT_TEST = dg.AssetCheckKey(dg.AssetKey("summed"), "it_sums")


@pytest.fixture(scope="module")
def quirks(
    postgres: PostgresDatabase, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Bakery]:
    """The project quirks as dbt assets on a platform of its own; `chatty` and `summed` are built."""
    folder = tmp_path_factory.mktemp("quirks")
    write_project(folder / "project", FILES)
    connection = create_database(postgres, "quirks")
    with StandInPlatform(folder / "project", connection) as platform:
        client = DbtCloudClient(
            platform.account_id, token=platform.token, access_url=platform.access_url
        )
        job = platform.create_job("DAGSTER_ADHOC_JOB__QUIRKS", ["dbt build --select +summed"])
        run = platform.trigger(job.id)
        assert platform.wait_for(run.id).status.humanized == "Success"
        manifest = client.artifact(run.id, "manifest.json")
        assert manifest is not None
        (folder / "manifest.json").write_bytes(manifest)
        yield Bakery(platform, client, job.id, folder / "manifest.json")


@pytest.mark.reliability(
    "Faults of the dbt platform: runs of Dagster",
    tried="a model that fails prints the line with which dbt reports a success",
    outcome="the step fails and names the model: the results contradict the log",
)
def test_a_success_that_a_model_printed_itself_fails_the_step(quirks: Bakery) -> None:
    step = quirks.materialize(selection=dg.AssetSelection.assets("liar"))
    assert not step.result.success
    assert "the log reported success, but the results of the command do not" in step.error
    assert "model.quirks.liar (error)" in step.error
    assert "division by zero" in step.error


def test_a_unit_test_runs_without_its_model(quirks: Bakery) -> None:
    step = quirks.materialize(selection=dg.AssetSelection.checks(UNIT_TEST))
    assert step.result.success, step.error
    assert step.checked["it_sums"].passed and not step.built
    assert [text.split()[:2] for text in step.command.steps] == [["dbt", "test"]]


def test_a_unit_test_apart_from_its_model_has_a_step_of_its_own(quirks: Bakery) -> None:
    selection = dg.AssetSelection.assets("chatty") | dg.AssetSelection.checks(UNIT_TEST)
    step = quirks.materialize(selection=selection)
    assert step.result.success, step.error
    assert step.built.keys() == {"chatty"} and step.checked["it_sums"].passed
    assert [text.split()[1] for text in step.command.steps] == ["build", "test"]


@pytest.mark.reliability(
    "Faults of the dbt platform: runs of Dagster",
    tried="a log of which the platform shows only the end",
    outcome="the whole log is asked for, so no event is late",
)
def test_a_log_longer_than_its_end_is_read_completely(quirks: Bakery) -> None:
    early: list[str] = []

    def note(invocation: DbtCloudCliInvocation, event: Any) -> None:
        assert invocation.run is not None
        is_over = quirks.platform.run(invocation.run.id).done.is_set()
        if isinstance(event, dg.Output) and not is_over:
            early.append(event.output_name)

    selection = dg.AssetSelection.assets("chatty", "below_chatty", "slow")
    step = quirks.materialize(selection=selection, on_event=note)
    assert step.result.success, step.error
    assert step.order == ["chatty", "below_chatty", "slow"]
    assert {"chatty", "below_chatty"} <= set(early)


@pytest.mark.reliability(
    "Faults of the dbt platform: runs of Dagster",
    tried="the worker of a step is lost, and the step is tried again",
    outcome="the run that was left is cancelled before another one starts",
)
def test_the_run_that_a_lost_attempt_left_is_cancelled_by_the_next_one(quirks: Bakery) -> None:
    run = quirks.platform.trigger(quirks.job_id, ["dbt build --select slow"])

    @dg.op(retry_policy=dg.RetryPolicy(max_retries=1))
    def step(context: dg.OpExecutionContext) -> None:
        if not context.retry_number:
            note_run(context, quirks.client.run(run.id))
            raise RuntimeError("the worker is lost")
        cancel_left_run(context, quirks.client)

    @dg.job
    def job() -> None:
        step()

    instance = dg.DagsterInstance.ephemeral()
    result = job.execute_in_process(instance=instance)
    assert quirks.platform.wait_for(run.id).status.value == RunStatus.CANCELLED
    messages = [entry.user_message for entry in instance.all_logs(result.run_id)]
    assert any("was left by an earlier attempt" in text for text in messages)
    notes = [text for text in messages if "dbt runs on the dbt platform as run" in text]
    assert len(notes) == 1 and quirks.client.run(run.id).url in notes[0]


def test_nothing_is_cancelled_for_a_first_attempt(quirks: Bakery) -> None:
    before = len(quirks.platform.requests)

    @dg.op
    def step(context: dg.OpExecutionContext) -> None:
        cancel_left_run(context, quirks.client)

    @dg.job
    def job() -> None:
        step()

    assert job.execute_in_process().success
    assert len(quirks.platform.requests) == before
