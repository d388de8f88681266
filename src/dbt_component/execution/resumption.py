"""What earlier attempts of a step have finished, by the event log of the run: a retried step goes on from there."""

import dagster as dg

from dbt_component._dagster import step_key_of
from dbt_component.definitions.listing import counted
from dbt_component.execution.event_tags import UNCHANGED
from dbt_component.execution.step_events import StepEvents

_RECORDED = {
    dg.DagsterEventType.ASSET_MATERIALIZATION,
    dg.DagsterEventType.ASSET_CHECK_EVALUATION,
    dg.DagsterEventType.ASSET_OBSERVATION,
}


def finished_earlier(context: dg.OpExecutionContext, events: StepEvents) -> frozenset[str]:
    """Unique ids that need not run again in an attempt after the first: Dagster keeps what an attempt has yielded.

    These are assets that were materialized or found unchanged, and checks that were evaluated, except an asset whose blocking check
    failed, with all its checks; failed checks run again. It is logged how many there are. If the event log can't be
    read, everything runs again, and a warning says so.

    Args:
        context: The context of the step.
        events: The assets and checks of the step.
    """
    if not context.retry_number:
        return frozenset()
    step_key = step_key_of(context)
    assets: set[dg.AssetKey] = set()
    passed: set[dg.AssetCheckKey] = set()
    blocked: set[dg.AssetKey] = set()
    try:
        for entry in context.instance.all_logs(context.run_id, of_type=_RECORDED):
            event = entry.dagster_event
            if event is None or event.step_key != step_key:
                continue
            if event.is_step_materialization:
                assets.update([event.asset_key] if event.asset_key else [])
                continue
            if event.event_type is dg.DagsterEventType.ASSET_OBSERVATION:
                is_unchanged = UNCHANGED in event.asset_observation_data.asset_observation.tags
                assets.update([event.asset_key] if event.asset_key and is_unchanged else [])
                continue
            evaluation = event.asset_check_evaluation_data
            if evaluation.passed or evaluation.severity == dg.AssetCheckSeverity.WARN:
                passed.add(evaluation.asset_check_key)
            elif evaluation.blocking:
                blocked.add(evaluation.asset_check_key.asset_key)
    except Exception as error:  # noqa: BLE001 - each storage raises its own
        context.log.warning(
            "Attempt %d runs everything again, because the event log of the run can't be read: %s",
            context.retry_number + 1,
            error,
        )
        return frozenset()
    finished = events.ids_of(
        assets - blocked, {key for key in passed if key.asset_key not in blocked}
    )
    if finished:
        context.log.info(
            f"Attempt {context.retry_number + 1} leaves out {counted(len(finished), 'node')} that an earlier attempt"
            " of this step has finished."
        )
    return finished
