"""A step of dbt assets that runs on the platform: real dbt, real PostgreSQL, real HTTP."""

import dataclasses
import json
import re
import shlex
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from dbt_component import DbtCliResource, dbt_assets
from dbt_component.cloud.client.run_status import RunStatus
from dbt_component.cloud.execution.invocation import DbtCloudCliInvocation
from dbt_component.errors import DagsterDbtCliRuntimeError, DbtCloudError
from dbt_component.execution.retry_policy import DbtRetryPolicy
from tests.cloud.conftest import workspace_of
from tests.cloud.execution.bakery import Bakery, Step
from tests.dbt_platform.connection import PostgresConnection
from tests.dbt_platform.faults import Fault
from tests.dg_project import PROJECTS
from tests.equivalence.databases import PostgresDatabase

MODELS = {"stg_orders", "stg_products", "baking", "oven", "oven_report", "product_sales"}
SEEDS = {"raw_orders", "raw_products"}
RELATIONSHIPS = "relationships_stg_orders_product_id__product_id__ref_stg_products_"
TROUBLE = ("build", "--vars", '{"minimum_amount": 8}')
SLOW = ("build", "--vars", '{"baking_seconds": 4}')
ENDLESS = ("build", "--vars", '{"baking_seconds": 300}')


@pytest.fixture
def local(
    bakery: Bakery, postgres: PostgresDatabase, tmp_path: Path
) -> Callable[[tuple[str, ...]], Step]:
    """Runs the same project here, on the same database, with the same profile."""
    output = postgres.output()
    connection = PostgresConnection(
        output["host"], output["port"], output["user"], output["password"], "platform"
    )
    folder = tmp_path / "bakery"
    shutil.copytree(PROJECTS / "bakery", folder)
    connection.write_profile(folder, profile="bakery", target="default", schema="prod", threads=4)

    def run(args: tuple[str, ...]) -> Step:
        resource = DbtCliResource(project_dir=str(folder))

        @dbt_assets(manifest=bakery.manifest_path, name="bakery")
        def assets(context: dg.AssetExecutionContext, dbt: DbtCliResource) -> Iterator[Any]:
            yield from dbt.cli(args, context=context).stream()

        instance = dg.DagsterInstance.ephemeral()
        result = dg.materialize(
            [assets], resources={"dbt": resource}, instance=instance, raise_on_error=False
        )
        return Step(result, [], instance)

    return run


def mend_after_first_run(bakery: Bakery, mend: Callable[[], None]) -> None:
    """Makes the oven work again, in the background, as soon as the first run has ended."""

    def wait() -> None:
        while not bakery.seen or bakery.seen[-1].run is None:
            time.sleep(0.1)
        bakery.platform.wait_for(bakery.last_run().id)
        mend()

    threading.Thread(target=wait).start()


def test_a_full_build_reports_every_asset_and_check(bakery: Bakery) -> None:
    step = bakery.materialize()
    assert step.result.success, step.error
    assert step.built.keys() == MODELS | SEEDS
    assert {name: c.passed for name, c in step.checked.items()} == {
        "not_null_stg_products_product_id": True,
        "unique_stg_products_product_id": True,
        "unique_stg_orders_order_id": True,
        RELATIONSHIPS: False,
        "not_null_oven_report_products": True,
        "amounts_are_high_enough": True,
    }
    assert step.checked[RELATIONSHIPS].severity is dg.AssetCheckSeverity.WARN
    run = bakery.last_run()
    assert run.status.humanized == "Success"
    for metadata in step.built.values():
        assert metadata["run_url"] == step.command.run_url
        assert metadata["commit"] == run.git_sha
        assert (metadata["job"], metadata["environment"]) == (
            "DAGSTER_ADHOC_JOB__BAKERY",
            "Production",
        )
        assert metadata["dagster_dbt/completed_at_timestamp"] > 0
    assert step.built["raw_orders"]["unique_id"] == "seed.bakery.raw_orders"
    assert not step.command.missing
    assert "dbt runs on the dbt platform as run" in step.log
    assert step.command.get_artifact("run_results.json")["args"]["which"] == "build"
    assert "manifest.json" in step.command.list_artifacts()


