"""The note that a step leaves about its run on the platform, so that a later attempt finds it if the worker was lost."""

import dagster as dg

from dbt_component._dagster import log_engine_event, step_key_of
from dbt_component.cloud.client.client import DbtCloudClient
from dbt_component.cloud.client.run import CloudRun
from dbt_component.cloud.run_metadata import run_metadata
from dbt_component.errors import DbtCloudError

RUN_ID = "dbt_cloud_run_id"
"""The key of the note's metadata that holds the id of the run on the platform."""


def note_run(context: dg.OpExecutionContext, run: CloudRun) -> None:
    """Adds an event of the step with the id and page of its run on the platform."""
    log_engine_event(
        context,
        f"dbt runs on the dbt platform as run {run.id}: {run.url}",
        {RUN_ID: run.id, **run_metadata(run)},
    )


def cancel_left_run(context: dg.OpExecutionContext, client: DbtCloudClient) -> None:
    """Cancels the platform's run of an earlier attempt of this step, if it still goes on: nobody follows it.

    Otherwise two runs would build the same relations. An earlier attempt is one of the same run of Dagster, or of the
    run that this one executes again. If the event log or the platform can't be asked, a warning says so.
    """
    earlier = [context.run_id] if context.retry_number else []
    if context.run.parent_run_id is not None:
        earlier.append(context.run.parent_run_id)
    try:
        for run_id in earlier:
            left = _noted_run(context, run_id)
            if left is not None and not (run := client.run(left)).is_finished:
                context.log.warning(
                    "Run %d on the dbt platform was left by an earlier attempt of this step and is cancelled: %s",
                    run.id,
                    run.url,
                )
                client.cancel(run.id)
    except DbtCloudError as error:
        context.log.warning("The run of an earlier attempt can't be looked for: %s", error.message)


def _noted_run(context: dg.OpExecutionContext, run_id: str) -> int | None:
    """The id in the last note that this step left in a run of Dagster; ``None`` if there is none."""
    step_key = step_key_of(context)
    found: int | None = None
    try:
        for entry in context.instance.all_logs(run_id, of_type=dg.DagsterEventType.ENGINE_EVENT):
            event = entry.dagster_event
            if event is None or event.step_key != step_key:
                continue
            value = event.engine_event_data.metadata.get(RUN_ID)
            if value is not None and isinstance(value.value, int):
                found = value.value
    except Exception as error:  # noqa: BLE001 - each storage raises its own
        context.log.warning("The event log of run %s can't be read: %s", run_id, error)
    return found
