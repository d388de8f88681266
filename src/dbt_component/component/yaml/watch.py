"""``watch:`` of defs.yaml."""

from collections.abc import Callable
from typing import Annotated, Literal

import dagster as dg
from pydantic import Field, field_validator

from dbt_component.component.yaml.strict_model import StrictResolvable
from dbt_component.definitions.watch import Refreshed, build_watch
from dbt_component.errors import DefinitionError
from dbt_component.project.source import ProjectSource

_MIN_INTERVAL_SECONDS = 5


class Watch(StrictResolvable):
    """A sensor that watches a Git project's ref and refreshes the state when the ref moves."""

    # A bound on the field itself would also apply to templates, and fail.
    interval_seconds: Annotated[
        int,
        dg.Resolver(
            lambda context, value: context.resolve_value(value),
            model_field_type=Annotated[int, Field(ge=_MIN_INTERVAL_SECONDS)],
            inject_before_resolve=False,
            description="Minimum time between two checks of the remote, in seconds.",
        ),
    ] = 60
    default_status: Annotated[
        Literal["RUNNING", "STOPPED"],
        dg.Resolver.default(
            description="Whether the sensor runs until someone turns it on or off.",
        ),
    ] = "STOPPED"
    reload_url: Annotated[
        str | None,
        dg.Resolver.default(
            description="Address of Dagster's web server, which is asked to reload the code location when the"
            " state changes.",
            examples=["http://dagster-webserver:3000"],
        ),
    ] = None
    location_name: Annotated[
        str | None,
        dg.Resolver.default(description="Name of this code location in that web server."),
    ] = None

    @field_validator("interval_seconds")
    @classmethod
    def _not_too_often(cls, value: int) -> int:
        if value < _MIN_INTERVAL_SECONDS:
            raise ValueError(f"must be at least {_MIN_INTERVAL_SECONDS}")
        return value

    def build(
        self,
        name: str,
        *,
        loaded_commit: Callable[[], str | None],
        remote_commit: Callable[[], str],
        refresh: Callable[[dg.DagsterInstance], Refreshed],
    ) -> tuple[dg.JobDefinition, dg.SensorDefinition]:
        """Builds the job and the sensor; see ``build_watch``."""
        return build_watch(
            name,
            interval_seconds=self.interval_seconds,
            default_status=dg.DefaultSensorStatus[self.default_status],
            reload_url=self.reload_url,
            location_name=self.location_name,
            loaded_commit=loaded_commit,
            remote_commit=remote_commit,
            refresh=refresh,
        )


def remote_commit_of(source: ProjectSource) -> Callable[[], str]:
    """Returns a function that asks the project's remote for its newest commit.

    Raises:
        DefinitionError: The project has no remote.
    """
    if source.remote_commit is None:
        raise DefinitionError(
            "`watch` needs a project in Git, and this project is a folder.",
            key="watch",
            hint="Set `project.repo_url`, or remove `watch`.",
        )
    return source.remote_commit
