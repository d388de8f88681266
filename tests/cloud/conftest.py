"""Fixtures: a workspace of the stand-in platform, and a client of it."""

from typing import Any

import pytest

from dbt_component import DbtCloudCredentials, DbtCloudWorkspace
from tests.dbt_platform.platform import StandInPlatform


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
