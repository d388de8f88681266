"""The account with its one project and that project's environments."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

# Ids of the service do not fit in 32 bits; neither do these.
ACCOUNT_ID = 70_437_463_650_001
PROJECT_ID = 70_437_463_650_101
DEVELOPMENT_ID = 70_437_463_650_201
STAGING_ID = 70_437_463_650_202
PRODUCTION_ID = 70_437_463_650_203


@dataclass(frozen=True)
class Environment:
    id: int
    name: str
    type: str
    deployment_type: str | None
    schema: str


@dataclass(frozen=True)
class Account:
    """``dbt_version`` is the version that runs, in every environment."""

    project_name: str
    dbt_version: str
    schema: str
    created_at: str

    @property
    def environments(self) -> list[Environment]:
        return [
            Environment(DEVELOPMENT_ID, "Development", "development", None, f"{self.schema}_dev"),
            Environment(STAGING_ID, "Staging", "deployment", "staging", f"{self.schema}_staging"),
            Environment(PRODUCTION_ID, "Production", "deployment", "production", self.schema),
        ]

    def environment(self, id: int) -> Environment:
        """The environment; ``KeyError`` if there is none."""
        return {environment.id: environment for environment in self.environments}[id]

    def show(self) -> Mapping[str, Any]:
        return {
            "id": ACCOUNT_ID,
            "name": "Stand-in account",
            "state": 1,
            "plan": "enterprise",
            "docs_job_id": None,
            "freshness_job_id": None,
            **self._times(),
        }

    def show_project(self) -> Mapping[str, Any]:
        return {
            "id": PROJECT_ID,
            "name": self.project_name,
            "account_id": ACCOUNT_ID,
            "description": None,
            "connection_id": 1,
            "repository_id": 1,
            "state": 1,
            "dbt_project_subdirectory": None,
            "docs_job_id": None,
            "freshness_job_id": None,
            "type": 0,
            "connection": None,
            "repository": None,
            **self._times(),
        }

    def show_environment(self, environment: Environment) -> Mapping[str, Any]:
        return {
            "id": environment.id,
            "account_id": ACCOUNT_ID,
            "project_id": PROJECT_ID,
            "name": environment.name,
            "connection_id": 1,
            "credentials_id": 1,
            "repository_id": 1,
            "custom_branch": None,
            "use_custom_branch": False,
            "dbt_project_subdirectory": None,
            "dbt_version": self.dbt_version,
            "raw_dbt_version": self.dbt_version,
            "deployment_type": environment.deployment_type,
            "type": environment.type,
            "state": 1,
            **self._times(),
        }

    def _times(self) -> Mapping[str, str]:
        return {"created_at": self.created_at, "updated_at": self.created_at}