def test_an_output_comes_before_the_run_has_ended(bakery: Bakery) -> None:
    seen: list[tuple[str, bool]] = []

    def note(invocation: DbtCloudCliInvocation, event: Any) -> None:
        if isinstance(event, dg.Output):
            assert invocation.run is not None
            is_over = bakery.platform.run(invocation.run.id).done.is_set()
            seen.append((event.output_name, is_over))

    step = bakery.materialize(*SLOW, on_event=note)
    assert step.result.success, step.error
    early = {name for name, is_over in seen if not is_over}
    assert len(seen) == 8
    assert len(early) >= 5, seen
    assert step.order[-1] == "baking"


def test_a_subset_runs_exactly_that(bakery: Bakery) -> None:
    selection = dg.AssetSelection.assets("product_sales", "stg_products").without_checks()
    step = bakery.materialize(selection=selection)
    assert step.result.success, step.error
    assert step.built.keys() == {"product_sales", "stg_products"}
    assert not step.checked
    results = step.command.get_artifact("run_results.json")["results"]
    assert {found["unique_id"] for found in results} == {
        "model.bakery.product_sales",
        "model.bakery.stg_products",
    }
    assert bakery.last_run().commands[-1:] == list(step.command.steps)


def test_a_single_check_runs_alone(bakery: Bakery) -> None:
    check = dg.AssetCheckKey(dg.AssetKey("stg_orders"), "unique_stg_orders_order_id")
    step = bakery.materialize(selection=dg.AssetSelection.checks(check))
    assert step.result.success, step.error
    assert not step.built
    assert list(step.checked) == ["unique_stg_orders_order_id"]
    results = step.command.get_artifact("run_results.json")["results"]
    assert len(results) == 1


def test_a_selection_in_the_arguments_narrows_what_runs(bakery: Bakery) -> None:
    step = bakery.materialize("build", "--select", "stg_products", "raw_orders")
    assert step.built.keys() == {"stg_products", "raw_orders"}


def test_nothing_to_run_starts_no_run(bakery: Bakery) -> None:
    selection = dg.AssetSelection.assets("raw_orders").without_checks()
    step = bakery.materialize("run", selection=selection)
    assert step.command.run is None and step.command.has_nothing_to_run
    assert "Nothing was run" in step.log
    assert bakery.runs() == []


@pytest.mark.reliability(
    "Faults of the dbt platform: runs of Dagster",
    tried="models and tests that fail, warn and are skipped, on the platform and in this process",
    outcome="the same events, with the same messages and counts",
)
def test_what_fails_is_reported_as_by_a_local_run(
    bakery: Bakery, local: Callable[[tuple[str, ...]], Step], broken_oven: Callable[[], None]
) -> None:
    there, here = bakery.materialize(*TROUBLE), local(TROUBLE)
    assert not there.result.success and not here.result.success
    assert (
        there.not_built.keys() == here.not_built.keys() == {"oven", "oven_report", "product_sales"}
    )
    for name, observation in here.not_built.items():
        assert there.not_built[name].description == _plain(observation.description)
        assert _essence(there.not_built[name].metadata) == _essence(observation.metadata)
    assert there.checked.keys() == here.checked.keys()
    assert {name for name, c in here.checked.items() if not c.passed} == {
        "amounts_are_high_enough",
        RELATIONSHIPS,
    }
    for name, evaluation in here.checked.items():
        other = there.checked[name]
        assert (other.passed, other.severity) == (evaluation.passed, evaluation.severity)
        assert other.description == evaluation.description
        assert _essence(other.metadata) == _essence(evaluation.metadata)
    assert there.built.keys() == here.built.keys()
    for name, metadata in here.built.items():
        assert there.built[name].get("rows_affected") == metadata.get("rows_affected")
    text = _plain(here.error)
    assert text[text.index("`dbt build") : text.index("\n\nArtifacts")] in there.error
    assert f"Run {bakery.last_run().id} on the dbt platform: {there.command.run_url}" in there.error


def _plain(text: str | None) -> str:
    """A message whose paths are those in the project."""
    return re.sub(r"\S+/target/", "target/", text or "")


def _essence(metadata: Any) -> dict[str, Any]:
    """Metadata that does not differ from run to run or place to place."""
    varying = {"invocation_id", "Execution Duration", "run_url", "job", "environment", "commit"}
    varying.add("dagster_dbt/completed_at_timestamp")
    found = {key: value.value for key, value in metadata.items() if key not in varying}
    return {k: _plain(v) if isinstance(v, str) else v for k, v in found.items()}


