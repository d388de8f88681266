"""``source_freshness:`` of defs.yaml on real databases: what is measured, what Dagster records, and what is not built."""

import os
import signal
from collections.abc import Iterator
from pathlib import Path
from threading import Thread
from typing import Any

import dagster as dg
import pytest

from dbt_component import DbtProjectComponent
from dbt_component.errors import DagsterDbtError, DuplicateAssetKeyError
from tests.dg_project import DgProject, RunOutcome, run
from tests.equivalence.databases import Database, DuckDatabase, PostgresDatabase
from tests.freshness_project import FreshnessProject, check, source
from tests.sleeping_project import wait_until

pytestmark = [pytest.mark.server, pytest.mark.usefixtures("shared_states")]

JOB = "sales_source_freshness_job"
OP = "sales_source_freshness"


@pytest.fixture(params=[pytest.param("duckdb", marks=pytest.mark.slow), "postgres"])
def project(
    request: pytest.FixtureRequest, dg_project: DgProject, tmp_path: Path
) -> FreshnessProject:
    database: Database = (
        request.getfixturevalue("postgres")
        if request.param == "postgres"
        else DuckDatabase(tmp_path / "db")
    )
    return FreshnessProject(dg_project, database)


@pytest.fixture
def on_duckdb(dg_project: DgProject, tmp_path: Path) -> FreshnessProject:
    return FreshnessProject(dg_project, DuckDatabase(tmp_path / "db"))


@pytest.fixture
def instance() -> Iterator[dg.DagsterInstance]:
    with dg.instance_for_test() as instance:
        yield instance


def measure(
    defs: dg.Definitions, *names: str, instance: dg.DagsterInstance | None = None
) -> RunOutcome:
    """Runs the checks of these sources; by default those of all."""
    keys = [check(name) for name in names] or defs.resolve_asset_graph().asset_check_keys
    wanted = [key for key in keys if key.name == "freshness"]
    return run(defs, dg.AssetSelection.checks(*wanted), instance=instance)


def evaluations(outcome: RunOutcome) -> dict[str, dg.AssetCheckEvaluation]:
    return {
        e.asset_check_evaluation_data.asset_key.path[-1]: e.asset_check_evaluation_data
        for e in outcome.events
        if e.event_type == dg.DagsterEventType.ASSET_CHECK_EVALUATION
        and e.asset_check_evaluation_data.check_name == "freshness"
    }


def versions(outcome: RunOutcome) -> dict[str, str | None]:
    """The data version of each source that was observed."""
    return {
        e.asset_key.path[-1]: e.asset_observation_data.asset_observation.data_version
        for e in outcome.events
        if e.is_asset_observation and e.asset_key and e.asset_key.path[0] == "raw"
    }


def test_each_source_has_a_result_and_an_observation_with_what_dbt_measured(
    project: FreshnessProject,
) -> None:
    loaded_at = project.load_row("fresh", hours_ago=0)
    defs = project.load()
    outcome = run(
        defs,
        dg.AssetSelection.checks(check("fresh"), check("old"), check("stale"), check("empty"))
        | dg.AssetSelection.assets(source("fresh")).without_checks(),
    )
    assert outcome.success, outcome.failure  # a stale source is a failed check, not a failed step
    found = evaluations(outcome)
    assert {name: e.passed for name, e in found.items()} == {
        "fresh": True,
        "old": False,
        "stale": False,
        "empty": False,
    }
    assert found["old"].severity == dg.AssetCheckSeverity.WARN
    assert found["stale"].severity == found["empty"].severity == dg.AssetCheckSeverity.ERROR
    assert str(found["stale"].description).startswith(
        "The source is stale: the last row was loaded 3 days"
    )
    assert found["empty"].description == (
        "The source is stale: no row has a time (error_after: 1 day)"
    )
    metadata = outcome.check_metadata["raw/old:freshness"]
    assert metadata["status"] == "warn"
    assert metadata["age_seconds"] == pytest.approx(60 * 3600, abs=600)
    assert metadata["age"].startswith("2 days 12 hours")
    measured = metadata["snapshotted_at"] - metadata["max_loaded_at"]
    assert measured == pytest.approx(metadata["age_seconds"], abs=0.001)
    assert (metadata["warn_after"], metadata["error_after"]) == ("1 hour", "10 days")
    assert metadata["filter"] == "id > 0"
    assert "warn_after" not in outcome.check_metadata["raw/stale:freshness"]
    observed = versions(outcome)
    assert observed["fresh"] == f"{loaded_at.isoformat()}+00:00"
    assert observed.keys() == found.keys()
    counts = [e for e in outcome.events if e.is_asset_observation]
    assert len(counts) == len(found)


