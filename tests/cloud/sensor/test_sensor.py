"""The sensor against the stand-in platform: each event of a run that Dagster did not start, once and in order."""

import logging
import time
from collections import Counter
from dataclasses import replace
from datetime import timedelta
from typing import Any

import dagster as dg
import pytest

from dbt_component.cloud.adhoc_jobs import PREFIX
from dbt_component.cloud.sensor.cursor import MAX_HANDLED, first_cursor
from dbt_component.cloud.sensor.observed_project import (
    ObservedProject,
    observe_selected,
)
from dbt_component.cloud.sensor.poll import PollLimits, RunPoll
from dbt_component.cloud.sensor.sensor import sensor_name
from dbt_component.definitions.spec_builder import build_specs
from dbt_component.definitions.spec_rules import SpecRules
from dbt_component.definitions.translator import DagsterDbtTranslator
from dbt_component.errors import DbtCloudAuthError, DbtCloudUnavailableError
from tests.cloud.sensor.recorded_runs import RecordedRuns
from tests.cloud.sensor.sources import Sources
from tests.cloud.sensor.ticks import Ticks, name_of, names, urls
from tests.dbt_platform import Fault, RunStatus
from tests.dbt_platform.run import Run

pytestmark = pytest.mark.server
ASSETS = ["raw_orders", "raw_products", "stg_orders", "stg_products", "product_sales", "baking"]


def positions(events: list[Any], project: ObservedProject) -> list[int]:
    return [project.index.positions[event.metadata["unique_id"].value] for event in events]


@pytest.mark.reliability(
    "Faults of the dbt platform: its sensor",
    tried="a run started on the platform's pages",
    outcome="its events appear in Dagster once, and never again in later ticks",
)
def test_a_run_that_is_started_on_the_platform_shows_up_once(
    ticks: Ticks, runs: RecordedRuns
) -> None:
    assert ticks.tick() == []
    run = runs.start(["dbt seed"])
    events = ticks.tick()
    assert sorted(names(events)) == ["raw_orders", "raw_products"]
    assert ticks.tick() == []
    assert ticks.message == "No new events."
    [event] = [event for event in events if name_of(event) == "raw_orders"]
    metadata = {key: value.value for key, value in event.metadata.items()}
    assert metadata["unique_id"] == "seed.bakery.raw_orders"
    assert metadata["status"] == "success"
    assert metadata["Execution Duration"] > 0
    assert metadata["invocation_id"]
    assert metadata["run_url"].endswith(f"/runs/{run.id}")
    assert (metadata["job"], metadata["commit"]) == ("nightly", run.git_sha)
    assert metadata["environment"]
    ended = metadata["dagster_dbt/completed_at_timestamp"]
    assert runs.begin.timestamp() < ended <= time.time()
    found = ticks.instance.get_latest_materialization_event(dg.AssetKey("raw_orders"))
    assert found is not None


def test_the_events_of_a_failed_run_are_in_the_order_of_its_steps_and_of_the_graph(
    ticks: Ticks, runs: RecordedRuns, sources: Sources
) -> None:
    assert sources.good.status is RunStatus.ERROR
    runs.add(sources.good)
    events = ticks.tick()
    kinds = [type(event).__name__ for event in events]
    last = len(kinds) - kinds[::-1].index("AssetMaterialization")
    assert set(kinds[:last]) == {"AssetMaterialization"}
    assert set(names(events[:last])) == {*ASSETS, "oven", "oven_report"}
    assert len(names(events[:last])) == 8
    for step in (events[:2], events[2:last], events[last:]):
        found = positions(step, sources.project)
        assert found == sorted(found)
    checks = [event for event in events[last:] if isinstance(event, dg.AssetCheckEvaluation)]
    assert len(checks) == len(sources.project.index.tests)
    assert len({name_of(check) for check in checks}) == len(checks)


