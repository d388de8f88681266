"""Faults amid a run, on a real PostgreSQL: nothing is lost, nothing is green that is not, and the error is readable."""

import os
import random
import re
import signal
import subprocess
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
import yaml

from dbt_component import (
    DbtCliInvocation,
    DbtCliResource,
    DbtProject,
    DbtRetryPolicy,
    dbt_assets,
)
from tests.dg_project import RunOutcome, run
from tests.equivalence.databases import PostgresDatabase
from tests.execution.test_node_retry import build, definitions
from tests.sleeping_project import SleepingProject, wait_until

pytestmark = pytest.mark.server

NODES = 500
TABLE = "{{ config(materialized='table') }} "


@pytest.fixture
def own_server() -> Iterator[PostgresDatabase]:
    """A PostgreSQL that no other test uses, because it is stopped."""
    with tempfile.TemporaryDirectory(prefix="postgres-", ignore_cleanup_errors=True) as folder:
        database = PostgresDatabase(Path(folder))
        yield database
        database.close()


@pytest.fixture
def restarted(own_server: PostgresDatabase, tmp_path: Path) -> SleepingProject:
    """``waiting`` runs until the server is restarted; ``first`` is before it, ``below`` behind it."""
    project = SleepingProject(tmp_path / "project", own_server)
    own_server.run(["create table public.ready (at timestamptz)"])
    is_ready = "exists (select 1 from public.ready)"
    project.write(
        {
            "models/first.sql": TABLE + "select clock_timestamp() as built_at",
            "models/waiting.sql": TABLE + "select 1 as id from {{ ref('first') }}"
            f" cross join (select case when {is_ready} then 'ok' else pg_sleep(300)::text end) as waited",
            "models/below.sql": TABLE + "select id from {{ ref('waiting') }}",
        }
    )
    return project


def restart_amid(project: SleepingProject) -> threading.Thread:
    """Restarts the server as soon as the query of ``waiting`` runs, and lets the next one pass."""

    def restart() -> None:
        assert wait_until(lambda: bool(project.queries()), seconds=120)
        project.database.restart()
        project.database.run(["insert into public.ready values (now())"])

    thread = threading.Thread(target=restart, name="restarts-postgres")
    thread.start()
    return thread


@pytest.mark.reliability(
    "Faults amid a run",
    tried="PostgreSQL is shut down amid a query and started again, with `retry`",
    outcome="what had been built is not built again, the rest is, and the run is green",
)
def test_a_restarted_server_costs_only_what_it_interrupted(restarted: SleepingProject) -> None:
    thread = restart_amid(restarted)
    outcome = build(restarted, DbtRetryPolicy(attempts=5, delay_seconds=3, backoff="constant"))
    thread.join()
    assert outcome.success, outcome.failure
    assert outcome.materialized == ["first", "waiting", "below"]
    assert "attempts" not in outcome.metadata["first"]
    assert outcome.metadata["waiting"]["attempts"] >= 2
    assert restarted.database.rows("select count(*) from eq.below") == [(1,)]


@pytest.mark.reliability(
    "Faults amid a run",
    tried="PostgreSQL is shut down amid a query and started again, without `retry`",
    outcome="the model that was running fails with the database's message, what is behind it is skipped by name",
)
def test_a_restarted_server_fails_what_it_interrupted(restarted: SleepingProject) -> None:
    thread = restart_amid(restarted)
    outcome = build(restarted, None)
    thread.join()
    assert not outcome.success and outcome.materialized == ["first"]
    assert outcome.observations.keys() == {"waiting", "below"}
    assert re.search("(closed the|terminating) connection", outcome.observations["waiting"])
    assert "model.sleeping.waiting" in outcome.observations["below"]


@pytest.mark.reliability(
    "Faults amid a run",
    tried="nothing listens at the database's address",
    outcome="the step fails with the database's message; nothing is materialized",
)
def test_a_server_that_is_away_is_named(sleeping: SleepingProject) -> None:
    sleeping.write({"models/first.sql": TABLE + "select 1 as id"})
    output = {**sleeping.database.output(), "host": "127.0.0.1", "port": 1, "threads": 2}
    profile = {"sleeping": {"target": "dev", "outputs": {"dev": output}}}
    sleeping.write({"profiles.yml": yaml.safe_dump(profile)})
    outcome = build(sleeping, None)
    assert not outcome.success and outcome.materialized == []
    assert "refused" in outcome.failure and "model.sleeping.first" in outcome.failure
    again = build(sleeping, DbtRetryPolicy(attempts=2, delay_seconds=0))
    assert not again.success and again.materialized == [] and "refused" in again.failure