def test_a_source_that_cannot_be_measured_fails_its_check_and_the_step(
    project: FreshnessProject,
) -> None:
    outcome = measure(project.load())
    assert not outcome.success
    found = evaluations(outcome)
    # Without a definition, or with a disabled one, there is no check.
    assert found.keys() == {"fresh", "old", "stale", "empty", "broken", "missing"}
    for name, word in (("broken", "no_such_column"), ("missing", "missing")):
        assert not found[name].passed and found[name].severity == dg.AssetCheckSeverity.ERROR
        assert outcome.check_metadata[f"raw/{name}:freshness"]["status"] == "runtime error"
        assert word in outcome.check_metadata[f"raw/{name}:freshness"]["message"]
    assert found["fresh"].passed
    # An observation without a data version would be another version to Dagster.
    assert versions(outcome).keys() == {"fresh", "old", "stale", "empty"}
    assert "2 of 6 nodes failed" in outcome.failure
    assert "source.sales.raw.broken (runtime error)" in outcome.failure
    assert "source.sales.raw.stale" not in outcome.failure


def test_exactly_the_selected_checks_run(
    project: FreshnessProject, capfd: pytest.CaptureFixture[str]
) -> None:
    defs = project.load(select="source:raw.fresh source:raw.old source:raw.undefined")
    checks = defs.resolve_asset_graph().asset_check_keys
    assert {key for key in checks if key.name == "freshness"} == {check("fresh"), check("old")}
    capfd.readouterr()
    outcome = measure(defs, "fresh")
    assert outcome.success, outcome.failure
    assert evaluations(outcome).keys() == versions(outcome).keys() == {"fresh"}
    output = capfd.readouterr()
    assert "over 1 source, sliced" in output.err
    assert "Found 1 source" in output.out  # a run costs what it selects


def test_the_schedule_launches_the_job_and_other_jobs_do_not_measure(
    on_duckdb: FreshnessProject,
) -> None:
    defs = on_duckdb.load_with(
        source_freshness={
            "select": "source:raw.fresh",
            "cron_schedule": "0 * * * *",
            "execution_timezone": "Europe/Berlin",
            "default_status": "RUNNING",
        },
        schedules=[{"name": "nightly", "cron_schedule": "0 5 * * *", "select": "+from_fresh"}],
    )
    repository = defs.get_repository_def()
    schedule = repository.get_schedule_def("sales_source_freshness_schedule")
    assert schedule.cron_schedule == "0 * * * *"
    assert schedule.execution_timezone == "Europe/Berlin"
    assert schedule.default_status == dg.DefaultScheduleStatus.RUNNING
    assert schedule.job_name == JOB
    with dg.build_schedule_context(repository_def=repository) as context:
        (request,) = schedule.evaluate_tick(context).run_requests or []
    assert request.partition_key is None
    result = repository.get_job(JOB).execute_in_process()
    (evaluation,) = result.get_asset_check_evaluations()
    assert evaluation.asset_check_key == check("fresh") and evaluation.passed
    (observation,) = [e for e in result.all_events if e.is_asset_observation]
    assert observation.asset_key == source("fresh")
    assert {n.name for n in repository.get_job("nightly_job").nodes} == {"sales"}
    everything = dg.define_asset_job("everything", dg.AssetSelection.all())
    merged = dg.Definitions.merge(defs, dg.Definitions(jobs=[everything]))
    assert {n.name for n in merged.resolve_job_def("everything").nodes} == {"sales"}


def test_before_build_keeps_what_reads_a_stale_source_from_being_built(
    project: FreshnessProject,
) -> None:
    outcome = run(project.load(before_build=True))
    assert not outcome.success
    assert sorted(outcome.materialized) == ["from_fresh", "from_old", "from_undefined"]
    # Measured is what the models read and dbt checks; a warning does not keep anything from being built.
    assert outcome.checks == {
        "raw/fresh:freshness": True,
        "raw/old:freshness": False,
        "raw/stale:freshness": False,
        "from_fresh:not_null_from_fresh_id": True,
    }
    assert versions(outcome).keys() == {"fresh", "old", "stale"}
    reason = "source.sales.raw.stale is stale: the last row was loaded 3 days"
    for name in ("from_stale", "below"):
        assert outcome.observations[name].startswith(f"Not materialized: {reason}")
    assert "3 were skipped" in outcome.failure
    assert f"Skipped ({reason}" in outcome.failure
    assert "model.sales.from_stale, model.sales.below, test.sales.not_null_from_stale_id" in (
        outcome.failure
    )
    assert "never reported" not in outcome.failure


