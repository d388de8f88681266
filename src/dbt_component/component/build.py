"""Builds a component's definitions: assets and checks, schedules, and the sensor that watches Git."""

import logging
from collections.abc import Callable, Coroutine, Iterator
from pathlib import Path
from typing import Any

import dagster as dg

from dbt_component._dagster import DefsStateConfig
from dbt_component.component.attributes import DbtProjectAttributes
from dbt_component.component.loaded import Loaded
from dbt_component.component.op_name import default_op_name
from dbt_component.component.watched import build_watch_of
from dbt_component.component.yaml.op import Op
from dbt_component.definitions.assets import RunFunction, build_assets
from dbt_component.definitions.automation_sensor import (
    AutomationSensorSettings,
    build_automation_sensor,
)
from dbt_component.definitions.selection_tags import selection_tags
from dbt_component.selection.emptiness import explain_emptiness

_logger = logging.getLogger("dbt_component")


def build_definitions(
    attributes: DbtProjectAttributes,
    context: dg.ComponentLoadContext,
    loaded: Loaded,
    *,
    run: RunFunction,
    op_config: type[dg.Config] | None,
    state_config: DefsStateConfig,
    refresh: Callable[[Path], Coroutine[Any, Any, str]],
) -> dg.Definitions:
    """Builds everything that a component defines.

    Args:
        attributes: The attributes in defs.yaml.
        context: The component's load context.
        loaded: Its state.
        run: The body of its ops.
        op_config: The class of their config in the launchpad.
        state_config: The location of the state.
        refresh: Refreshes the state in the current storage.

    Raises:
        DefinitionError: Nodes can't become definitions.
    """

    def body(context: dg.AssetExecutionContext) -> Iterator[Any]:
        yield from run(context)

    for note in loaded.specs.notes:
        _logger.info(note)
    if not loaded.specs.asset_specs:
        _warn_about_nothing(loaded, state_config.key)
    op = (attributes.op or Op()).complete(
        default_name=default_op_name(loaded.manifest.index.project_name, state_config.key, context),
        reserved_tags=selection_tags(attributes.criteria),
        config_cls=op_config,
    )
    scheduled = []
    for position, schedule in enumerate(attributes.schedules):
        with schedule.named(position):
            scheduled.append((schedule, loaded.selection_of(schedule.criteria)))
    assets = build_assets(
        loaded.specs,
        loaded.prepared,
        op,
        body,
        metadata=frozenset(attributes.include_metadata),
        jobs={schedule.job: selection.unique_ids for schedule, selection in scheduled},
    )
    schedules = []
    for position, (schedule, selection) in enumerate(scheduled):
        with schedule.named(position):
            may_be_empty = any(map(loaded.prepared.compares, (schedule.criteria, loaded.criteria)))
            schedules.append(schedule.build(selection, may_be_empty=may_be_empty))
    sensor = _automation_sensor(attributes, op.name, loaded)
    definitions = dg.Definitions(
        assets=assets, schedules=schedules, sensors=[] if sensor is None else [sensor]
    )
    if attributes.watch is None:
        return definitions
    watch = build_watch_of(
        attributes.watch, op.name, loaded, state_config, refresh, context.project_root
    )
    return dg.Definitions.merge(definitions, watch)


def _automation_sensor(
    attributes: DbtProjectAttributes, op_name: str, loaded: Loaded
) -> dg.SensorDefinition | None:
    given = attributes.automation_sensor
    if given is not None and not given.enabled:
        return None
    settings = AutomationSensorSettings() if given is None else given.settings()
    return build_automation_sensor(f"{op_name}_automation", loaded.specs.asset_specs, settings)


def _warn_about_nothing(loaded: Loaded, state_key: str) -> None:
    selected = loaded.prepared.select(loaded.criteria)
    reason = explain_emptiness(loaded.manifest.index, loaded.criteria, selected)
    _logger.warning("%s defines no assets: %s", state_key, reason or "")