def test_an_error_before_any_node_has_the_message_of_dbt(bakery: Bakery) -> None:
    step = bakery.materialize("build", "--threads", "none")
    assert not step.result.success
    assert "none" in step.error and "8 of" not in step.built
    assert step.command.missing and "never reported" in step.error
    assert step.command.run_url and step.command.run_url in step.error


def test_a_command_outside_of_dbt_assets_reports_materializations(bakery: Bakery) -> None:
    invocation = bakery.invoke("seed", manifest=bakery.manifest_path)
    events = list(invocation.wait())
    keys = {e.asset_key.path[-1] for e in events if isinstance(e, dg.AssetMaterialization)}
    assert keys == SEEDS
    assert invocation.is_successful() and invocation.get_error() is None
    assert all(e.metadata["run_url"].value == invocation.run_url for e in events)


def test_a_failed_command_is_unsuccessful_and_keeps_its_error(bakery: Bakery) -> None:
    invocation = bakery.invoke("run-operation", "no_such_macro")
    assert not invocation.is_successful()
    error = invocation.get_error()
    assert isinstance(error, DagsterDbtCliRuntimeError)
    assert "no_such_macro" in str(error)
    with pytest.raises(DagsterDbtCliRuntimeError, match="no_such_macro"):
        list(invocation.stream())
    with pytest.raises(DbtCloudError, match=r"fetch_row_counts\(\)` is not available"):
        invocation.stream().fetch_row_counts()


@pytest.mark.reliability(
    "Faults of the dbt platform: runs of Dagster",
    tried="a step is left in the middle of its run",
    outcome="the run is cancelled on the platform",
)
def test_leaving_the_stream_cancels_the_run(bakery: Bakery) -> None:
    def leave(_: DbtCloudCliInvocation, event: Any) -> None:
        raise InterruptedError("the step is left")

    step = bakery.materialize(*ENDLESS, on_event=leave)
    assert "the step is left" in step.error
    run = bakery.platform.wait_for(bakery.last_run().id)
    assert run.status.humanized == "Cancelled"
    assert "Cancelled run" in step.log


@pytest.mark.reliability(
    "Faults of the dbt platform: runs of Dagster",
    tried="an interrupt while a run is waited for",
    outcome="the run is cancelled on the platform",
)
def test_an_interrupt_while_waiting_cancels_the_run(
    bakery: Bakery, monkeypatch: pytest.MonkeyPatch
) -> None:
    invocation = bakery.invoke(*ENDLESS, manifest=bakery.manifest_path)
    asked = bakery.client.run

    def interrupt(*args: Any, **kwargs: Any) -> Any:
        run = asked(*args, **kwargs)
        if run.status is RunStatus.RUNNING:
            raise KeyboardInterrupt
        return run

    monkeypatch.setattr(bakery.client, "run", interrupt)
    with pytest.raises(KeyboardInterrupt):
        list(invocation.stream())
    assert bakery.platform.wait_for(bakery.last_run().id).status.humanized == "Cancelled"


@pytest.mark.reliability(
    "Faults of the dbt platform: runs of Dagster",
    tried="a run that takes longer than `timeout_seconds`",
    outcome="it is cancelled there; what it had built is reported, the error names the rest",
)
def test_a_limit_of_time_cancels_the_run_and_says_so(bakery: Bakery) -> None:
    step = bakery.materialize(*ENDLESS, timeout_seconds=14)
    assert "took longer than its limit of 14 s and was cancelled" in step.error
    assert bakery.platform.wait_for(bakery.last_run().id).status.humanized == "Cancelled"
    assert "baking" in step.error and "baking" not in step.built
    assert step.built.keys() >= SEEDS


@pytest.mark.reliability(
    "Faults of the dbt platform: runs of Dagster",
    tried="a person cancels the run on the platform's pages",
    outcome="the step fails and says so, with the nodes that never reported",
)
def test_a_run_that_a_person_cancels_is_an_error_that_says_so(bakery: Bakery) -> None:
    def cancel(invocation: DbtCloudCliInvocation, event: Any) -> None:
        if isinstance(event, dg.Output) and event.output_name.endswith("stg_products"):
            assert invocation.run is not None
            bakery.client.cancel(invocation.run.id)

    step = bakery.materialize(*ENDLESS, on_event=cancel)
    assert "the run was cancelled on the dbt platform" in step.error
    assert "refresh it" not in step.error, "the project has not changed"
    assert "Never reported: model.bakery.baking" in step.error