@pytest.mark.reliability(
    "Faults of the dbt platform: its sensor",
    tried="a run on the platform in which a test fails, one warns, and nodes are skipped",
    outcome="check evaluations with their severity; no event for what was not built",
)
def test_tests_that_fail_or_warn_are_check_evaluations_and_skipped_nodes_are_nothing(
    ticks: Ticks, runs: RecordedRuns, sources: Sources
) -> None:
    runs.add(sources.bad)
    events = ticks.tick()
    by_name = {name_of(event): event for event in events}
    assert len(by_name) == len(events)
    failed = by_name["stg_orders:amounts_are_high_enough"]
    assert (failed.passed, failed.severity) == (False, dg.AssetCheckSeverity.ERROR)
    assert failed.metadata["dagster_dbt/failed_row_count"].value > 0
    assert "Got" in failed.description
    [warned] = [e for name, e in by_name.items() if ":relationships" in name]
    assert (warned.passed, warned.severity) == (False, dg.AssetCheckSeverity.WARN)
    [passed] = [e for name, e in by_name.items() if ":unique_stg_orders" in name]
    assert passed.passed
    assert "product_sales" not in by_name
    assert "stg_orders" in by_name


@pytest.mark.reliability(
    "Faults of the dbt platform: its sensor",
    tried="a run retried on the platform",
    outcome="the retry has the events of the nodes that it ran, and no others",
)
def test_a_run_that_resumes_another_has_the_events_of_what_it_ran(
    ticks: Ticks, runs: RecordedRuns, sources: Sources
) -> None:
    resumed = runs.add(sources.bad)
    run = runs.add(sources.retried, seconds=1)
    run.retrying = resumed
    events = [e for e in ticks.tick() if e.metadata["run_url"].value.endswith(str(run.id))]
    assert names(events) == ["stg_orders:amounts_are_high_enough"]
    assert not events[0].passed


@pytest.mark.reliability(
    "Faults of the dbt platform: its sensor",
    tried="runs without nodes or artifacts before a run with some",
    outcome="the later run is reported",
)
def test_a_run_without_nodes_hides_no_later_run(
    ticks: Ticks, runs: RecordedRuns, sources: Sources
) -> None:
    runs.add(sources.empty, seconds=1)
    runs.add(None, seconds=2)
    later = runs.add(sources.bad, seconds=3)
    events = ticks.all()
    assert list(urls(events)) == [f"{ticks.platform.access_url}{path_of(later, ticks)}"]
    assert "tried again" not in (ticks.message or "")


def path_of(run: Run, ticks: Ticks) -> str:
    platform = ticks.platform
    return f"/deploy/{platform.account_id}/projects/{platform.project_id}/runs/{run.id}"


@pytest.mark.reliability(
    "Faults of the dbt platform: its sensor",
    tried="a run in a job of Dagster's own",
    outcome="it is left out at the cost of no request",
)
def test_runs_that_dagster_started_are_left_out(
    ticks: Ticks, runs: RecordedRuns, sources: Sources
) -> None:
    runs.add(sources.good, job_name=f"{PREFIX}BAKERY__STAGING__2")
    before = len(ticks.platform.requests)
    assert ticks.tick() == []
    # Nothing but the list was asked for.
    assert len(ticks.platform.requests) - before == 1


@pytest.mark.reliability(
    "Faults of the dbt platform: its sensor",
    tried="a run that Dagster started in another job, and the platform's retry of it",
    outcome="both are left out; other retries are reported",
)
def test_runs_whose_cause_names_dagster_and_their_retries_are_left_out(
    ticks: Ticks, runs: RecordedRuns, sources: Sources
) -> None:
    started, retry, other = (runs.add(sources.bad, seconds=number) for number in range(3))
    started.trigger = replace(started.trigger, cause="Triggered by Dagster: step build (1f2e)")
    retry.retrying = started
    again = runs.add(sources.bad, seconds=4)
    again.retrying = other
    events = ticks.all()
    assert [int(url.rpartition("/")[2]) for url in urls(events)] == [other.id, again.id]


