"""Builds a component's definitions: assets and checks, jobs and schedules, and what only some components have."""

import logging
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import dagster as dg

from dbt_component.component.attributes import DbtAttributes
from dbt_component.component.launchers import Launchers
from dbt_component.component.loaded import Loaded
from dbt_component.component.op_name import default_op_name
from dbt_component.component.op_run import OpRun
from dbt_component.definitions.assets import build_parts
from dbt_component.definitions.automation_sensor import (
    AutomationSensorSettings,
    build_automation_sensor,
)
from dbt_component.definitions.op_part import OpPart, RunFunction
from dbt_component.definitions.op_settings import OpSettings
from dbt_component.definitions.selection_tags import selection_tags
from dbt_component.errors import DefinitionError
from dbt_component.selection.emptiness import explain_emptiness

_logger = logging.getLogger("dbt_component")


def build_definitions(
    attributes: DbtAttributes,
    context: dg.ComponentLoadContext,
    loaded: Loaded,
    *,
    run: Callable[[dg.AssetExecutionContext, OpRun], Iterator[Any]],
    op_config: Callable[[OpRun], type[dg.Config] | None],
    state_key: str,
    further: Callable[[OpSettings], Sequence[dg.Definitions]],
) -> dg.Definitions:
    """Builds everything that a component defines.

    Args:
        attributes: The attributes in defs.yaml.
        context: The component's load context.
        loaded: Its state.
        run: The body of an op.
        op_config: The class of its config in the launchpad.
        state_key: The key of the state.
        further: Builds what only some components define, given the settings of the default op.

    Raises:
        DefinitionError: Nodes can't become definitions.
    """
    for note in loaded.specs.notes:
        _logger.info(note)
    if not loaded.specs.asset_specs:
        _warn_about_nothing(loaded, state_key)
    default_name = default_op_name(loaded.manifest.index.project_name, state_key, context)
    parts = _parts(attributes, loaded, default_name, run=run, op_config=op_config)
    launchers = Launchers.of(attributes, loaded)
    assets = build_parts(loaded.specs, loaded.prepared, parts, jobs=launchers.unique_ids)
    op_names = [item.node_def.name for item in assets]
    _refuse_shared_op_names(op_names)
    launched = launchers.build(set(op_names))
    sensor = _automation_sensor(attributes, parts[-1].settings.name, loaded)
    definitions = dg.Definitions(
        assets=[*assets, *loaded.specs.external_specs],
        jobs=launched.jobs,
        schedules=launched.schedules,
        sensors=[] if sensor is None else [sensor],
    )
    others = further(parts[-1].settings)
    return dg.Definitions.merge(definitions, *others) if others else definitions


def _parts(
    attributes: DbtAttributes,
    loaded: Loaded,
    default_name: str,
    *,
    run: Callable[[dg.AssetExecutionContext, OpRun], Iterator[Any]],
    op_config: Callable[[OpRun], type[dg.Config] | None],
) -> list[OpPart]:
    """The parts of the component's definitions, one for each of its ops."""
    ops = attributes.project_ops
    ids: list[set[str]] = [set() for _ in ops]
    for unique_id, number in loaded.division.op_of.items():
        ids[number].add(unique_id)
    return [
        OpPart(
            settings=op.fields.settings(
                op.fields.name or default_name,
                reserved_tags=selection_tags(op.rules.criteria or attributes.criteria),
                config_cls=op_config(op.run),
            ),
            run=_body(run, op.run),
            asset_ids=None if op.rules.criteria is None else own,
            metadata=op.metadata,
        )
        for op, own in zip(ops, ids, strict=True)
    ]


def _refuse_shared_op_names(names: list[str]) -> None:
    """Rejects an op with the name of another, such as that of the default op or of one for some of its partitions."""
    if shared := sorted({name for name in names if names.count(name) > 1}):
        raise DefinitionError(
            f"Two ops have the name {shared[0]!r}.",
            key="ops",
            hint="Give one of `ops` another name, or the default op with `op: {name: …}`.",
        )


def _body(
    run: Callable[[dg.AssetExecutionContext, OpRun], Iterator[Any]], op: OpRun
) -> RunFunction:
    def body(context: dg.AssetExecutionContext) -> Iterator[Any]:
        yield from run(context, op)

    return body


def _automation_sensor(
    attributes: DbtAttributes, op_name: str, loaded: Loaded
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
