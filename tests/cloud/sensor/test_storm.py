"""Ticks amid random faults, lost cursors and late runs: every event of every run, exactly once."""

import random
from collections import Counter
from typing import Any

import pytest

from dbt_component.cloud.sensor.cursor import first_cursor
from dbt_component.cloud.sensor.poll import PollLimits
from dbt_component.errors import DbtCloudError
from tests.cloud.sensor.recorded_runs import RecordedRuns
from tests.cloud.sensor.sources import Sources
from tests.cloud.sensor.ticks import Ticks, name_of, names
from tests.dbt_platform import Fault
from tests.dbt_platform.run import Run

pytestmark = pytest.mark.server
KINDS: list[Any] = [
    "status",
    "drop",
    "truncate",
    "html_page",
    "broken_json",
    "empty",
    "repeated_row",
    "missing_row",
    "hide_artifact",
]
PATHS = [r"/runs/$", r"/runs/\d+/$", r"/artifacts/", ""]


def random_fault(chance: random.Random) -> Fault:
    return Fault(
        "GET",
        chance.choice(PATHS),
        chance.choice(KINDS),
        times=chance.choice([1, 2, 4, 8]),
        after=chance.randrange(8),
        status=chance.choice([429, 500, 502, 503, 504]),
        artifact="run_results.json",
    )


def runs_of(events: list[Any]) -> dict[str, list[Any]]:
    found: dict[str, list[Any]] = {}
    for event in events:
        found.setdefault(event.metadata["run_url"].value, []).append(event)
    return found


@pytest.mark.reliability(
    "Faults of the dbt platform: its sensor",
    tried="30 random faults amid ticks: requests that fail in each way, pages that shift, results that are missing, late runs,"
    " lost cursors, and a daemon that ends before it stored all",
    outcome="every event of every run exactly once, each run in the order of the graph",
)
@pytest.mark.parametrize(
    "seed", [1, 2, *(pytest.param(seed, marks=pytest.mark.slow) for seed in range(3, 15))]
)
def test_a_storm_of_faults_loses_no_event_and_invents_none(
    ticks: Ticks, runs: RecordedRuns, sources: Sources, seed: int
) -> None:
    chance = random.Random(seed)
    ticks.cursor = first_cursor(runs.begin.timestamp() - 600).encode()
    probe = runs.add(sources.good)
    expected = names(ticks.evaluate().asset_events)
    runs.delete(probe)
    ticks.limits = PollLimits(
        events=chance.choice([3, 10, 1_000]),
        attempts=1_000,
        attempts_after_failure=1_000,
        retry_delay_seconds=0,
    )

    added: list[Run] = []
    found: list[Any] = []
    for number in range(30):
        if number < 10:
            source = chance.choice([sources.good, sources.empty, sources.good, None])
            run = runs.add(source, seconds=number - chance.choice([0, 0, 0, 200]))
            if source is sources.good:
                added.append(run)
        ticks.platform.inject(random_fault(chance))
        accident = chance.randrange(12)
        before = ticks.cursor
        try:
            if accident == 0:
                events = list(ticks.evaluate().asset_events)
                events = events[: chance.randrange(len(events) + 1)]
                ticks.store(events)
                found += events
            else:
                found += ticks.tick()
        except DbtCloudError:
            assert ticks.cursor == before
        if accident == 1:
            ticks.cursor = "lost"
        if chance.randrange(3) == 0:
            ticks.platform.clear_faults()
    ticks.platform.clear_faults()
    found += ticks.all(most=400)

    by_run = runs_of(found)
    assert {int(url.rpartition("/")[2]) for url in by_run} == {run.id for run in added}
    for events in by_run.values():
        count = Counter((name_of(event), event.metadata["invocation_id"].value) for event in events)
        assert set(count.values()) == {1}
        assert names(events) == expected