@pytest.mark.slow
def test_before_build_measures_only_what_the_step_builds_from(
    on_duckdb: FreshnessProject, instance: dg.DagsterInstance
) -> None:
    defs = on_duckdb.load(before_build=True)
    built = run(defs, dg.AssetSelection.assets("from_fresh"), instance=instance)
    assert built.success, built.failure
    assert evaluations(built).keys() == {"fresh"}
    # dbt is not run at all if nothing is left.
    withheld = run(defs, dg.AssetSelection.assets("from_stale"), instance=instance)
    assert not withheld.success and withheld.materialized == []
    assert evaluations(withheld).keys() == {"stale"}
    assert "1 was skipped" in withheld.failure or "2 were skipped" in withheld.failure
    # `below` would be built from what `from_stale` is now.
    other = run(defs, dg.AssetSelection.assets("from_undefined"), instance=instance)
    assert other.success and evaluations(other) == {}
    checks = run(
        defs,
        dg.AssetSelection.checks(
            dg.AssetCheckKey(dg.AssetKey("from_fresh"), "not_null_from_fresh_id")
        ),
    )
    assert checks.success and evaluations(checks) == {}


def test_before_build_with_a_source_that_cannot_be_measured_builds_nothing_from_it(
    on_duckdb: FreshnessProject,
) -> None:
    on_duckdb.write({"models/from_broken.sql": "select id from {{ source('raw', 'broken') }}"})
    defs = on_duckdb.load(before_build=True)
    outcome = run(defs, dg.AssetSelection.assets("from_broken", "from_fresh"))
    assert not outcome.success and outcome.materialized == ["from_fresh"]
    assert "no_such_column" in outcome.observations["from_broken"]


def test_before_build_measures_the_sources_and_then_leaves_out_what_is_unchanged(
    on_duckdb: FreshnessProject, instance: dg.DagsterInstance
) -> None:
    on_duckdb.write(
        {
            "dbt_project.yml": "{name: sales, profile: sales, version: '1.0', models: {+materialized: table}}"
        }
    )
    defs = on_duckdb.load_with(
        source_freshness={"before_build": True}, skip_unchanged=True, exclude="+from_undefined"
    )
    models = dg.AssetSelection.assets("from_fresh", "from_old")

    def build(selection: dg.AssetSelection = models) -> RunOutcome:
        return run(defs, selection, instance=instance)

    first = build()
    assert first.success, first.failure
    assert set(first.materialized) == {"from_fresh", "from_old"}
    second = build()
    assert second.success, second.failure
    assert second.materialized == []
    assert evaluations(second).keys() == {"fresh", "old"}
    assert "same data of its 1 input" in second.observations["from_fresh"]
    assert "unchanged" in second.observations["from_old"]
    assert second.checks["from_fresh:not_null_from_fresh_id"]
    # Only the new row's reader is built, although no run before has seen the row.
    on_duckdb.load_row("fresh", hours_ago=-0.01)
    third = build()
    assert third.success, third.failure
    assert third.materialized == ["from_fresh"]
    assert "unchanged" in third.observations["from_old"]
    assert build().materialized == []
    # What reads a stale source is withheld, and the rest still left out.
    everything = models | dg.AssetSelection.assets("from_stale", "below")
    withheld = build(everything)
    assert not withheld.success and withheld.materialized == []
    assert "is stale" in withheld.observations["from_stale"]
    assert "is stale" in withheld.observations["below"]
    assert "unchanged" in withheld.observations["from_fresh"]
    on_duckdb.load_row("stale", hours_ago=0)
    last = build(everything)
    assert last.success, last.failure
    assert last.materialized == ["from_stale", "below"]


