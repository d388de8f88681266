"""The definitions and runs of a component's ``source_freshness:``."""

import logging
from collections.abc import Iterator, Sequence
from typing import Any

import dagster as dg

from dbt_component.component.loaded import Loaded
from dbt_component.component.yaml.source_freshness import SourceFreshness
from dbt_component.dbt_process.arguments import as_source_freshness
from dbt_component.definitions.op_settings import OpSettings
from dbt_component.definitions.source_freshness import FreshnessOutputs, MeasureFunction
from dbt_component.execution.freshness_events import FreshnessEvents
from dbt_component.execution.freshness_gate import FreshnessGate
from dbt_component.execution.freshness_run import FreshnessRun
from dbt_component.project.project import DbtProject

_logger = logging.getLogger("dbt_component")


def build_source_freshness(
    settings: SourceFreshness, loaded: Loaded, op: OpSettings, measure: MeasureFunction
) -> dg.Definitions:
    """Builds the op, the job and the schedule; nothing but a warning if no source has freshness to check.

    Raises:
        DefinitionError: Dagster refused the schedule.
        DuplicateAssetKeyError: A source has the key of another node.
    """
    specs = loaded.freshness_of(settings.criteria, observe=settings.observe)
    for note in specs.notes:
        _logger.info(note)
    if not specs.source_ids:
        _logger.warning(
            "`source_freshness` checks nothing: %s selects no source with `warn_after` or `error_after`.",
            settings.criteria,
        )
        return dg.Definitions()
    return settings.build(specs, op, measure)


def measure_sources(
    settings: SourceFreshness,
    loaded: Loaded,
    project: DbtProject,
    argv: Sequence[str],
    context: dg.OpExecutionContext,
) -> Iterator[Any]:
    """The body of the op: measures the sources that the step selected, and yields their events.

    Args:
        settings: The settings.
        loaded: The component's project.
        project: Where dbt runs.
        argv: The component's dbt command, whose profile, target, variables and threads apply.
        context: The context of the step.

    Raises:
        DagsterDbtCliRuntimeError: The age of a source is unknown; raised after all events.
        EngineError: dbt is not a Python script.
    """
    specs = loaded.freshness_of(settings.criteria, observe=settings.observe)
    outputs = FreshnessOutputs.of(specs, context.selected_output_names)
    events = FreshnessEvents(specs, outputs)
    run = FreshnessRun(
        loaded.prepared,
        project,
        as_source_freshness(argv),
        outputs.source_ids,
        name=f"{context.op.name}-{context.run_id[:8]}",
        log=context.log,
    )
    for measurement in run.measurements():
        yield from events.of(measurement, log_path=run.log_path)
    if run.failure is not None:
        raise run.failure


def gate_of(
    settings: SourceFreshness, loaded: Loaded, context: dg.OpExecutionContext
) -> FreshnessGate | None:
    """What measures sources before a step builds; ``None`` without ``before_build``."""
    if not settings.before_build:
        return None
    specs = loaded.freshness_of(settings.criteria, observe=settings.observe)
    return FreshnessGate(specs, loaded.prepared, context)
