"""Fixtures: a dg project with a DbtCloudComponent of the stand-in platform."""

from typing import Any

import pytest
import yaml

from tests.dbt_platform.platform import StandInPlatform
from tests.dg_project import DgProject

KEYS = ("account_id", "token", "access_url", "project_id", "environment_id")


@pytest.fixture
def cloud_project(
    dg_project: DgProject, dbt_platform: StandInPlatform, monkeypatch: pytest.MonkeyPatch
) -> "CloudProject":
    """A dg project without a component; the variables of its workspace are set."""
    for key in KEYS:
        monkeypatch.setenv(f"DBT_CLOUD_{key.upper()}", str(getattr(dbt_platform, key)))
    return CloudProject(dg_project)


class CloudProject:
    """A dg project whose component is on the platform."""

    def __init__(self, project: DgProject) -> None:
        self.project = project

    def write(self, workspace: dict[str, Any] | None = None, **attributes: Any) -> "CloudProject":
        """Writes defs.yaml; ``workspace`` has keys besides those from the environment."""
        given = {key: f"{{{{ env('DBT_CLOUD_{key.upper()}') }}}}" for key in KEYS}
        content = {
            "type": "dbt_component.DbtCloudComponent",
            "attributes": {
                "workspace": {**given, "request_retry_delay": 0.01, **(workspace or {})},
                **attributes,
            },
        }
        self.project.write_yaml(yaml.safe_dump(content, sort_keys=False))
        return self
