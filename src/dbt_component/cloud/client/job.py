"""A job on the dbt platform."""

from datetime import datetime

import msgspec

from dbt_component.cloud.client.fields import Fields


class CloudJob(msgspec.Struct, frozen=True):
    """A job: its name and the dbt commands that its runs execute unless a trigger overrides them."""

    id: int
    name: str
    project_id: int
    environment_id: int
    execute_steps: tuple[str, ...] = ()
    description: str = ""
    created_at: datetime | None = None


def read_job(fields: Fields) -> CloudJob:
    """Reads a job from an answer."""
    return CloudJob(
        id=fields.integer("id"),
        name=fields.text("name"),
        project_id=fields.integer("project_id"),
        environment_id=fields.integer("environment_id"),
        execute_steps=fields.texts("execute_steps"),
        description=fields.text("description"),
        created_at=fields.time("created_at"),
    )
