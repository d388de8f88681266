"""Fixtures: recorded runs in the staging environment of the stand-in platform, and a sensor that observes it."""

from collections.abc import Iterator

import dagster as dg
import pytest

from tests.cloud.sensor.recorded_runs import RecordedRuns
from tests.cloud.sensor.sources import Sources, run_sources
from tests.cloud.sensor.ticks import Ticks
from tests.dbt_platform import StandInPlatform


@pytest.fixture(scope="session")
def sources(_platform_of_session: StandInPlatform) -> Sources:
    return run_sources(_platform_of_session)


@pytest.fixture
def runs(dbt_platform: StandInPlatform) -> Iterator[RecordedRuns]:
    recorded = RecordedRuns(dbt_platform)
    yield recorded
    recorded.close()


@pytest.fixture
def ticks(dbt_platform: StandInPlatform, sources: Sources) -> Iterator[Ticks]:
    with dg.instance_for_test() as instance:
        yield Ticks(dbt_platform, sources.project, instance)
