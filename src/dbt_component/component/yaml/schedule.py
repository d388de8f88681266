"""``schedules:`` of defs.yaml."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated, Any, Literal

import dagster as dg
from pydantic import Field

from dbt_component.component.yaml.selected_nodes import SelectedNodes
from dbt_component.definitions.idle_schedule import build_idle_schedule
from dbt_component.definitions.job_selection import JobSelection
from dbt_component.definitions.schedules import build_schedule
from dbt_component.errors import DefinitionError, SelectionError


class Schedule(SelectedNodes):
    """A schedule that launches exactly what dbt selects. Partitioned assets run for the latest partition."""

    name: Annotated[
        str, dg.Resolver.default(description="Name of the schedule.", examples=["nightly"])
    ]
    cron_schedule: Annotated[
        str | list[str],
        dg.Resolver.default(description="Cron expression, or several.", examples=["0 5 * * *"]),
    ]
    execution_timezone: Annotated[
        str | None,
        dg.Resolver.default(
            description="Time zone of the cron expression.", examples=["Europe/Berlin"]
        ),
    ] = None
    default_status: Annotated[
        Literal["RUNNING", "STOPPED"],
        dg.Resolver.default(
            description="Whether the schedule runs until someone turns it on or off.",
        ),
    ] = "STOPPED"
    tags: Annotated[dict[str, str], dg.Resolver.default(description="Tags of the runs.")] = Field(
        default_factory=dict
    )
    job_name: Annotated[
        str | None,
        dg.Resolver.default(
            description="Name of the job. Default: the schedule's name followed by `_job`."
        ),
    ] = None
    description: Annotated[
        str | None, dg.Resolver.default(description="Shown in Dagster's UI.")
    ] = None
    run_config: Annotated[
        dict[str, Any] | None, dg.Resolver.default(description="Run config of the launched runs.")
    ] = None

    @property
    def job(self) -> str:
        """The name of its job."""
        return self.job_name or f"{self.name}_job"

    @contextmanager
    def named(self, position: int) -> Iterator[None]:
        """Adds the schedule's name and key to errors about it.

        Args:
            position: Position in ``schedules``.

        Raises:
            DefinitionError: Dagster refused the schedule.
        """
        key = f"schedules[{position}]"
        try:
            yield
        except dg.DagsterInvalidDefinitionError as error:
            raise DefinitionError(f"Schedule {self.name!r}: {error}", key=key) from None
        except SelectionError as error:
            error.subject = f"Schedule {self.name!r}"
            error.key = f"{key}.{error.key}"
            raise
        except DefinitionError as error:
            error.key = f"{key}.{self.criteria.main_key}"
            raise

    def build(
        self, selection: JobSelection, *, may_be_empty: bool = False
    ) -> dg.ScheduleDefinition:
        """Builds the schedule, with a job of what dbt selects.

        Args:
            selection: The part of the component's definitions that ``criteria`` selects.
            may_be_empty: Whether the selection may be empty for a time, as ``state:modified`` may. The schedule then
                skips its ticks.

        Raises:
            DefinitionError: There are neither assets nor checks, or it is not known which partition to
                request.
        """
        if may_be_empty and selection.is_empty:
            return build_idle_schedule(
                self.name,
                job_name=self.job,
                reason=f"Nothing that this component defines matches {self.criteria} now.",
                cron_schedule=self.cron_schedule,
                execution_timezone=self.execution_timezone,
                default_status=dg.DefaultScheduleStatus[self.default_status],
                tags=self.tags,
                description=self.description,
            )
        return build_schedule(
            self.name,
            selection,
            criteria=self.criteria,
            cron_schedule=self.cron_schedule,
            execution_timezone=self.execution_timezone,
            default_status=dg.DefaultScheduleStatus[self.default_status],
            tags=self.tags,
            job_name=self.job,
            description=self.description,
            run_config=self.run_config,
        )
