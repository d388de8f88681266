"""Builds a component's definitions: assets and checks, jobs and schedules, and the sensor that watches Git."""

import logging
from collections.abc import Callable, Coroutine, Iterator
from pathlib import Path
from typing import Any

import dagster as dg

from dbt_component._dagster import DefsStateConfig
from dbt_component.component.attributes import DbtProjectAttributes
from dbt_component.component.launchers import Launchers
from dbt_component.component.loaded import Loaded
from dbt_component.component.op_name import default_op_name
from dbt_component.component.watched import build_watch_of
from dbt_component.component.yaml.op import Op
from dbt_component.definitions.assets import RunFunction, build_assets
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
    launchers = Launchers.of(attributes, loaded)
    assets = build_assets(
        loaded.specs,
        loaded.prepared,
        op,
        body,
        metadata=frozenset(attributes.include_metadata),
        jobs=launchers.unique_ids,
    )
    launched = launchers.build({item.node_def.name for item in assets})
    definitions = dg.Definitions(
        assets=[*assets, *loaded.specs.external_specs],
        jobs=launched.jobs,
        schedules=launched.schedules,
    )
    if attributes.watch is None:
        return definitions
    watch = build_watch_of(
        attributes.watch, op.name, loaded, state_config, refresh, context.project_root
    )
    return dg.Definitions.merge(definitions, watch)


def _warn_about_nothing(loaded: Loaded, state_key: str) -> None:
    selected = loaded.prepared.select(loaded.criteria)
    reason = explain_emptiness(loaded.manifest.index, loaded.criteria, selected)
    _logger.warning("%s defines no assets: %s", state_key, reason or "")
