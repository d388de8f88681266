"""Nodes that failed with errors that pass run again in the same step, and nothing else does."""

import os
import signal
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
import yaml

from dbt_component import DbtCliResource, DbtProject, DbtRetryPolicy, dbt_assets
from dbt_component.dbt_process.process import DbtProcess
from dbt_component.errors import DefinitionError
from tests.dg_project import DgProject, RunOutcome, run
from tests.sleeping_project import SleepingProject

pytestmark = pytest.mark.server

AT_ONCE = DbtRetryPolicy(delay_seconds=0)
# Sequences count across transactions that are rolled back.
KILLS_ITS_CONNECTION = (
    "case when nextval('public.tries') <= {{ var('failures', 1) }}"
    " then pg_terminate_backend(pg_backend_pid()) else true end"
)
MODELS = {
    "models/steady.sql": "{{ config(materialized='table') }} select nextval('public.steady_runs') as id",
    "models/flaky.sql": "{{ config(materialized='table') }}"
    f" select 1 as id from (select {KILLS_ITS_CONNECTION} as is_alive) as tried where is_alive",
    "models/below.sql": "{{ config(materialized='table') }} select id from {{ ref('flaky') }}"
    " where exists (select 1 from {{ ref('steady') }})",
    "models/schema.yml": yaml.safe_dump(
        {
            "models": [
                {"name": name, "columns": [{"name": "id", "data_tests": ["not_null"]}]}
                for name in ("steady", "flaky", "below")
            ]
        }
    ),
}
CHECKS = {f"{name}:not_null_{name}_id" for name in ("steady", "flaky", "below")}


@pytest.fixture
def flaky(sleeping: SleepingProject) -> SleepingProject:
    """A project in which one model ends its own connection the first time that it is built."""
    sleeping.write(MODELS)
    sleeping.database.run(["create sequence public.tries", "create sequence public.steady_runs"])
    return sleeping


def definitions(
    project: SleepingProject, retry: DbtRetryPolicy | None, *args: str, command: str = "build"
) -> dg.Definitions:
    opened = DbtProject(project.folder)
    opened.preparer.prepare(opened)

    @dbt_assets(manifest=opened, name="flaky")
    def assets(context: dg.AssetExecutionContext, dbt: DbtCliResource) -> Iterator[Any]:
        yield from dbt.cli([command, *args], context=context, retry=retry).stream()

    return dg.Definitions(assets=[assets], resources={"dbt": DbtCliResource(project_dir=opened)})


def build(
    project: SleepingProject, retry: DbtRetryPolicy | None, *args: str, command: str = "build"
) -> RunOutcome:
    return run(definitions(project, retry, *args, command=command))


def times(project: SleepingProject, sequence: str) -> int:
    ((value, is_called),) = project.database.rows(
        f"select last_value, is_called from public.{sequence}"
    )
    return int(value) if is_called else 0


@pytest.mark.reliability(
    "Errors that pass",
    tried="the connection of one model's query is ended by PostgreSQL, with `retry`",
    outcome="only that model, what is below it and their tests run again; each is reported once",
)
def test_only_what_failed_and_what_was_skipped_because_of_it_runs_again(
    flaky: SleepingProject,
) -> None:
    outcome = build(flaky, AT_ONCE)
    assert outcome.success, outcome.failure
    assert sorted(outcome.materialized) == ["below", "flaky", "steady"]
    assert outcome.checks.keys() == CHECKS and all(outcome.checks.values())
    assert times(flaky, "tries") == 2 and times(flaky, "steady_runs") == 1
    assert "attempts" not in outcome.metadata["steady"]
    assert outcome.metadata["flaky"]["attempts"] == 2
    assert "server closed the connection" in outcome.metadata["flaky"]["earlier_attempts"]
    assert outcome.metadata["below"]["attempts"] == 2
    assert outcome.metadata["below"]["earlier_attempts"].startswith("1. skipped")
    assert outcome.check_metadata["flaky:not_null_flaky_id"]["attempts"] == 2
    assert outcome.observations == {}


def test_without_a_policy_and_for_other_kinds_of_errors_nothing_runs_again(
    flaky: SleepingProject,
) -> None:
    outcome = build(flaky, None)
    assert not outcome.success and times(flaky, "tries") == 1
    outcome = build(
        flaky, DbtRetryPolicy(delay_seconds=0, on=["deadlock"]), "--vars", "{failures: 2}"
    )
    assert not outcome.success and times(flaky, "tries") == 2
    flaky.write({"models/flaky.sql": MODELS["models/flaky.sql"].replace("1 as id", "1 / 0 as id")})
    before = times(flaky, "tries")
    outcome = build(flaky, AT_ONCE, "--vars", "{failures: 0}")
    assert "division by zero" in outcome.failure and times(flaky, "tries") <= before + 1


@pytest.mark.slow
def test_when_no_attempt_is_left_the_last_error_is_reported_once(flaky: SleepingProject) -> None:
    outcome = build(flaky, AT_ONCE, "--vars", "{failures: 9}")
    assert not outcome.success
    assert times(flaky, "tries") == 3 and times(flaky, "steady_runs") == 1
    assert outcome.materialized == ["steady"]
    observed = [event for event in outcome.events if event.is_asset_observation]
    assert sorted(event.asset_key.to_user_string() for event in observed if event.asset_key) == [
        "below",
        "flaky",
    ]
    assert "1 of 6 nodes failed" in outcome.failure and "model.sleeping.below" in outcome.failure