@pytest.mark.slow
def test_a_run_may_collect_its_events_before_it_yields_them_and_still_sees_new_rows(
    on_duckdb: FreshnessProject, instance: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        DbtProjectComponent,
        "execute",
        lambda self, context, dbt: list(
            dbt.cli(self.get_cli_args(context), context=context).stream()
        ),
    )
    on_duckdb.write(
        {
            "dbt_project.yml": "{name: sales, profile: sales, version: '1.0', models: {+materialized: table}}"
        }
    )
    defs = on_duckdb.load_with(
        source_freshness={"before_build": True}, skip_unchanged=True, select="from_fresh"
    )
    built = []
    for _ in range(2):
        built.append(run(defs, instance=instance).materialized)
        built.append(run(defs, instance=instance).materialized)
        on_duckdb.load_row("fresh", hours_ago=-0.01)
    assert built == [["from_fresh"], [], ["from_fresh"], []]


def test_dagster_sees_that_a_source_has_new_rows(
    on_duckdb: FreshnessProject, instance: dg.DagsterInstance
) -> None:
    defs = on_duckdb.load_with(
        source_freshness={"select": "source:raw.fresh", "before_build": True},
        translation={"automation_condition": "{{ dg.AutomationCondition.eager() }}"},
    )

    def requested(cursor: Any) -> tuple[set[str], Any]:
        result = dg.evaluate_automation_conditions(defs, instance, cursor=cursor)
        return {
            key.to_user_string()
            for key in [dg.AssetKey("from_fresh")]
            if result.get_num_requested(key)
        }, result.cursor

    first = measure(defs, "fresh", instance=instance)
    assert first.success, first.failure
    run(defs, dg.AssetSelection.assets("from_fresh"), instance=instance)
    _, cursor = requested(None)
    again = measure(defs, "fresh", instance=instance)
    assert versions(again) == versions(first)
    found, cursor = requested(cursor)
    assert found == set()
    on_duckdb.load_row("fresh", hours_ago=-0.01)
    assert versions(measure(defs, "fresh", instance=instance)) != versions(first)
    found, cursor = requested(cursor)
    assert found == {"from_fresh"}
    # What is built in a step that measured the source itself is of the new version.
    newest = on_duckdb.load_row("fresh", hours_ago=-0.02)
    outcome = run(defs, dg.AssetSelection.assets("from_fresh"), instance=instance)
    assert outcome.success, outcome.failure
    (event,) = [e for e in outcome.events if e.is_step_materialization]
    tags = event.materialization.tags or {}
    assert tags["dagster/input_data_version/raw/fresh"] == f"{newest.isoformat()}+00:00"


@pytest.mark.slow
def test_partitions_and_run_config_of_the_models_leave_the_sources_alone(
    on_duckdb: FreshnessProject, capfd: pytest.CaptureFixture[str]
) -> None:
    defs = on_duckdb.load_with(
        source_freshness={"select": "source:raw.fresh", "before_build": True},
        translation={"partitions_def": {"type": "static", "partition_keys": ["a", "b"]}},
        cli_args=["build", {"--vars": {"part": "{{ partition_key }}"}}],
        run_config={"threads": 1},
    )
    capfd.readouterr()
    outcome = measure(defs, "fresh")
    assert outcome.success, outcome.failure
    assert "Concurrency: 1 threads" in capfd.readouterr().out
    outcome = run(defs, dg.AssetSelection.assets("from_fresh"), partition_key="a")
    assert outcome.success, outcome.failure
    assert evaluations(outcome)["fresh"].passed and outcome.materialized == ["from_fresh"]


@pytest.mark.slow
def test_without_observe_the_sources_are_no_assets_and_may_be_made_elsewhere(
    on_duckdb: FreshnessProject,
) -> None:
    defs = on_duckdb.load(select="source:raw.fresh", observe=False, before_build=True)
    ingested = dg.asset(key=source("fresh"))(lambda: None)
    merged = dg.Definitions.merge(defs, dg.Definitions(assets=[ingested]))
    assert not defs.resolve_asset_graph().get(source("fresh")).is_executable
    outcome = measure(merged, "fresh")
    assert outcome.success, outcome.failure
    assert evaluations(outcome)["fresh"].passed
    assert versions(outcome) == {"fresh": None}
    outcome = run(merged)
    assert "raw/fresh" in outcome.materialized and "from_fresh" in outcome.materialized


def test_two_components_that_measure_the_same_source_are_refused(
    on_duckdb: FreshnessProject,
) -> None:
    project = on_duckdb.dg_project
    place = "{{ context.project_root }}/sales"
    for observe in (True, False):
        for folder, select in (("first", "from_fresh"), ("second", "from_old")):
            project.write_component(
                folder,
                project=place,
                select=select,
                op={"name": folder},
                source_freshness={"observe": observe, "select": "source:raw.fresh"},
            )
        project.refresh()
        with pytest.raises(DuplicateAssetKeyError) as caught:
            project.load()
        what = "assets: 'raw/fresh'" if observe else "checks: 'raw/fresh:freshness'"
        assert f"Two components define the same {what}." in str(caught.value)
        assert "`source_freshness`" in str(caught.value.hint)


