"""One build by real dbt for all tests that read its artifact or its log, and dbt assets on the stand-in platform."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from dbt_component.cloud.client.client import DbtCloudClient
from tests.cloud.execution.bakery import Bakery
from tests.cloud.execution.troubled_project import FILES, FinishedCommand, run_dbt, write_project
from tests.dbt_platform.platform import StandInPlatform


@pytest.fixture(scope="session")
def troubled_build(tmp_path_factory: pytest.TempPathFactory) -> FinishedCommand:
    """`dbt build` of the troubled project, which has nodes of every status. Read it, don't change it."""
    folder = tmp_path_factory.mktemp("troubled") / "project"
    write_project(folder, FILES)
    return run_dbt(folder, "build")


@pytest.fixture(scope="session")
def _manifest_path(
    _platform_of_session: StandInPlatform, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    platform = _platform_of_session
    run = platform.trigger(platform.create_job("Build", ["dbt build"]).id)
    platform.wait_for(run.id)
    content = _client(platform).artifact(run.id, "manifest.json")
    assert content is not None
    path = tmp_path_factory.mktemp("bakery") / "manifest.json"
    path.write_bytes(content)
    return path


def _client(platform: StandInPlatform) -> DbtCloudClient:
    return DbtCloudClient(
        platform.account_id,
        token=platform.token,
        access_url=platform.access_url,
        retry_delay_seconds=0.01,
    )


@pytest.fixture
def bakery(dbt_platform: StandInPlatform, _manifest_path: Path) -> Iterator[Bakery]:
    """The project bakery as dbt assets whose step runs on the platform, with a job of its own."""
    client = _client(dbt_platform)
    job = dbt_platform.create_job("DAGSTER_ADHOC_JOB__BAKERY", ["dbt build"])
    yield Bakery(dbt_platform, client, job.id, _manifest_path)
    dbt_platform.delete_job(job.id)
    client.close()
