"""Adds metadata to events that are already rendered."""

from collections.abc import Mapping
from typing import Any, TypeVar, cast

import dagster as dg

from dbt_component._dagster import ProjectCheckResult
from dbt_component.execution.outcome_events import DagsterEvent

E = TypeVar("E", bound=DagsterEvent)


def with_metadata(event: E, metadata: Mapping[str, Any]) -> E:
    """The event with more metadata; its own wins."""
    changed: DagsterEvent
    everything = {**metadata, **event.metadata}
    if isinstance(event, dg.AssetCheckResult):  # Dagster's method forgets the subclass
        changed = ProjectCheckResult(
            passed=event.passed,
            asset_key=event.asset_key,
            check_name=event.check_name,
            metadata=everything,
            severity=event.severity,
            description=event.description,
        )
    elif isinstance(event, dg.AssetCheckEvaluation):  # its method can't replace the metadata
        changed = dg.AssetCheckEvaluation(
            asset_key=event.asset_key,
            check_name=event.check_name,
            passed=event.passed,
            metadata=everything,
            severity=event.severity,
            description=event.description,
        )
    else:
        changed = event.with_metadata(everything)
    return cast("E", changed)
