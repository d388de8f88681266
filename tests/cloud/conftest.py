"""Fixtures: a workspace of the stand-in platform, and a client of it."""

import pytest

from dbt_component import DbtCloudCredentials, DbtCloudWorkspace
from tests.dbt_platform.platform import StandInPlatform


@pytest.fixture
def workspace(dbt_platform: StandInPlatform) -> DbtCloudWorkspace:
    """The production environment of the stand-in platform."""
    return workspace_of(dbt_platform)


def workspace_of(platform: StandInPlatform, **settings: object) -> DbtCloudWorkspace:
    """A workspace of an environment of the platform, by default production."""
    given: dict[str, object] = {"request_retry_delay": 0.01, **settings}
    return DbtCloudWorkspace(
        credentials=DbtCloudCredentials(
            account_id=platform.account_id, token=platform.token, access_url=platform.access_url
        ),
        project_id=platform.project_id,
        environment_id=given.pop("environment_id", platform.environment_id),  # type: ignore[arg-type]
        **given,  # type: ignore[arg-type]
    )
