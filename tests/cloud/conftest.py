"""Fixtures: a workspace of the stand-in platform, and a run there that has a manifest.json."""

from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest

from dbt_component import DbtCloudCredentials, DbtCloudWorkspace
from tests.dbt_platform.platform import StandInPlatform
from tests.dbt_platform.run import Run


@pytest.fixture
def workspace(dbt_platform: StandInPlatform) -> DbtCloudWorkspace:
    """The production environment of the stand-in platform."""
    return workspace_of(dbt_platform)


def workspace_of(platform: StandInPlatform, **settings: Any) -> DbtCloudWorkspace:
    """A workspace of an environment of the platform, by default production."""
    given = {"request_retry_delay": 0.01, "environment_id": platform.environment_id, **settings}
    return DbtCloudWorkspace(
        credentials=DbtCloudCredentials(
            account_id=platform.account_id, token=platform.token, access_url=platform.access_url
        ),
        project_id=platform.project_id,
        **given,
    )


@pytest.fixture(scope="session")
def _parse_run(_platform_of_session: StandInPlatform) -> Run:
    """A run of `dbt parse`, once for all tests."""
    platform = _platform_of_session
    platform.clear_faults()
    job = platform.create_job("Parse for tests", ["dbt parse"])
    return platform.wait_for(platform.trigger(job.id).id)


@pytest.fixture
def parsed(dbt_platform: StandInPlatform, _parse_run: Run) -> Iterator[Run]:
    """A run of production that has just ended, with the steps and artifacts of one that dbt has really run."""
    job = dbt_platform.create_job("Parse", ["dbt parse"])
    run = add_ended_run(dbt_platform, job.id, _parse_run)
    yield run
    dbt_platform.delete_run(run.id)
    dbt_platform.delete_job(job.id)


def add_ended_run(platform: StandInPlatform, job_id: int, source: Run) -> Run:
    """A run that has ended just now, with the steps and artifacts of another."""
    now = datetime.now(timezone.utc)
    run = platform.add_finished_run(
        job_id, status=source.status, created_at=now - timedelta(minutes=1), finished_at=now
    )
    run.steps, run.git_sha = source.steps, source.git_sha
    return run