@pytest.mark.slow
def test_a_skipped_node_with_another_cause_does_not_run_again(flaky: SleepingProject) -> None:
    flaky.write(
        {
            "models/broken.sql": "{{ config(materialized='table') }} select 1 / 0 as id",
            "models/below.sql": "select f.id from {{ ref('flaky') }} as f, {{ ref('broken') }} as b",
        }
    )
    outcome = build(flaky, AT_ONCE)
    assert not outcome.success
    assert {"flaky", "steady"} == set(outcome.materialized)
    assert outcome.observations.keys() == {"broken", "below"}
    assert "model.sleeping.broken" in outcome.observations["below"]


def test_tests_run_again_only_if_they_are_named(flaky: SleepingProject) -> None:
    flaky.write({"models/flaky.sql": "select 1 as id"})
    flaky.write(
        {
            "tests/passes_the_second_time.sql": "select id from {{ ref('flaky') }}"
            " where nextval('public.tries') < 2"
        }
    )
    check = "flaky:passes_the_second_time"
    outcome = build(flaky, AT_ONCE)
    assert not outcome.success and not outcome.checks[check] and times(flaky, "tries") == 1
    flaky.database.run(["alter sequence public.tries restart"])
    outcome = build(flaky, DbtRetryPolicy(delay_seconds=0, on=["test"]))
    assert outcome.success and outcome.checks[check] and times(flaky, "tries") == 2
    assert outcome.check_metadata[check]["attempts"] == 2


@pytest.mark.reliability(
    "Errors that pass",
    tried="dbt is killed amid a query, with `retry: {on: [crash]}`",
    outcome="the nodes that had not been reported run in another process; the others do not run again",
)
def test_nodes_that_a_killed_dbt_left_run_again_if_that_is_named(
    flaky: SleepingProject, started: list[DbtProcess]
) -> None:
    sleeps_once = "pg_sleep(case when nextval('public.tries') < 2 then 300 else 0 end)"
    flaky.write(
        {
            "models/flaky.sql": "{{ config(materialized='table') }} select 1 as id from {{ ref('steady') }},"
            f" (select {sleeps_once}) as pg_sleep_300  -- pg_sleep(300)"
        }
    )

    def kill() -> None:
        flaky.wait_for_query()
        os.kill(started[-1].pid, signal.SIGKILL)

    killer = threading.Thread(target=kill)
    killer.start()
    outcome = build(flaky, DbtRetryPolicy(delay_seconds=0, on=["crash"]))
    killer.join()
    assert outcome.success, outcome.failure
    assert sorted(outcome.materialized) == ["below", "flaky", "steady"]
    assert times(flaky, "steady_runs") == 1
    assert outcome.checks.keys() == CHECKS


@pytest.mark.slow
def test_the_delay_ends_when_the_command_is_stopped(flaky: SleepingProject) -> None:
    opened = DbtProject(flaky.folder)
    opened.preparer.prepare(opened)
    left: list[int] = []

    @dbt_assets(manifest=opened, name="flaky")
    def assets(context: dg.AssetExecutionContext, dbt: DbtCliResource) -> Iterator[Any]:
        command = dbt.cli(["run"], context=context, retry=DbtRetryPolicy(delay_seconds=600))
        process = command.process
        process.poll()
        timer = threading.Timer(8, command.stop)
        timer.start()
        try:
            yield from command.stream()
        finally:
            timer.cancel()
            left.append(times(flaky, "tries"))

    outcome = run(
        dg.Definitions(assets=[assets], resources={"dbt": DbtCliResource(project_dir=opened)})
    )
    assert not outcome.success
    assert left == [1]


@pytest.mark.parametrize("key", ["on", "'on'"])
def test_a_component_retries_as_its_yaml_says(
    key: str, flaky: SleepingProject, dg_project: DgProject
) -> None:
    retry = f"{{attempts: 2, delay_seconds: 0, {key}: [connection]}}"  # YAML 1.1 reads a bare `on` as true
    dg_project.write_yaml(
        "type: dbt_component.DbtProjectComponent\n"
        f"attributes: {{project: {flaky.folder}, retry: {retry}}}\n"
    )
    dg_project.refresh()
    outcome = run(dg_project.load())
    assert outcome.success, outcome.failure
    assert outcome.metadata["flaky"]["attempts"] == 2


def test_commands_that_run_as_given_take_no_policy(flaky: SleepingProject) -> None:
    dbt = DbtCliResource(project_dir=str(flaky.folder))
    with pytest.raises(DefinitionError, match="`retry` does not apply to `dbt build`"):
        dbt.cli(["build"], retry=AT_ONCE)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ({"attempts": 0}, "retry.attempts"),
        ({"on": ["luck"]}, "'luck'"),
        ({"attempt": 3}, "Did you mean 'attempts'"),
    ],
)
def test_wrong_values_in_yaml_are_named(
    value: dict[str, Any], expected: str, dg_project: DgProject
) -> None:
    dg_project.write_component(retry=value)
    with pytest.raises(Exception) as caught:
        dg_project.component()
    causes = [caught.value, caught.value.__cause__, caught.value.__context__]
    text = "\n".join(map(str, causes)).lower()
    assert expected.lower() in text and "retry" in text


def test_a_folder_for_each_attempt(flaky: SleepingProject, tmp_path: Path) -> None:
    opened = DbtProject(flaky.folder)
    opened.preparer.prepare(opened)
    folders: list[Path] = []

    @dbt_assets(manifest=opened, name="flaky")
    def assets(context: dg.AssetExecutionContext, dbt: DbtCliResource) -> Iterator[Any]:
        command = dbt.cli(["build"], context=context, retry=AT_ONCE, target_path=tmp_path / "out")
        yield from command.stream()
        folders.append(command.target_path)

    run(dg.Definitions(assets=[assets], resources={"dbt": DbtCliResource(project_dir=opened)}))
    assert folders == [tmp_path / "out-2"]
    for folder in ("out", "out-2"):
        assert (tmp_path / folder / "run_results.json").is_file()