@pytest.mark.reliability(
    "Faults of the dbt platform: its sensor",
    tried="runs of a pull request, of a CI job and with a schema of their own in the observed environment, and a retry of one",
    outcome="none is reported, since they have built none of the environment's tables; runs among them are",
)
def test_runs_that_build_into_a_schema_of_their_own_are_left_out(
    ticks: Ticks, runs: RecordedRuns, sources: Sources
) -> None:
    settings: list[dict[str, Any]] = [
        {"github_pull_request_id": 7},
        {"non_native_pull_request_id": 7},
        {"schema_override": "trial"},
    ]
    trials = [runs.add(sources.bad, seconds=number) for number in range(4)]
    for run, own in zip(trials, settings, strict=False):
        run.trigger = replace(run.trigger, **own)
    trials[3].job = replace(trials[3].job, job_type="ci")
    retry = runs.add(sources.retried, seconds=5)
    retry.retrying = trials[2]
    usual = runs.add(sources.bad, seconds=2.5)
    events = ticks.all()
    assert list(urls(events)) == [f"{ticks.platform.access_url}{path_of(usual, ticks)}"]


@pytest.mark.reliability(
    "Faults of the dbt platform: its sensor",
    tried="answers about the run that a retry resumes that can't be read",
    outcome="later runs are reported; the retry is left out as soon as it is known to be Dagster's",
)
def test_a_retry_of_an_unreadable_run_holds_up_no_other(
    ticks: Ticks, runs: RecordedRuns, sources: Sources
) -> None:
    started, retry, other = (runs.add(sources.bad, seconds=number) for number in range(3))
    started.trigger = replace(started.trigger, cause="Triggered by Dagster: step build (1f2e)")
    retry.retrying = started
    ticks.platform.inject(Fault("GET", rf"/runs/{started.id}/$", "broken_json", None))
    events = ticks.tick()
    assert [int(url.rpartition("/")[2]) for url in urls(events)] == [other.id]
    assert "1 run(s) will be tried again" in (ticks.message or "")
    ticks.platform.clear_faults()
    assert ticks.all() == []
    assert ticks.message == "No new events."


def test_tests_that_are_no_checks_are_observations_of_the_assets_that_they_read(
    ticks: Ticks, runs: RecordedRuns, sources: Sources
) -> None:
    known = sources.project
    ticks.project = ObservedProject(known.index, known.asset_key_of, lambda unique_id: None)
    runs.add(sources.bad)
    expected = list(ticks.evaluate().asset_events)
    observed = [event for event in expected if isinstance(event, dg.AssetObservation)]
    assert any("'fail'" in str(event.description) for event in observed)
    assert {key for event in observed for key in event.asset_key.path} >= {"stg_orders"}
    ticks.store(expected[:3])
    assert len(ticks.all()) == len(expected) - 3


def test_only_what_the_definitions_select_is_reported(
    ticks: Ticks, runs: RecordedRuns, sources: Sources
) -> None:
    tests = sources.project.index.tests
    [test] = [test.unique_id for test in tests if test.name == "unique_stg_orders_order_id"]
    translator = DagsterDbtTranslator()
    specs = build_specs(
        sources.manifest,
        SpecRules(translator, translator.settings),
        selected_ids={"model.bakery.stg_orders", test},
        project=None,
    )
    ticks.project = observe_selected(specs)
    runs.add(sources.good)
    events = ticks.tick()
    made = [event for event in events if not isinstance(event, dg.AssetObservation)]
    assert names(made) == ["stg_orders", "stg_orders:unique_stg_orders_order_id"]
    assert {event.asset_key.path[-1] for event in events} == {"stg_orders"}


