"""The dbt models below `models/alerts`, defined in Python because each run has its own sensitivity.

`defs/transform/defs.yaml` defines all other models of the same dbt project.
"""

import json
from collections.abc import Iterator
from typing import Any

import dagster as dg
from dbt_component import DbtCliResource, DbtProject, build_schedule_from_dbt_selection, dbt_assets
from pydantic import Field

from nyc_flights.environment import PROJECT_ROOT

project = DbtProject(project_dir=PROJECT_ROOT / "transform")
project.prepare_if_dev()


class Sensitivity(dg.Config):
    """What counts as unusual. Shown in the launchpad of each run."""

    compared_days: int = Field(
        default=28, gt=1, description="The number of days before, which a day is compared with."
    )
    deviations: float = Field(
        default=3.0, gt=0, description="How many standard deviations above their mean is unusual."
    )


@dbt_assets(manifest=project, select="path:models/alerts", name="alerts")
def alerts(
    context: dg.AssetExecutionContext, dbt: DbtCliResource, config: Sensitivity
) -> Iterator[Any]:
    """Builds the models with the variables of the run's config."""
    variables = json.dumps(config.model_dump())
    yield from dbt.cli(["build", "--vars", variables], context=context).stream().fetch_row_counts()


unusual_days_on_mondays = build_schedule_from_dbt_selection(
    [alerts],
    job_name="unusual_days_on_mondays",
    cron_schedule="0 7 * * 1",
    dbt_select="path:models/alerts",
    execution_timezone="America/New_York",
)


@dg.definitions
def defs() -> dg.Definitions:
    """Defines the alerts, their schedule and the dbt of their project."""
    return dg.Definitions(
        assets=[alerts],
        schedules=[unusual_days_on_mondays],
        resources={"dbt": DbtCliResource(project_dir=project)},
    )
