"""Adds metadata to events that are already rendered."""

from collections.abc import Mapping
from typing import Any

import dagster as dg

from dbt_component._dagster import ProjectCheckResult
from dbt_component.execution.outcome_events import DagsterEvent


def with_metadata(event: DagsterEvent, metadata: Mapping[str, Any]) -> DagsterEvent:
    """The event with more metadata; its own wins."""
    everything = {**metadata, **event.metadata}
    if isinstance(event, dg.AssetCheckResult):  # Dagster's method forgets the subclass
        return ProjectCheckResult(
            passed=event.passed,
            asset_key=event.asset_key,
            check_name=event.check_name,
            metadata=everything,
            severity=event.severity,
            description=event.description,
        )
    if isinstance(
        event, dg.AssetCheckEvaluation
    ):  # here Dagster's method can't replace the metadata
        return dg.AssetCheckEvaluation(
            asset_key=event.asset_key,
            check_name=event.check_name,
            passed=event.passed,
            metadata=everything,
            severity=event.severity,
            description=event.description,
        )
    return event.with_metadata(everything)