def test_a_project_without_freshness_has_no_op(dg_project: DgProject, prepared: None) -> None:
    dg_project.write_component(source_freshness={"cron_schedule": "0 * * * *"})
    repository = dg_project.load().get_repository_def()
    assert [job.name for job in repository.get_all_jobs()] == ["__ASSET_JOB"]
    assert not repository.has_schedule_def("shop_source_freshness_schedule")


@pytest.mark.parametrize(
    ("settings", "key", "message"),
    [
        (
            {"default_status": "RUNNING"},
            "default_status",
            "`default_status: RUNNING` has no effect",
        ),
        ({"execution_timezone": "Europe/Berlin"}, "execution_timezone", "has no effect without"),
        ({"select": "a", "selector": "b"}, "select", "selector"),
        ({"cron_schedule": "often"}, "cron_schedule", "often"),
    ],
)
def test_settings_that_make_no_sense_are_refused_with_their_place(
    on_duckdb: FreshnessProject, settings: dict[str, Any], key: str, message: str
) -> None:
    with pytest.raises(DagsterDbtError) as caught:
        on_duckdb.load(**settings)
    assert message in str(caught.value)
    assert "defs.yaml" in str(caught.value.where)


def test_a_selection_that_dbt_refuses_is_named(on_duckdb: FreshnessProject) -> None:
    with pytest.raises(DagsterDbtError) as caught:
        on_duckdb.load(select="nomethod:a")
    assert "source_freshness" in str(caught.value) or "defs.yaml:" in str(caught.value.where)


def test_a_wrapper_around_dbt_is_refused(on_duckdb: FreshnessProject, tmp_path: Path) -> None:
    wrapper = tmp_path / "wrapped-dbt"
    wrapper.write_text('#!/bin/sh\nexec dbt "$@"\n')
    wrapper.chmod(0o755)
    on_duckdb.dg_project.write_component(
        project={
            "project_dir": "{{ context.project_root }}/sales",
            "dbt_executable": str(wrapper),
        },
        source_freshness={"select": "source:raw.fresh"},
    )
    on_duckdb.dg_project.refresh()
    outcome = measure(on_duckdb.dg_project.load(), "fresh")
    assert "`source_freshness` needs a dbt that is a Python script" in outcome.failure


def test_sources_that_a_killed_dbt_did_not_report_fail_their_checks(
    dg_project: DgProject, postgres: PostgresDatabase
) -> None:
    project = FreshnessProject(dg_project, postgres)
    project.database.run(
        [
            "create view landing.missing as select now()::timestamp as loaded_at from pg_sleep(300)",
        ]
    )
    defs = project.load(select="source:raw.fresh source:raw.missing")

    def kill() -> None:
        def queries() -> list[int]:
            with postgres.connect() as connection:
                rows = connection.execute(
                    "select application_name, pid from pg_stat_activity where state = 'active'"
                    " and query like '%landing%missing%' and pid <> pg_backend_pid()"
                ).fetchall()
            return [pid for _, pid in rows]

        assert wait_until(lambda: bool(queries()), seconds=60)
        for folder in Path("/proc").iterdir():
            if folder.name.isdigit() and is_dbt_child(folder):
                os.kill(int(folder.name), signal.SIGKILL)

    killer = Thread(target=kill)
    killer.start()
    outcome = measure(defs)
    killer.join()
    assert not outcome.success
    found = evaluations(outcome)
    assert found["fresh"].passed and not found["missing"].passed
    assert "before it reported this source" in str(found["missing"].description)
    assert outcome.check_metadata["raw/missing:freshness"]["status"] == "not reported"
    assert "1 never reported" in outcome.failure


def is_dbt_child(folder: Path) -> bool:
    """Whether this is the dbt process of a run of this test's process."""
    try:
        words = (folder / "cmdline").read_bytes().split(b"\0")
        parent = int((folder / "stat").read_text().rpartition(")")[2].split()[1])
    except (OSError, ValueError, IndexError):
        return False
    return parent == os.getpid() and any(word.endswith(b"dbt_process/child") for word in words)
