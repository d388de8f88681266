"""No dbt command outlives the body of its op, and none is left unfinished unnoticed."""

import importlib
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
import yaml

from dbt_component import DbtCliResource, DbtProjectComponent
from dbt_component.dbt_process.process import DbtProcess
from tests.dbt_process.test_process import SLOW
from tests.dg_project import DgProject, RunOutcome, run
from tests.equivalence.databases import PostgresDatabase

pytestmark = [pytest.mark.usefixtures("in_dev"), pytest.mark.server]

Body = Callable[[DbtProjectComponent, dg.AssetExecutionContext, DbtCliResource], Iterator[Any]]
RunBody = Callable[[Body], RunOutcome]


@pytest.fixture
def run_body(dg_project: DgProject) -> RunBody:
    """Runs the seeds with a subclass of the component whose ``execute`` is the test's own."""

    def run_with(body: Body) -> RunOutcome:
        class Own(DbtProjectComponent):
            def execute(self, context: dg.AssetExecutionContext, dbt: DbtCliResource) -> Any:
                return body(self, context, dbt)

        return run(load(dg_project, Own, select="raw_customers raw_orders"))

    return run_with


def load(
    project: DgProject, component_class: type[DbtProjectComponent], **attributes: Any
) -> dg.Definitions:
    """Loads the definitions of a subclass, as from a module of the dg project."""
    (project.defs_folder.parent / "own.py").write_text("")
    vars(importlib.import_module(f"{project.module}.own"))["Own"] = component_class
    attributes.setdefault("project", "{{ context.project_root }}/shop")
    project.write_yaml(
        yaml.safe_dump({"type": f"{project.module}.own.Own", "attributes": attributes})
    )
    return project.load()


@pytest.mark.reliability(
    "Runs that are cut short",
    tried="a subclass leaves the stream after the first event (`break`)",
    outcome="dbt is stopped, and the step fails and names the nodes that did not report",
)
def test_a_stream_that_is_left_in_the_middle_fails_the_step(
    run_body: RunBody, started: list[DbtProcess]
) -> None:
    def body(
        component: DbtProjectComponent, context: dg.AssetExecutionContext, dbt: DbtCliResource
    ) -> Iterator[Any]:
        for event in dbt.cli(["build"], context=context).stream():
            yield event
            break

    outcome = run_body(body)
    assert not outcome.success
    assert len(outcome.materialized) == 1
    (other,) = {"raw_customers", "raw_orders"} - set(outcome.materialized)
    assert "`dbt build` was left before its end, so dbt was stopped." in outcome.failure
    assert f"1 of 2 nodes did not report: seed.shop.{other}." in outcome.failure
    assert [process.is_running for process in started[-1:]] == [False]


@pytest.mark.reliability(
    "Runs that are cut short",
    tried="a subclass takes one event of the stream and keeps the stream",
    outcome="dbt is stopped when the step's body ends, and the step fails",
)
def test_a_stream_that_is_never_exhausted_fails_the_step(
    run_body: RunBody, started: list[DbtProcess]
) -> None:
    kept: list[Any] = []

    def body(
        component: DbtProjectComponent, context: dg.AssetExecutionContext, dbt: DbtCliResource
    ) -> Iterator[Any]:
        kept.append(dbt.cli(["build"], context=context).stream())
        yield next(kept[0])

    outcome = run_body(body)
    assert kept and not started[-1].is_running
    assert not outcome.success
    assert "was left before its end" in outcome.failure


@pytest.mark.reliability(
    "Runs that are cut short",
    tried="a subclass creates a dbt command and never streams it or waits for it",
    outcome="dbt is stopped when the step's body ends, and the step fails",
)
@pytest.mark.parametrize("command", ["build", "parse"])
def test_a_command_that_nobody_streams_fails_the_step(
    command: str, run_body: RunBody, started: list[DbtProcess]
) -> None:
    def body(
        component: DbtProjectComponent, context: dg.AssetExecutionContext, dbt: DbtCliResource
    ) -> Iterator[Any]:
        dbt.cli([command], context=context)
        yield from ()

    outcome = run_body(body)
    assert not outcome.success
    assert f"`dbt {command}` never ran" in outcome.failure
    assert "call `wait()`" in outcome.failure
    assert not any(process.is_running for process in started)


def test_a_body_that_is_no_generator_is_watched_too(
    run_body: RunBody, started: list[DbtProcess]
) -> None:
    def body(
        component: DbtProjectComponent, context: dg.AssetExecutionContext, dbt: DbtCliResource
    ) -> Iterator[Any]:
        dbt.cli(["run"], context=context, raise_on_error=False)
        dbt.cli(["parse"], context=context)
        return dbt.cli(["seed"], context=context).stream()

    outcome = run_body(body)
    assert sorted(outcome.materialized) == ["raw_customers", "raw_orders"]
    assert not outcome.success
    assert "`dbt parse` never ran" in outcome.failure
    assert not any(process.is_running for process in started)