@pytest.mark.reliability(
    "Faults of the dbt platform: runs of Dagster",
    tried="run_results.json never appears",
    outcome="what was built is taken from dbt's log, with a warning",
)
def test_without_artifacts_the_log_says_what_was_built(bakery: Bakery) -> None:
    bakery.platform.inject(
        Fault("GET", "artifacts", "hide_artifact", artifact="run_results.json", times=None)
    )
    step = bakery.materialize()
    assert step.result.success, step.error
    assert step.built.keys() == MODELS | SEEDS
    assert len(step.checked) == 6
    assert "has no run_results.json" in step.log


@pytest.mark.reliability(
    "Faults of the dbt platform: runs of Dagster",
    tried="the platform shows no logs",
    outcome="everything is reported at the end, from the results",
)
def test_without_logs_everything_comes_from_the_results(bakery: Bakery) -> None:
    bakery.platform.inject(Fault("GET", r"runs/\d+/?$", "hide_logs", times=None))
    step = bakery.materialize()
    assert step.result.success, step.error
    assert step.built.keys() == MODELS | SEEDS


@pytest.mark.reliability(
    "Faults of the dbt platform: runs of Dagster",
    tried="503, 429, 500, dropped connections, cut off and malformed answers, and pages of a proxy, amid a run",
    outcome="every event comes once, and one run was started",
)
def test_failed_requests_in_the_middle_lose_nothing(bakery: Bakery) -> None:
    path = r"runs/\d+/?$"
    bakery.platform.inject(
        Fault("GET", path, "status", status=503, after=1, times=6),
        Fault("GET", path, "drop", after=2, times=5),
        Fault("GET", path, "broken_json", after=2, times=5),
        Fault("GET", path, "html_page", after=1, times=5),
        Fault("GET", path, "truncate", after=1, times=5),
        Fault("GET", path, "status", status=429, headers={"Retry-After": "0"}, times=5),
        Fault("GET", "artifacts/run_results", "status", status=500, times=4),
        Fault("GET", "artifacts/run_results", "broken_json", times=4),
    )
    step = bakery.materialize()
    assert step.result.success, step.error
    assert step.built.keys() == MODELS | SEEDS
    assert len(step.checked) == 6
    assert "is tried again" in step.log
    assert len(bakery.runs()) == 1


@pytest.mark.reliability(
    "Faults of the dbt platform: runs of Dagster",
    tried="the platform stops answering about a run",
    outcome="the step fails with the run's page, and the run is cancelled",
)
def test_a_platform_that_stays_away_ends_the_step_with_the_runs_page(bakery: Bakery) -> None:
    bakery.platform.inject(Fault("GET", r"runs/\d+/?$", "status", status=503, after=1, times=None))
    step = bakery.materialize(*ENDLESS)
    assert "can't be followed any longer" in step.error
    assert step.command.run_url and step.command.run_url in step.error
    assert "Cancelled run" in step.log


@pytest.mark.reliability(
    "Faults of the dbt platform: runs of Dagster",
    tried="an interrupt while the request that starts the run is under way",
    outcome="the run that was started is found and cancelled",
)
def test_an_interrupt_while_the_start_is_unanswered_cancels_what_was_started(
    bakery: Bakery, monkeypatch: pytest.MonkeyPatch
) -> None:
    trigger = bakery.client.trigger

    def interrupt(*args: Any, **kwargs: Any) -> Any:
        trigger(*args, **kwargs)
        raise KeyboardInterrupt

    monkeypatch.setattr(bakery.client, "trigger", interrupt)
    with pytest.raises(KeyboardInterrupt):
        list(bakery.invoke(*ENDLESS, manifest=bakery.manifest_path).stream())
    (run_id,) = bakery.runs()
    assert bakery.platform.wait_for(run_id).status.humanized == "Cancelled"


