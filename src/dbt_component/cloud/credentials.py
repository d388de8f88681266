"""``DbtCloudCredentials``: what a client of the dbt platform identifies itself with."""

from typing import Any

import dagster as dg
from pydantic import Field, field_validator

from dbt_component.cloud.access_url import DEFAULT_ACCESS_URL


class DbtCloudCredentials(dg.ConfigurableResource[Any]):
    """Account, token and access URL. Values may be a ``dagster.EnvVar``; text of digits is accepted for the account.

    The token is a service token, or a personal one, that may read the project and its runs; to run dbt also "Job Admin",
    or "Job Runner" if the ad hoc jobs exist. It is in no representation of this value.

    See: https://docs.getdbt.com/docs/dbt-cloud-apis/service-tokens
    """

    account_id: int = Field(description="The id of the account.")
    token: str = Field(
        description="A service token or personal token. Give an EnvVar, not the token itself.",
        repr=False,
    )
    access_url: str = Field(
        default=DEFAULT_ACCESS_URL,
        description="The access URL of the account, by its region, account prefix or single tenant.",
    )

    def __init__(
        self, *, account_id: int | str, token: str, access_url: str = DEFAULT_ACCESS_URL
    ) -> None:
        given: dict[str, Any] = {"account_id": account_id, "token": token, "access_url": access_url}
        super().__init__(**given)

    @field_validator("account_id", mode="before")
    @classmethod
    def _number(cls, value: Any) -> Any:
        return as_id(value, "account_id")


def as_id(value: Any, name: str) -> Any:
    """An id that may be text, as environment variables are. Raises ValueError for anything else."""
    if value is None or (isinstance(value, str) and not isinstance(value, dg.EnvVar)):
        if value is None or not value.strip().isdigit():
            hint = " Is the environment variable set?" if not value else ""
            raise ValueError(f"{name} must be a number, not {value!r}.{hint}")
        return int(value)
    return value