def test_an_error_of_the_body_stops_dbt_and_is_the_error_of_the_step(
    run_body: RunBody, started: list[DbtProcess]
) -> None:
    def body(
        component: DbtProjectComponent, context: dg.AssetExecutionContext, dbt: DbtCliResource
    ) -> Iterator[Any]:
        dbt.cli(["build"], context=context)
        raise ValueError("an error of the subclass")
        yield

    outcome = run_body(body)
    assert "an error of the subclass" in outcome.failure
    assert not started[-1].is_running


def test_a_command_that_another_one_replaced_is_no_failure(run_body: RunBody) -> None:
    """For example a second try after an error, or the same nodes in several commands."""

    def body(
        component: DbtProjectComponent, context: dg.AssetExecutionContext, dbt: DbtCliResource
    ) -> Iterator[Any]:
        dbt.cli(["build"], context=context)
        yield from dbt.cli(["seed", "--select", "raw_customers"], context=context).stream()
        yield from dbt.cli(["seed", "--select", "raw_orders"], context=context).stream()

    outcome = run_body(body)
    assert outcome.success, outcome.failure
    assert len(outcome.materialized) == 2


def test_a_command_over_other_nodes_does_not_replace_the_one_that_was_left(
    run_body: RunBody,
) -> None:
    def body(
        component: DbtProjectComponent, context: dg.AssetExecutionContext, dbt: DbtCliResource
    ) -> Iterator[Any]:
        dbt.cli(["build", "--select", "raw_orders"], context=context)
        yield from dbt.cli(["build", "--select", "raw_customers"], context=context).stream()

    outcome = run_body(body)
    assert outcome.materialized == ["raw_customers"]
    assert "1 of 1 nodes did not report: seed.shop.raw_orders." in outcome.failure


def test_a_step_with_nothing_to_run_needs_no_stream(run_body: RunBody) -> None:
    def body(
        component: DbtProjectComponent, context: dg.AssetExecutionContext, dbt: DbtCliResource
    ) -> Iterator[Any]:
        dbt.cli(["snapshot"], context=context)
        yield from dbt.cli(["build"], context=context).stream()

    outcome = run_body(body)
    assert outcome.success, outcome.failure


@pytest.fixture
def postgres(tmp_path: Path) -> Iterator[PostgresDatabase]:
    database = PostgresDatabase(tmp_path / "postgres")
    yield database
    database.close()


@pytest.mark.reliability(
    "Runs that are cut short",
    tried="a subclass leaves the stream while PostgreSQL runs a query of a minute",
    outcome="the query is cancelled and dbt has ended within 10 seconds; the step fails",
)
def test_leaving_the_stream_cancels_the_query_in_postgresql(
    dg_project: DgProject, postgres: PostgresDatabase, started: list[DbtProcess]
) -> None:
    target = {**postgres.output(), "threads": 2}
    (dg_project.dbt_folder / "profiles.yml").write_text(
        yaml.safe_dump({"shop": {"target": "dev", "outputs": {"dev": target}}})
    )
    (dg_project.dbt_folder / "models/staging/slow.sql").write_text(
        "{{ config(materialized='table') }} select pg_sleep(60)::text as slept"
    )
    times: list[float] = []

    class Own(DbtProjectComponent):
        def execute(self, context: dg.AssetExecutionContext, dbt: DbtCliResource) -> Any:
            for event in dbt.cli(["build"], context=context).stream():
                yield event
                wait_for(lambda: bool(sleeping(postgres)))
                times.append(time.monotonic())
                break
            times.append(time.monotonic())

    outcome = run(load(dg_project, Own, select="raw_customers slow"))
    assert outcome.materialized == ["raw_customers"]
    assert "1 of 2 nodes did not report: model.shop.slow." in outcome.failure
    assert not started[-1].is_running
    assert sleeping(postgres) == []
    assert times[1] - times[0] < 10


def sleeping(database: PostgresDatabase) -> list[Any]:
    with database.connect() as connection:
        found: list[Any] = connection.execute(
            "select pid from pg_stat_activity where state = 'active' and query like '%pg_sleep(60)%'"
            " and pid <> pg_backend_pid()"
        ).fetchall()
        return found


def wait_for(condition: Callable[[], bool], seconds: float = 30) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_leaving_the_stream_ends_dbt_in_the_middle_of_a_query_that_can_not_be_cancelled(
    dg_project: DgProject, started: list[DbtProcess], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DAGSTER_DBT_TERMINATION_TIMEOUT_SECONDS", "4")
    (dg_project.dbt_folder / "models/staging/slow.sql").write_text(
        "{{ config(materialized='table') }} " + SLOW
    )

    class Own(DbtProjectComponent):
        def execute(self, context: dg.AssetExecutionContext, dbt: DbtCliResource) -> Any:
            yield next(iter(dbt.cli(["build"], context=context).stream()))

    outcome = run(load(dg_project, Own, select="raw_customers slow"))
    assert outcome.materialized == ["raw_customers"]
    assert "model.shop.slow" in outcome.failure
    assert not started[-1].is_running