@pytest.mark.reliability(
    "Faults of the dbt platform: its sensor",
    tried="a run that the platform lists five minutes after it finished, behind others",
    outcome="it is reported once",
)
def test_a_run_that_is_listed_late_is_not_lost(
    ticks: Ticks, runs: RecordedRuns, sources: Sources
) -> None:
    ticks.cursor = first_cursor(time.time() - 3_600).encode()
    runs.add(sources.bad)
    first = ticks.tick()
    runs.add(sources.good, seconds=-300)
    second = ticks.tick()
    assert len(urls(first)) == len(urls(second)) == 1
    assert ticks.tick() == []


def test_runs_from_before_the_first_tick_are_not_reported(
    ticks: Ticks, runs: RecordedRuns, sources: Sources
) -> None:
    runs.add(sources.bad, seconds=-120)
    assert ticks.tick() == []
    runs.add(sources.bad, seconds=-30)
    assert len(urls(ticks.tick())) == 1


@pytest.mark.reliability(
    "Faults of the dbt platform: its sensor",
    tried="a run deleted between the list and its details",
    outcome="the others are reported",
)
def test_a_deleted_run_hides_no_other(ticks: Ticks, runs: RecordedRuns, sources: Sources) -> None:
    deleted, other = runs.add(sources.bad), runs.add(sources.bad, seconds=1)
    ticks.platform.inject(Fault("GET", "", "deleted_run", None, run_id=deleted.id))
    events = ticks.all()
    assert [url.endswith(str(other.id)) for url in urls(events)] == [True]


@pytest.mark.reliability(
    "Faults of the dbt platform: its sensor",
    tried="results that are broken, cut off, refused with 500, not sent or missing at first",
    outcome="what could be read is reported, other runs go on, the rest follows once",
)
@pytest.mark.parametrize("kind", ["broken_json", "truncate", "status", "drop", "hide_artifact"])
def test_results_that_can_not_be_read_now_are_reported_when_they_can(
    ticks: Ticks, runs: RecordedRuns, sources: Sources, kind: Any
) -> None:
    first, second = runs.add(sources.good), runs.add(sources.bad, seconds=1)
    ticks.platform.inject(
        Fault(
            "GET",
            f"/runs/{first.id}/artifacts/",
            kind,
            None,
            after=2,  # the results of the first build and of the seeds can be read
            artifact="run_results.json" if kind == "hide_artifact" else None,
        )
    )
    events = ticks.tick()
    assert ticks.message is not None
    assert "1 run(s) will be tried again" in ticks.message
    count = urls(events)
    assert {url.rpartition("/")[2]: number for url, number in count.items()} == {
        str(first.id): 2,
        str(second.id): count[events[-1].metadata["run_url"].value],
    }
    ticks.platform.clear_faults()
    events += ticks.all()
    found = Counter((name_of(event), event.metadata["run_url"].value) for event in events)
    assert set(found.values()) == {1}
    of_first = [
        event for event in events if event.metadata["run_url"].value.endswith(str(first.id))
    ]
    assert len(of_first) == 8 + len(sources.project.index.tests)


@pytest.mark.reliability(
    "Faults of the dbt platform: its sensor",
    tried="results that stay broken",
    outcome="a warning names the run after a bounded number of attempts",
)
def test_results_that_can_never_be_read_are_given_up_with_a_warning(
    ticks: Ticks, runs: RecordedRuns, sources: Sources, capsys: pytest.CaptureFixture[str]
) -> None:
    ticks.limits = PollLimits(attempts=3, retry_delay_seconds=0)
    run = runs.add(sources.good)
    ticks.platform.inject(Fault("GET", "/artifacts/", "broken_json", None))
    assert [ticks.tick() for _ in range(3)] == [[], [], []]
    assert (
        f"Run {run.id} is not reported, or only in part, after 3 attempts"
        in capsys.readouterr().err
    )
    ticks.platform.clear_faults()
    assert ticks.all() == []


