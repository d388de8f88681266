"""``source_freshness:`` of defs.yaml."""

from typing import Annotated, Literal

import dagster as dg

from dbt_component.component.yaml.selected_nodes import SelectedNodes
from dbt_component.definitions.freshness_specs import FreshnessSpecs
from dbt_component.definitions.op_settings import OpSettings
from dbt_component.definitions.schedules import schedule_job
from dbt_component.definitions.source_freshness import (
    MeasureFunction,
    build_freshness_job,
    build_freshness_op,
)
from dbt_component.errors import DefinitionError, SelectionError
from dbt_component.selection.criteria import DEFAULT_SELECT

_KEY = "source_freshness"


class SourceFreshness(SelectedNodes):
    """`dbt source freshness` as asset checks and observations of sources."""

    select: Annotated[
        str,
        dg.Resolver.default(
            description="The sources, in dbt's selection syntax, also those that the component's models do not read."
            " Those without `warn_after` and `error_after` are left out. Default: all.",
            examples=["source:shop", "source:shop.orders"],
        ),
    ] = DEFAULT_SELECT
    observe: Annotated[
        bool,
        dg.Resolver.default(
            description="Whether the sources become observable assets, so that automation and staleness in Dagster see"
            " that a source has new rows. Must be false if other definitions of the Dagster project make the assets"
            " with the sources' keys; then there are checks only.",
        ),
    ] = True
    before_build: Annotated[
        bool,
        dg.Resolver.default(
            description="Whether each step that builds first measures those of the sources that its models read. What"
            " reads a stale source is not built, nor is anything downstream of it, and the step fails at its end.",
        ),
    ] = False
    cron_schedule: Annotated[
        str | list[str] | None,
        dg.Resolver.default(
            description="Cron expression, or several, of a schedule of the job that measures all the sources. Default:"
            " no schedule.",
            examples=["0 * * * *"],
        ),
    ] = None
    execution_timezone: Annotated[
        str | None,
        dg.Resolver.default(
            description="Time zone of the cron expression.", examples=["Europe/Berlin"]
        ),
    ] = None
    default_status: Annotated[
        Literal["RUNNING", "STOPPED"] | None,
        dg.Resolver.default(
            description="Whether the schedule runs until someone turns it on or off. Default: STOPPED.",
        ),
    ] = None

    def check(self) -> None:
        """Rejects settings that contradict each other.

        Raises:
            DefinitionError: A setting of the schedule is set, and there is no schedule.
            SelectionError: ``select`` or ``exclude`` is combined with ``selector``.
        """
        try:
            self.criteria  # noqa: B018 - rejects select combined with selector
        except SelectionError as error:
            error.key = f"{_KEY}.{error.key}"
            raise
        for name in ("execution_timezone", "default_status"):
            value = getattr(self, name)
            if value is not None and not self.cron_schedule:
                raise DefinitionError(
                    f"`{name}: {value}` has no effect without `cron_schedule`.",
                    key=f"{_KEY}.{name}",
                    hint="Add a `cron_schedule`, or remove this key.",
                )

    def build(
        self, specs: FreshnessSpecs, settings: OpSettings, measure: MeasureFunction
    ) -> dg.Definitions:
        """Builds the op, its job, and the schedule if there is one.

        Args:
            specs: The sources; at least one.
            settings: Those of the op that runs dbt.
            measure: The body of the op.

        Raises:
            DefinitionError: Dagster refused the schedule.
        """
        job = build_freshness_job(settings.name, specs)
        schedules = []
        if self.cron_schedule:
            try:
                schedules.append(
                    schedule_job(
                        f"{settings.name}_source_freshness_schedule",
                        job,
                        partitions_defs=[],
                        cron_schedule=self.cron_schedule,
                        execution_timezone=self.execution_timezone,
                        default_status=dg.DefaultScheduleStatus[self.default_status or "STOPPED"],
                        description=job.description,
                    )
                )
            except dg.DagsterInvalidDefinitionError as error:
                raise DefinitionError(str(error), key=f"{_KEY}.cron_schedule") from None
        op = build_freshness_op(specs, settings, measure)
        return dg.Definitions(assets=[op], jobs=[job], schedules=schedules)
