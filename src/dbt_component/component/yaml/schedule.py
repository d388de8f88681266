"""``schedules:`` of defs.yaml."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from difflib import get_close_matches
from typing import Annotated, Any, Literal

import dagster as dg
from pydantic import Field, field_validator

from dbt_component._dagster import UnresolvedAssetJobDefinition
from dbt_component.component.yaml.named_errors import naming
from dbt_component.component.yaml.run_tags import as_text
from dbt_component.component.yaml.selected_nodes import SelectedNodes
from dbt_component.definitions.idle_job import build_idle_job
from dbt_component.definitions.idle_schedule import build_idle_schedule
from dbt_component.definitions.job_selection import JobSelection
from dbt_component.definitions.schedules import WHERE, build_schedule, schedule_job
from dbt_component.errors import DefinitionError
from dbt_component.selection.criteria import DEFAULT_SELECT, SelectionCriteria


class Schedule(SelectedNodes):
    """A schedule that launches exactly what dbt selects. Partitioned assets run for the latest partition."""

    name: Annotated[
        str, dg.Resolver.default(description="Name of the schedule.", examples=["nightly"])
    ]
    cron_schedule: Annotated[
        str | list[str],
        dg.Resolver.default(description="Cron expression, or several.", examples=["0 5 * * *"]),
    ]
    job: Annotated[
        str | None,
        dg.Resolver.default(
            description="The job of `jobs` to launch, instead of a selection. Several schedules may launch one job.",
            examples=["marts"],
        ),
    ] = None
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
    tags: Annotated[
        dict[str, str],
        dg.Resolver.default(description="Tags of the runs, added to those of `job`."),
    ] = Field(default_factory=dict)
    job_name: Annotated[
        str | None,
        dg.Resolver.default(
            description="Name of the job of the selection. Default: the schedule's name followed by `_job`."
        ),
    ] = None
    description: Annotated[
        str | None, dg.Resolver.default(description="Shown in Dagster's UI.")
    ] = None
    run_config: Annotated[
        dict[str, Any] | None,
        dg.Resolver.default(
            description="Run config of the launched runs. Default: that of `job`, if there is one."
        ),
    ] = None

    _tags_as_text = field_validator("tags", mode="before")(as_text)

    @property
    def own_job(self) -> str | None:
        """The name of the job of the schedule's own selection; ``None`` if it launches one of ``jobs``."""
        return None if self.job is not None else self.job_name or f"{self.name}_job"

    @contextmanager
    def named(self, position: int) -> Iterator[None]:
        """Adds the schedule's name and key to errors about it; ``position`` is its place in ``schedules``."""
        with naming(f"Schedule {self.name!r}", f"schedules[{position}]", self):
            yield

    def refuse_bad_job(self, known: Iterable[str]) -> None:
        """Rejects a job that does not exist, or that is combined with a selection.

        Args:
            known: The names in ``jobs``.

        Raises:
            DefinitionError: The job is unknown or combined.
        """
        if self.job is None:
            return
        own = {"select": self.select != DEFAULT_SELECT, "exclude": bool(self.exclude)}
        own |= {"selector": bool(self.selector), "job_name": self.job_name is not None}
        if combined := [f"`{key}`" for key, is_set in own.items() if is_set]:
            raise DefinitionError(
                f"Schedule {self.name!r} has both `job` ({self.job!r}) and {', '.join(combined)}.",
                key="job",
                hint="The selection is that of the job: write it in `jobs`, or leave `job` out.",
            )
        names = list(known)
        if self.job not in names:
            close = get_close_matches(self.job, names, n=1)
            there_are = f"There are {', '.join(map(repr, names))}." if names else "There are none."
            raise DefinitionError(
                f"Schedule {self.name!r} is of a job that `jobs` does not have: {self.job!r}.",
                key="job",
                hint=f"Did you mean {close[0]!r}?" if close else there_are,
            )

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
        name = self.job_name or f"{self.name}_job"
        if may_be_empty and selection.is_empty:
            job = build_idle_job(name, tags=self.tags, description=self.description)
            return self.of_idle_job(job, self.criteria)
        return build_schedule(
            self.name,
            selection,
            criteria=self.criteria,
            job_name=name,
            run_config=self.run_config,
            **self._settings,
        )

    def of_job(
        self,
        job: UnresolvedAssetJobDefinition,
        selection: JobSelection,
        *,
        run_config: dict[str, Any] | None,
    ) -> dg.ScheduleDefinition:
        """Builds the schedule of a job.

        Args:
            job: The job.
            selection: What dbt selects for it.
            run_config: The job's run config, which counts if the schedule has none.

        Raises:
            DefinitionError: It is not known which partition to request.
        """
        return schedule_job(
            self.name,
            job,
            partitions_defs=selection.partitions.values(),
            run_config=self.run_config if self.run_config is not None else run_config,
            where=WHERE,
            **self._settings,
        )

    def of_idle_job(
        self, job: dg.JobDefinition, criteria: SelectionCriteria
    ) -> dg.ScheduleDefinition:
        """Builds a schedule that skips its ticks, because ``criteria`` select nothing now."""
        return build_idle_schedule(
            self.name,
            job=job,
            reason=f"Nothing that this component defines matches {criteria} now.",
            **self._settings,
        )

    @property
    def _settings(self) -> dict[str, Any]:
        return {
            "cron_schedule": self.cron_schedule,
            "execution_timezone": self.execution_timezone,
            "default_status": dg.DefaultScheduleStatus[self.default_status],
            "tags": self.tags,
            "description": self.description,
        }