def test_a_failed_run_without_results_is_not_tried_again(
    ticks: Ticks, runs: RecordedRuns, sources: Sources
) -> None:
    runs.add(sources.bad)
    ticks.platform.inject(
        Fault("GET", "/artifacts/", "hide_artifact", None, artifact="run_results.json")
    )
    assert ticks.tick() == []
    assert ticks.message == "No new events."


@pytest.mark.reliability(
    "Faults of the dbt platform: its sensor",
    tried="a row that appears or vanishes between two pages of runs",
    outcome="each run is reported once, in order",
)
@pytest.mark.parametrize("kind", ["missing_row", "repeated_row"])
def test_pages_that_shift_lose_no_run_and_repeat_none(
    ticks: Ticks, runs: RecordedRuns, sources: Sources, kind: Any
) -> None:
    added = [runs.add(sources.empty if n % 40 else sources.bad, seconds=n / 10) for n in range(230)]
    ticks.platform.inject(Fault("GET", r"/runs/$", kind))
    events = ticks.all()
    reported = [int(url.rpartition("/")[2]) for url in urls(events)]
    assert reported == [run.id for number, run in enumerate(added) if number % 40 == 0]
    assert len(set(urls(events).values())) == 1


@pytest.mark.reliability(
    "Faults of the dbt platform: its sensor",
    tried="each request of a tick in turn dropped, refused with 500, cut off, empty, broken, or answered with a page",
    outcome="the same events as without the fault",
)
@pytest.mark.parametrize(
    "kind", ["drop", "status", "html_page", "broken_json", "empty", "truncate"]
)
def test_a_request_that_fails_in_passing_loses_nothing(
    ticks: Ticks, runs: RecordedRuns, sources: Sources, kind: Any
) -> None:
    runs.add(sources.bad)
    expected = names(ticks.evaluate().asset_events)
    assert expected
    for after in range(3):
        ticks.platform.clear_faults()
        ticks.platform.inject(Fault("GET", "", kind, after=after))
        assert names(ticks.evaluate().asset_events) == expected


@pytest.mark.reliability(
    "Faults of the dbt platform: its sensor",
    tried="429 with `Retry-After: 30` in the middle of a tick of two seconds",
    outcome="the tick ends in time with what it has; the next ones report the rest once",
)
def test_too_many_requests_end_the_tick_in_time_and_the_next_one_goes_on(
    ticks: Ticks, runs: RecordedRuns, sources: Sources
) -> None:
    ticks.budget_seconds = 2
    for number in range(3):
        runs.add(sources.bad, seconds=number)
    limited = Fault(
        "GET", r"/runs/\d+/", "status", None, after=2, status=429, headers={"Retry-After": "30"}
    )
    ticks.platform.inject(limited)
    begin = time.monotonic()
    events = ticks.tick()
    assert time.monotonic() - begin < 4
    assert len(urls(events)) == 1
    ticks.platform.clear_faults()
    events += ticks.all()
    assert len(urls(events)) == 3
    assert len(set(urls(events).values())) == 1


@pytest.mark.reliability(
    "Faults of the dbt platform: its sensor",
    tried="a platform that is down, or refuses access",
    outcome="the tick fails, and the next one reports what it missed",
)
def test_a_platform_that_does_not_answer_fails_the_tick_and_keeps_the_cursor(
    ticks: Ticks, runs: RecordedRuns, sources: Sources
) -> None:
    ticks.tick()
    before = ticks.cursor
    runs.add(sources.bad)
    ticks.platform.inject(Fault("GET", "", "status", None, status=503))
    with pytest.raises(DbtCloudUnavailableError):
        ticks.tick()
    ticks.platform.clear_faults()
    ticks.platform.inject(Fault("GET", r"/runs/\d+/", "status", None, status=403))
    with pytest.raises(DbtCloudAuthError):
        ticks.tick()
    assert ticks.cursor == before
    ticks.platform.clear_faults()
    assert len(urls(ticks.tick())) == 1


