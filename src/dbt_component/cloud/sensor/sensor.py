"""The sensor that reports runs on the dbt platform which Dagster did not start."""

import re
import time
from collections.abc import Callable
from functools import partial

import dagster as dg

from dbt_component._dagster import sensor_timeout_seconds
from dbt_component.cloud.client.client import DbtCloudClient
from dbt_component.cloud.sensor.cursor import (
    LOOK_BACK_AFTER_LOSS_SECONDS,
    SensorCursor,
    decode_cursor,
    first_cursor,
)
from dbt_component.cloud.sensor.observed_project import ObservedProject
from dbt_component.cloud.sensor.poll import PollLimits, PollResult, RunPoll
from dbt_component.cloud.sensor.reported_before import is_reported
from dbt_component.errors import DbtCloudError

MINIMUM_INTERVAL_SECONDS = 30
_SHARE_OF_TIMEOUT = 2 / 3


def build_run_sensor(
    *,
    client: Callable[[], DbtCloudClient],
    account_id: int,
    project_id: int,
    environment_id: int,
    project: Callable[[], ObservedProject],
    minimum_interval_seconds: int = MINIMUM_INTERVAL_SECONDS,
    default_sensor_status: dg.DefaultSensorStatus = dg.DefaultSensorStatus.RUNNING,
    part: str | None = None,
    limits: PollLimits | None = None,
    budget_seconds: float | None = None,
) -> dg.SensorDefinition:
    """Builds a sensor that reports the runs of an environment.

    Building it sends no request and reads no project.

    Args:
        client: Returns the client of the account. Called in each tick.
        account_id: The account.
        project_id: The project on the platform.
        environment_id: The environment.
        project: Returns the project and its keys. Called in each tick.
        minimum_interval_seconds: The least time between two ticks.
        default_sensor_status: Whether it runs until someone turns it on or off.
        part: Tells the sensor from others of the same environment, which report other nodes; part of its name.
        limits: The limits of a tick.
        budget_seconds: The longest time of a tick; by default two thirds of the time that Dagster waits for a
            sensor.
    """

    @dg.sensor(
        name=sensor_name(account_id, project_id, environment_id, part=part),
        description=f"Reports runs of environment {environment_id} of project {project_id} on the dbt platform that"
        " Dagster did not start.",
        minimum_interval_seconds=minimum_interval_seconds,
        default_status=default_sensor_status,
    )
    def report_runs(context: dg.SensorEvaluationContext) -> dg.SensorResult:
        poll = RunPoll(
            client(),
            project_id=project_id,
            environment_id=environment_id,
            project=project(),
            is_reported=partial(is_reported, context.instance),
            log=context.log,
            limits=limits or PollLimits(),
        )
        budget = _SHARE_OF_TIMEOUT * sensor_timeout_seconds()
        result = poll.tick(
            _cursor_of(context), budget_seconds=budget if budget_seconds is None else budget_seconds
        )
        return dg.SensorResult(
            asset_events=result.events,
            cursor=result.cursor.encode(),
            # Dagster shows it as what the tick did.
            skip_reason=_summary(result),
        )

    return report_runs


def sensor_name(
    account_id: int, project_id: int, environment_id: int, *, part: str | None = None
) -> str:
    """The name of the sensor of an environment or a part of it, which is valid whatever the account is called."""
    place = f"{account_id}_{project_id}_{environment_id}" + (f"_{part}" if part else "")
    return re.sub(r"\W", "_", f"dbt_cloud_{place}__run_status_sensor")


def _cursor_of(context: dg.SensorEvaluationContext) -> SensorCursor:
    if not context.cursor:
        return first_cursor(time.time())
    try:
        return decode_cursor(context.cursor)
    except DbtCloudError as error:
        context.log.warning(
            "%s Runs of the last %.0f minutes are looked at again; what Dagster's event log has of them is not reported"
            " twice.",
            error,
            LOOK_BACK_AFTER_LOSS_SECONDS / 60,
        )
        return first_cursor(time.time(), look_back_seconds=LOOK_BACK_AFTER_LOSS_SECONDS)


def _summary(result: PollResult) -> str:
    events, runs = len(result.events), len(result.run_ids)
    text = f"Reported {events} event(s) of {runs} run(s)." if events else "No new events."
    if result.cursor.postponed:
        text += f" {len(result.cursor.postponed)} run(s) will be tried again."
    return text if result.is_complete else f"{text} The next tick goes on."
