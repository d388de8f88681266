"""An environment on the dbt platform."""

import msgspec

from dbt_component.cloud.client.fields import Fields


class CloudEnvironment(msgspec.Struct, frozen=True):
    """An environment.

    Attributes:
        type: ``deployment`` or ``development``.
        deployment_type: ``production`` or ``staging``; empty for other environments.
        dbt_version: dbt's version or the name of a release track, such as ``latest``.
    """

    id: int
    name: str
    project_id: int
    type: str
    deployment_type: str
    dbt_version: str


def read_environment(fields: Fields) -> CloudEnvironment:
    """Reads an environment from an answer."""
    return CloudEnvironment(
        id=fields.integer("id"),
        name=fields.text("name"),
        project_id=fields.integer("project_id"),
        type=fields.text("type"),
        deployment_type=fields.text("deployment_type"),
        dbt_version=fields.text("dbt_version"),
    )