@pytest.mark.reliability(
    "Faults of the dbt platform: its sensor",
    tried="403 in the middle of a tick",
    outcome="what was found is reported, the next tick fails, and later ones report the rest once",
)
def test_access_that_is_refused_in_the_middle_does_not_lose_what_was_found(
    ticks: Ticks, runs: RecordedRuns, sources: Sources
) -> None:
    runs.add(sources.bad)
    runs.add(sources.bad, seconds=1)
    ticks.platform.inject(Fault("GET", r"/runs/\d+/", "status", None, after=2, status=403))
    events = ticks.tick()
    assert len(urls(events)) == 1
    with pytest.raises(DbtCloudAuthError):
        ticks.tick()
    ticks.platform.clear_faults()
    events += ticks.all()
    assert len(urls(events)) == 2
    assert len(set(urls(events).values())) == 1


@pytest.mark.reliability(
    "Faults of the dbt platform: its sensor",
    tried="more runs than a tick has time for",
    outcome="each is reported once, over several ticks",
)
def test_many_runs_are_reported_over_several_ticks_with_little_time(
    ticks: Ticks, runs: RecordedRuns, sources: Sources
) -> None:
    ticks.budget_seconds = 1
    ticks.platform.inject(Fault("GET", r"/runs/\d+/$", "slow", None, seconds=0.1))
    added = [runs.add(sources.bad, seconds=n) for n in range(15)]
    events: list[Any] = []
    number = 0
    while len(urls(events)) < 15:
        begin = time.monotonic()
        events += ticks.tick()
        assert time.monotonic() - begin < 5
        number += 1
    assert 1 < number <= 15
    assert [int(url.rpartition("/")[2]) for url in urls(events)] == [run.id for run in added]
    assert len(set(urls(events).values())) == 1


@pytest.mark.reliability(
    "Faults of the dbt platform: its sensor",
    tried="a run with more events than one tick reports, and a late run in between",
    outcome="every event once, in the order of the graph",
)
def test_a_run_with_more_events_than_fit_goes_on_where_it_stopped(
    ticks: Ticks, runs: RecordedRuns, sources: Sources
) -> None:
    runs.add(sources.good)
    runs.add(sources.bad, seconds=1)
    expected = names(ticks.evaluate().asset_events)
    ticks.limits = PollLimits(events=3, retry_delay_seconds=0)
    events = ticks.tick()
    assert len(events) == 3
    assert ticks.message == "Reported 3 event(s) of 1 run(s). The next tick goes on."
    # A run that is listed late comes in between and does not make the first one begin again.
    late = runs.add(sources.bad, seconds=-10)
    events += ticks.all()
    of_late = [e for e in events if e.metadata["run_url"].value.endswith(str(late.id))]
    assert names([e for e in events if e not in of_late]) == expected
    assert names(of_late) == expected[-len(of_late) :]


@pytest.mark.reliability(
    "Faults of the dbt platform: its sensor",
    tried="a daemon that ends after it stored some events of a tick, before its cursor",
    outcome="the other events are reported, and none twice",
)
def test_a_daemon_that_ends_before_it_stores_the_cursor_repeats_no_event(
    ticks: Ticks, runs: RecordedRuns, sources: Sources
) -> None:
    runs.add(sources.good)
    events = list(ticks.evaluate().asset_events)
    ticks.store(events[:5])
    rest = ticks.tick()
    assert names(rest) == names(events[5:])


