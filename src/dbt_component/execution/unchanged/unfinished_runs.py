"""Finds assets that a run attempted to build after their last build, and did not."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Literal

import dagster as dg

from dbt_component._dagster_storage import AssetEventSummaryRecord
from dbt_component.execution.event_tags import UNCHANGED

_NOT_BEGUN = frozenset({dg.DagsterRunStatus.QUEUED, dg.DagsterRunStatus.NOT_STARTED})
_PLANNED: Literal[dg.DagsterEventType.ASSET_MATERIALIZATION_PLANNED] = (
    dg.DagsterEventType.ASSET_MATERIALIZATION_PLANNED
)


def unfinished_runs(
    instance: dg.DagsterInstance, last_builds: Mapping[str, int], *, run_id: str | None
) -> dict[str, str]:
    """The run that last planned to build an asset after its last build, unless it found the asset unchanged.

    Dagster records what a run plans to build when the run is created, so this also finds runs that were killed. Runs
    that have not begun do not count. Asks once for the newest plans of all assets, and once for each run that is
    found; an asset that no new plan names is asked for alone.

    Args:
        instance: The instance.
        last_builds: The event of the last build of each asset, by key.
        run_id: The run that asks, which does not count; ``None`` if none does.

    Returns:
        Run ids by key, of the assets that such a run planned.
    """
    if not last_builds:
        return {}
    window = 4 * len(last_builds) + 10_000
    plans = instance.get_asset_event_summary_records(_PLANNED, limit=window)
    by_key: defaultdict[str, list[tuple[int, str]]] = defaultdict(list)
    for plan in plans:
        by_key[plan.asset_key.to_user_string()] += _plans_of_others([plan], run_id)
    oldest = plans[-1].storage_id if len(plans) == window else 0
    for key, build in last_builds.items():
        if build < oldest and not by_key[key]:
            alone = instance.get_asset_event_summary_records(
                _PLANNED, asset_key=dg.AssetKey.from_user_string(key), limit=20
            )
            by_key[key] = _plans_of_others(alone, run_id)
    later = {
        key: [run for event_id, run in by_key[key] if event_id > build]
        for key, build in last_builds.items()
    }
    begun = _begun(instance, {run for runs in later.values() for run in runs})
    candidates: defaultdict[str, list[str]] = defaultdict(list)
    for key, runs in later.items():
        newest = next((run for run in runs if run in begun), None)
        if newest is not None:
            candidates[newest].append(key)
    found = {}
    for run, keys in candidates.items():
        unchanged = _found_unchanged(instance, run)
        found.update({key: run for key in keys if key not in unchanged})
    return found


def _plans_of_others(
    plans: Iterable[AssetEventSummaryRecord], run_id: str | None
) -> list[tuple[int, str]]:
    return [
        (plan.storage_id, plan.run_id)
        for plan in plans
        if plan.run_id is not None and plan.run_id != run_id
    ]


def _begun(instance: dg.DagsterInstance, run_ids: set[str]) -> set[str]:
    """Those of the runs that began; a run that was deleted may have."""
    if not run_ids:
        return set()
    waiting = instance.get_runs(
        dg.RunsFilter(run_ids=sorted(run_ids), statuses=sorted(_NOT_BEGUN, key=str))
    )
    return run_ids - {run.run_id for run in waiting}


def _found_unchanged(instance: dg.DagsterInstance, run_id: str) -> set[str]:
    found = set()
    for entry in instance.all_logs(run_id, of_type=dg.DagsterEventType.ASSET_OBSERVATION):
        observation = entry.asset_observation
        if observation is not None and UNCHANGED in (observation.tags or {}):
            found.add(observation.asset_key.to_user_string())
    return found