@pytest.mark.reliability(
    "Faults of the dbt platform: runs of Dagster",
    tried="the same while the platform's retry is asked for",
    outcome="the retry is found and cancelled",
)
def test_an_interrupt_while_a_retry_is_unanswered_cancels_what_was_started(
    bakery: Bakery, broken_oven: Callable[[], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    retry = bakery.client.retry

    def interrupt(*args: Any, **kwargs: Any) -> Any:
        retry(*args, **kwargs)
        raise InterruptedError("the step is left")

    monkeypatch.setattr(bakery.client, "retry", interrupt)
    policy = DbtRetryPolicy(attempts=3, delay_seconds=0.1, on=["data"])
    step = bakery.materialize("build", "--vars", '{"baking_seconds": 15}', retry=policy)
    assert "the step is left" in step.error
    retried, _ = bakery.runs()
    assert bakery.platform.wait_for(retried).status.humanized == "Cancelled"


@pytest.mark.reliability(
    "Faults of the dbt platform: runs of Dagster",
    tried="the platform starts a run and goes away before it answers",
    outcome="the step fails, and the run is cancelled when the platform is back",
)
def test_a_start_without_answer_leaves_no_run_behind(bakery: Bakery) -> None:
    """The platform goes away as soon as it has started the run, and comes back when the client has given up."""
    bakery.platform.inject(
        Fault("POST", "/run/", "drop_after", None),
        Fault("GET", r"/runs/$", "status", None, status=503),
    )
    threading.Timer(2.0, bakery.platform.clear_faults).start()
    step = bakery.materialize(*ENDLESS)
    assert "did not answer about a run of job" in step.error
    (run_id,) = bakery.runs()
    assert bakery.platform.wait_for(run_id).status.humanized == "Cancelled"


@pytest.mark.reliability(
    "Faults of the dbt platform: runs of Dagster",
    tried="a step is stopped while it waits for an ad hoc job",
    outcome="no run is started",
)
def test_a_command_that_is_stopped_while_it_waits_for_a_job_starts_no_run(bakery: Bakery) -> None:
    invocation = bakery.invoke(
        *ENDLESS,
        manifest=bakery.manifest_path,
        pick_job=workspace_of(
            bakery.platform, adhoc_job_name="BUSY", adhoc_job_pool_mode="wait"
        ).adhoc_jobs.pick,
    )
    job = bakery.platform.create_job("BUSY", [shlex.join(["dbt", *ENDLESS])])
    busy = bakery.platform.trigger(job.id)
    threading.Timer(1.0, invocation.stop).start()
    begin = time.monotonic()
    with pytest.raises(DbtCloudError, match="stopped"):
        list(invocation.stream())
    assert time.monotonic() - begin < 4
    assert invocation.run is None
    bakery.client.cancel(busy.id)
    bakery.platform.wait_for(busy.id)
    bakery.platform.delete_job(job.id)


@pytest.mark.reliability(
    "Faults of the dbt platform: runs of Dagster",
    tried="a step is stopped just as its run starts",
    outcome="the run is cancelled on the platform",
)
def test_stopping_while_the_run_is_being_started_cancels_it(
    bakery: Bakery, monkeypatch: pytest.MonkeyPatch
) -> None:
    invocation = bakery.invoke(*ENDLESS, manifest=bakery.manifest_path)
    trigger = bakery.client.trigger

    def stop_meanwhile(*args: Any, **kwargs: Any) -> Any:
        run = trigger(*args, **kwargs)
        invocation.stop()
        return run

    monkeypatch.setattr(bakery.client, "trigger", stop_meanwhile)
    assert not invocation.is_successful()
    assert bakery.platform.wait_for(bakery.last_run().id).status.humanized == "Cancelled"


@pytest.mark.reliability(
    "Faults of the dbt platform: runs of Dagster",
    tried="the platform refuses the cancellation of a run that took too long, four times",
    outcome="it is asked again until the run is cancelled",
)
def test_a_limit_of_time_is_kept_although_the_first_cancellation_fails(bakery: Bakery) -> None:
    bakery.platform.inject(Fault("POST", "/cancel/", "status", times=4, status=503))
    step = bakery.materialize(*ENDLESS, timeout_seconds=3)
    assert "could not be cancelled" in step.log
    assert "took longer than its limit of 3 s and was cancelled" in step.error
    assert bakery.platform.wait_for(bakery.last_run().id).status.humanized == "Cancelled"


@pytest.mark.reliability(
    "Faults of the dbt platform: runs of Dagster",
    tried="a model fails for a reason that passes, with `retry`",
    outcome="the platform's retry runs it and what was skipped; each node has one event",
)
def test_the_platforms_retry_runs_what_failed_again(
    bakery: Bakery, broken_oven: Callable[[], None]
) -> None:
    mend_after_first_run(bakery, broken_oven)
    policy = DbtRetryPolicy(attempts=3, delay_seconds=3, on=["data"])
    step = bakery.materialize(retry=policy)
    assert step.result.success, step.error
    assert step.built.keys() == MODELS | SEEDS
    assert step.built["oven"]["attempts"] == 2
    assert "division by zero" in step.built["oven"]["earlier_attempts"]
    assert "attempts" not in step.built["raw_orders"]
    assert len(bakery.runs()) == 2
    assert step.checked["not_null_oven_report_products"].passed


def test_errors_of_other_kinds_are_not_retried(
    bakery: Bakery, broken_oven: Callable[[], None]
) -> None:
    policy = DbtRetryPolicy(attempts=3, delay_seconds=0.1, on=["connection"])
    step = bakery.materialize(retry=policy)
    assert not step.result.success
    assert step.not_built.keys() == {"oven", "oven_report"}
    assert len(bakery.runs()) == 1


@pytest.mark.reliability(
    "Faults of the dbt platform: runs of Dagster",
    tried="a step that failed is retried by Dagster",
    outcome="the second run has only what the first did not finish",
)
def test_a_retried_step_leaves_out_what_an_earlier_attempt_has_finished(
    bakery: Bakery, broken_oven: Callable[[], None]
) -> None:
    mend_after_first_run(bakery, broken_oven)
    step = bakery.materialize(retry_policy=dg.RetryPolicy(max_retries=1, delay=3))
    assert step.result.success, step.error
    assert step.built.keys() == MODELS | SEEDS
    first, second = step.commands
    assert len(first.expected) == 14 and second.expected == {
        "model.bakery.oven",
        "model.bakery.oven_report",
        "test.bakery.not_null_oven_report_products.2bcab43ada",
    }
    assert "Attempt 2 leaves out 11 nodes" in step.log


@pytest.mark.reliability(
    "Faults of the dbt platform: runs of Dagster",
    tried="the platform runs a newer commit, with a model that the state does not know",
    outcome="a warning names it; no event is invented",
)
def test_nodes_of_a_newer_commit_are_no_events_but_a_warning(
    bakery: Bakery, tmp_path: Path
) -> None:
    manifest = json.loads(bakery.manifest_path.read_text())
    del manifest["nodes"]["model.bakery.baking"]
    older = tmp_path / "manifest.json"
    older.write_text(json.dumps(manifest))
    step = dataclasses.replace(bakery, manifest_path=older).materialize()
    assert step.result.success, step.error
    assert step.built.keys() == (MODELS | SEEDS) - {"baking"}
    assert "1 of the nodes that dbt reported are not in the state" in step.log
    assert "model.bakery.baking" in step.log


@pytest.mark.reliability(
    "Faults of the dbt platform: runs of Dagster",
    tried="the process of the step is terminated",
    outcome="the run is cancelled on the platform",
)
def test_terminating_the_process_of_the_step_cancels_the_run(bakery: Bakery) -> None:
    platform = bakery.platform
    arguments = [platform.access_url, str(platform.account_id), platform.token]
    script = [sys.executable, "-m", "tests.cloud.execution.interrupted_step"]
    process = subprocess.Popen(
        [*script, *arguments, str(bakery.job_id), str(bakery.manifest_path)],
        stderr=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        text=True,
    )
    try:
        while not bakery.runs():
            assert process.poll() is None, process.communicate()[1]
            time.sleep(0.2)
        (run_id,) = bakery.runs()
        while platform.run(run_id).status.humanized != "Running":
            time.sleep(0.2)
        process.send_signal(signal.SIGTERM)
        _, errors = process.communicate(timeout=60)
    finally:
        process.kill()
    assert platform.wait_for(run_id).status.humanized == "Cancelled"
    assert f"Cancelled run {run_id} on the dbt platform" in errors