@pytest.mark.reliability(
    "Faults of the dbt platform: its sensor",
    tried="a cursor that is malformed or of another version",
    outcome="a warning; the last hour is looked at again, and nothing is reported twice",
)
@pytest.mark.parametrize(
    "cursor",
    ["", "nonsense", "{}", '{"version": 99, "floor": 1.0}', '{"version": 1, "floor": "x"}'],
)
def test_a_cursor_that_can_not_be_read_repeats_no_event_and_loses_none(
    ticks: Ticks,
    runs: RecordedRuns,
    sources: Sources,
    capsys: pytest.CaptureFixture[str],
    cursor: str,
) -> None:
    runs.add(sources.good)
    runs.add(sources.bad, seconds=1)
    assert len(urls(ticks.tick())) == 2
    ticks.cursor = cursor
    new = runs.add(sources.bad, seconds=-20)
    events = ticks.all()
    assert [int(url.rpartition("/")[2]) for url in urls(events)] == [new.id]
    warned = capsys.readouterr().err
    assert ("can't be read" in warned or "version 99" in warned) == bool(cursor)


@pytest.mark.reliability(
    "Faults of the dbt platform: its sensor",
    tried="a lost cursor, and an event log that is slow to say what it has",
    outcome="ticks end in time, and go on where they stopped",
)
def test_looking_in_a_slow_event_log_ends_in_time_and_goes_on(
    ticks: Ticks, runs: RecordedRuns, sources: Sources
) -> None:
    asked: list[str] = []

    def is_reported(event: Any) -> bool:
        asked.append(name_of(event))
        time.sleep(0.2)
        return True

    run = runs.add(sources.good)
    poll = RunPoll(
        ticks.client,
        project_id=ticks.platform.project_id,
        environment_id=ticks.platform.staging_environment_id,
        project=sources.project,
        is_reported=is_reported,
        log=logging.getLogger("sensor"),
    )
    cursor, number = first_cursor(time.time()), 0
    while run.id not in cursor.handled_ids:
        begin = time.monotonic()
        result = poll.tick(cursor, budget_seconds=1.0)
        assert time.monotonic() - begin < 2.5
        assert result.events == []
        cursor, number = result.cursor, number + 1
    assert number > 1
    assert set(asked) >= {*ASSETS, "stg_orders:amounts_are_high_enough"}


@pytest.mark.reliability(
    "Faults of the dbt platform: its sensor",
    tried="results of a node that the state does not know",
    outcome="a warning names it; it has no event",
)
def test_nodes_that_the_state_does_not_know_are_named_and_have_no_events(
    ticks: Ticks, runs: RecordedRuns, sources: Sources, capsys: pytest.CaptureFixture[str]
) -> None:
    known = sources.project
    index = type(known.index)(
        **{
            name: getattr(known.index, name)
            for name in known.index.__struct_fields__
            if name != "nodes"
        },
        nodes=[node for node in known.index.nodes if node.name != "raw_orders"],
    )
    ticks.project = ObservedProject(index, known.asset_key_of, known.check_key_of)
    runs.add(sources.good)
    assert "raw_orders" not in names(ticks.tick())
    assert "seed.bakery.raw_orders. Refresh the state." in capsys.readouterr().err


def test_the_name_of_the_sensor_is_valid_and_of_its_environment() -> None:
    assert sensor_name(1, 2, 3) == "dbt_cloud_1_2_3__run_status_sensor"


@pytest.mark.reliability(
    "Faults of the dbt platform: its sensor",
    tried="650 runs within seven seconds",
    outcome="the cursor stays below 25 kB, and the last run is reported once",
)
def test_a_busy_environment_stays_within_the_cursor(
    ticks: Ticks, runs: RecordedRuns, sources: Sources
) -> None:
    ticks.cursor = first_cursor(runs.begin.timestamp()).encode()
    runs.begin -= timedelta(seconds=10)
    added = [runs.add(None, seconds=10 + n / 100) for n in range(650)]
    last = runs.add(sources.bad, seconds=30)
    events = ticks.all()
    assert [int(url.rpartition("/")[2]) for url in urls(events)] == [last.id]
    assert ticks.cursor is not None
    assert len(ticks.cursor) < 25_000
    assert ticks.tick() == []
    assert len(added) > MAX_HANDLED
