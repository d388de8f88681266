"""The environment on the dbt platform that a workspace stands for."""

import msgspec

from dbt_component.cloud.access_url import AccessUrl


class Place(msgspec.Struct, frozen=True):
    """An environment of a project in an account."""

    access_url: AccessUrl
    account_id: int
    project_id: int
    environment_id: int

    def __str__(self) -> str:
        return (
            f"environment {self.environment_id} of project {self.project_id} in account"
            f" {self.account_id} at {self.access_url}"
        )

    @property
    def identity(self) -> str:
        """Differs for each environment."""
        return f"{self.access_url.host}/{self.account_id}/{self.project_id}/{self.environment_id}"

    @property
    def metadata(self) -> dict[str, int]:
        """The ids, as metadata of assets. The names are dagster-dbt's."""
        return {
            "dagster_dbt/cloud_account_id": self.account_id,
            "dagster_dbt/cloud_project_id": self.project_id,
            "dagster_dbt/cloud_environment_id": self.environment_id,
        }