@pytest.mark.reliability(
    "Faults amid a run",
    tried="500 models of which 50, chosen at random, fail",
    outcome="these fail, all below them are skipped with one of them as the cause, all others are materialized",
)
def test_of_500_models_exactly_those_fail_and_are_skipped_that_must(
    sleeping: SleepingProject,
) -> None:
    chosen = random.Random(20)
    names = [f"m{number:03}" for number in range(NODES)]
    parents = {
        name: sorted(chosen.sample(names[max(0, position - 60) : position], min(2, position)))
        for position, name in enumerate(names)
        if position >= 200
    }
    broken = set(chosen.sample(names, NODES // 10))
    for name in names:
        joined = " cross join ".join(
            f"{{{{ ref('{parent}') }}}}" for parent in parents.get(name, ())
        )
        column = "nowhere" if name in broken else "1"
        sleeping.write(
            {
                f"models/{name}.sql": f"select {column} as c_{name}"
                + (f" from {joined}" if joined else "")
            }
        )
    causes: dict[str, set[str]] = {}
    for name in names:
        above = parents.get(name, [])
        failed = {parent for parent in above if parent in broken and not causes.get(parent)}
        causes[name] = failed.union(*(causes[parent] for parent in above))
    failing = {name for name in broken if not causes[name]}
    skipped = {name for name in names if causes[name]}
    assert len(failing) > 20 and len(skipped) > 50

    outcome = build(sleeping, None)

    assert not outcome.success
    assert set(outcome.materialized) == set(names) - failing - skipped
    assert len(outcome.materialized) == len(set(outcome.materialized))
    assert outcome.observations.keys() == failing | skipped
    for name in failing:
        assert 'column "nowhere" does not exist' in outcome.observations[name]
    for name in skipped:
        assert any(
            f"model.sleeping.{cause}" in outcome.observations[name] for cause in causes[name]
        )
    assert f"{len(failing)} of {NODES} nodes failed, {len(skipped)} were skipped" in outcome.failure
    assert len(outcome.failure) < 20_000


@pytest.mark.reliability(
    "Faults amid a run",
    tried="500 tests that fail with messages of 20,000 characters",
    outcome="each is one failed check; no event holds more than a part of its message, and the step's error is short",
)
def test_500_tests_with_long_messages_are_500_readable_checks(sleeping: SleepingProject) -> None:
    sleeping.write({"models/orders.sql": "select 1 as id"})
    for number in range(NODES):
        text = f"'{number}_' || repeat('x', 20000)"
        sleeping.write(
            {
                f"tests/t{number:03}.sql": f"select id from {{{{ ref('orders') }}}} where ({text})::int = id"
            }
        )
    outcome = build(sleeping, None)
    assert not outcome.success and outcome.materialized == ["orders"]
    assert outcome.checks == {f"orders:t{number:03}": False for number in range(NODES)}
    evaluations = [e for e in outcome.events if e.event_type_value == "ASSET_CHECK_EVALUATION"]
    assert len(evaluations) == NODES
    for number, (key, metadata) in enumerate(sorted(outcome.check_metadata.items())):
        assert f'"{number}_xxx' in metadata["message"], key
        assert all(len(str(value)) < 10_000 for value in metadata.values())
    assert f"{NODES} of {NODES + 1} nodes failed" in outcome.failure
    assert len(outcome.failure) < 30_000


@contextmanager
def small_disk(folder: Path, *, kilobytes: int) -> Iterator[None]:
    """A file system of this size at a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    mount = ["mount", "-t", "tmpfs", "-o", f"size={kilobytes}k", "tmpfs", str(folder)]
    if os.geteuid() != 0 or subprocess.run(mount, capture_output=True, check=False).returncode != 0:
        pytest.skip("only root may mount a small file system, and not in every container")
    try:
        yield
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)


@pytest.mark.reliability(
    "Faults amid a run",
    tried="the disk of the run's folder is full: before dbt gets its request, and while it builds models",
    outcome="the step fails and says that no space is left; a model is materialized only if it was built",
)
@pytest.mark.parametrize("kilobytes", [16, 600, 900])
def test_a_full_disk_is_named_and_nothing_is_green(
    sleeping: SleepingProject, kilobytes: int
) -> None:
    padding = "-- " + "x" * 5_000
    names = [f"m{number}" for number in range(6)]
    for name in names:
        sleeping.write({f"models/{name}.sql": f"{TABLE} select 1 as id\n{padding}"})
    with small_disk(Path(os.environ["DBT_COMPONENT_CACHE_DIR"]) / "runs", kilobytes=kilobytes):
        outcome = build(sleeping, None)
    assert not outcome.success
    assert "No space left on device" in outcome.failure
    assert ("DBT_COMPONENT_CACHE_DIR" in outcome.failure) == (kilobytes == 16)
    built = {
        name
        for (name,) in sleeping.database.rows(
            "select tablename from pg_tables where schemaname = 'eq'"
        )
    }
    assert set(outcome.materialized) <= built


@pytest.mark.reliability(
    "Faults amid a run",
    tried="after definitions were loaded, a model is removed, another one renamed and one added",
    outcome="the models that are gone are named and the step fails; the others are built, and nothing else is",
)
def test_models_that_are_gone_are_named(sleeping: SleepingProject) -> None:
    for name in ("kept", "removed", "renamed"):
        sleeping.write({f"models/{name}.sql": f"{TABLE} select 1 as id"})
    defs = definitions(sleeping, None)
    (sleeping.folder / "models" / "removed.sql").unlink()
    (sleeping.folder / "models" / "renamed.sql").rename(sleeping.folder / "models" / "added.sql")
    outcome = run(defs)
    assert not outcome.success and outcome.materialized == ["kept"]
    assert "model.sleeping.removed" in outcome.failure
    assert "model.sleeping.renamed" in outcome.failure
    assert sleeping.database.rows("select tablename from pg_tables where schemaname = 'eq'") == [
        ("kept",)
    ]


def killed_in_a_hook(project: SleepingProject, hook: str) -> RunOutcome:
    """Runs two models with a hook that sleeps, and kills dbt while it does."""
    project.write(
        {
            "models/first.sql": TABLE + "select 1 as id",
            "models/second.sql": TABLE + "select id from {{ ref('first') }}",
        }
    )
    project.database.run(["create sequence public.tries"])
    sleeps_once = "select case when nextval('public.tries') = 1 then pg_sleep(300) end"
    project.write_settings(**{hook: [sleeps_once]})
    opened = DbtProject(project.folder)
    opened.preparer.prepare(opened)

    def kill(invocation: DbtCliInvocation) -> None:
        assert wait_until(lambda: bool(project.queries()), seconds=120)
        assert invocation.pid is not None
        os.kill(invocation.pid, signal.SIGKILL)

    @dbt_assets(manifest=opened, name="killed")
    def assets(context: dg.AssetExecutionContext, dbt: DbtCliResource) -> Iterator[Any]:
        invocation = dbt.cli(["build"], context=context)
        killer = threading.Thread(target=kill, args=(invocation,))
        killer.start()
        yield from invocation.stream().fetch_row_counts()
        killer.join()

    resources = {"dbt": DbtCliResource(project_dir=opened)}
    return run(dg.Definitions(assets=[assets], resources=resources))


@pytest.mark.reliability(
    "Faults amid a run",
    tried="dbt is killed before its first node, in a hook of the run's start",
    outcome="no node had started, so dbt runs again in the same step; a warning says so",
)
def test_dbt_killed_before_its_first_node(
    sleeping: SleepingProject, capfd: pytest.CaptureFixture[str]
) -> None:
    outcome = killed_in_a_hook(sleeping, "on-run-start")
    assert outcome.success and outcome.materialized == ["first", "second"]
    assert "2 of 2 nodes did not report" in capfd.readouterr().err


@pytest.mark.reliability(
    "Faults amid a run",
    tried="dbt is killed after its last node, in a hook of the run's end",
    outcome="both models are materialized with their metadata, and the step fails because dbt ended without a result",
)
def test_dbt_killed_after_its_last_node(sleeping: SleepingProject) -> None:
    outcome = killed_in_a_hook(sleeping, "on-run-end")
    assert not outcome.success and outcome.materialized == ["first", "second"]
    assert outcome.metadata["second"]["dagster/row_count"] == 1
    assert "without a result" in outcome.failure or "no result" in outcome.failure


@pytest.mark.reliability(
    "Output that looks like dbt's",
    tried="a macro prints a line that looks like an event of dbt's process, and a line of ten megabytes",
    outcome="events come through a pipe of their own, so nothing is read from there",
)
def test_what_a_project_prints_is_no_event(sleeping: SleepingProject) -> None:
    event = '{"kind": "node_finished", "unique_id": "model.sleeping.second", "status": "success"}'
    sleeping.write(
        {
            "macros/chatter.sql": "{% macro chatter() %}{{ print('" + event + "') }}"
            "{{ print('x' * 10000000) }}{% endmacro %}",
            "models/first.sql": TABLE + "{{ chatter() }} select 1 as id",
            "models/second.sql": TABLE + "select nothing from {{ ref('first') }}",
        }
    )
    outcome = build(sleeping, None)
    assert not outcome.success and outcome.materialized == ["first"]
    assert "1 of 2 nodes failed" in outcome.failure
