"""Reads what a Dagster instance knows of earlier runs."""

from collections.abc import Iterable, Sequence

import dagster as dg

from dbt_component._dagster import DATA_VERSION_TAG
from dbt_component.execution.unchanged.build_event import build_of, read_build
from dbt_component.execution.unchanged.event_storage import (
    chunks,
    last_materializations,
    latest_check_results,
    latest_observations,
)
from dbt_component.execution.unchanged.known_facts import (
    Build,
    CheckResult,
    KnownFacts,
    Observation,
)
from dbt_component.execution.unchanged.step_graph import StepGraph
from dbt_component.execution.unchanged.unfinished_runs import unfinished_runs

_OBSERVATIONS_LOOKED_AT = 20


def read_facts(
    instance: dg.DagsterInstance, graph: StepGraph, *, run_id: str | None = None
) -> KnownFacts:
    """Reads what is known of a step's nodes, what they read, and their checks.

    Takes a few queries, however many nodes there are.

    Args:
        instance: The instance.
        graph: The nodes and tests of the step.
        run_id: The run that asks; its own plans are no attempts.
    """
    keys = sorted(graph.keys)
    builds = _builds(instance, keys)
    nodes = [key for key in keys if key in graph.node_of and key in builds]
    unbuilt = [key for key in keys if key not in builds and key not in graph.node_of]
    return KnownFacts(
        builds=builds,
        observations=_observations(instance, unbuilt),
        checks=_checks(instance, graph.checks),
        unfinished=unfinished_runs(
            instance, {key: builds[key].event_id for key in nodes}, run_id=run_id
        ),
    )


def _builds(instance: dg.DagsterInstance, keys: Sequence[str]) -> dict[str, Build]:
    asset_keys = {dg.AssetKey.from_user_string(key).to_string(): key for key in keys}
    texts = last_materializations(instance.event_log_storage, list(asset_keys))
    found = {asset_keys[key]: read_build(text) for key, text in texts.items()}
    builds = {key: build for key, build in found.items() if build is not None}
    others = [key for key in keys if key not in builds]
    for chunk in chunks([dg.AssetKey.from_user_string(key) for key in others]):
        for record in instance.get_asset_records(chunk):
            entry = record.asset_entry
            if entry.last_materialization_record is not None:
                key = entry.asset_key.to_user_string()
                builds[key] = build_of(entry.last_materialization_record)
    return builds


def _observations(instance: dg.DagsterInstance, keys: Sequence[str]) -> dict[str, Observation]:
    asset_keys = [dg.AssetKey.from_user_string(key) for key in keys]
    found = {}
    latest = latest_observations(instance.event_log_storage, asset_keys) if asset_keys else {}
    for key, entry in latest.items():
        observation = _observation(entry)
        if observation is None:  # such as that of a test, which has no data version
            records = instance.fetch_observations(key, limit=_OBSERVATIONS_LOOKED_AT).records
            observation = next(
                filter(None, (_observation(record.event_log_entry) for record in records)), None
            )
        if observation is not None:
            found[key.to_user_string()] = observation
    return found


def _observation(entry: dg.EventLogEntry) -> Observation | None:
    observation = entry.asset_observation
    version = (observation.tags or {}).get(DATA_VERSION_TAG) if observation is not None else None
    return None if version is None else Observation(version, entry.timestamp)


def _checks(instance: dg.DagsterInstance, checks: Iterable[str]) -> dict[str, CheckResult]:
    asset_keys: dict[str, dg.AssetKey] = {}
    keys = {}
    for text in checks:
        asset, _, name = text.rpartition(":")
        if asset not in asset_keys:
            asset_keys[asset] = dg.AssetKey.from_user_string(asset)
        keys[dg.AssetCheckKey(asset_keys[asset], name)] = text
    results = latest_check_results(instance.event_log_storage, list(keys))
    return {keys[key]: result for key, result in results.items()}
