"""Measurements of sources as Dagster events."""

import warnings
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import dagster as dg

from dbt_component._dagster import ProjectCheckResult, data_version_tags
from dbt_component.definitions.freshness_specs import FreshnessSpecs
from dbt_component.definitions.source_freshness import FreshnessOutputs
from dbt_component.execution.event_text import cut
from dbt_component.execution.measurement import Measurement, is_empty
from dbt_component.execution.outcome_events import DagsterEvent

_LAST_UPDATED = "dagster/last_updated_timestamp"


class FreshnessEvents:
    """Renders measurements for one step: an observation and a result of the check for each source.

    A source whose age is unknown has no observation: it would have no data version, which for Dagster is another
    version.

    Args:
        specs: The sources' checks and assets.
        outputs: The outputs that the step selected; ``None`` for a step of another op, which has none of them.
    """

    def __init__(self, specs: FreshnessSpecs, outputs: FreshnessOutputs | None = None) -> None:
        self._specs = specs
        self._outputs = outputs

    def of(
        self, measurement: Measurement, *, log_path: Path | None = None
    ) -> Iterator[DagsterEvent]:
        """The events of a measurement.

        Args:
            measurement: The measurement.
            log_path: dbt's log, which holds messages that are too long for an event.
        """
        metadata = metadata_of(measurement, log_path)
        if measurement.error is None:
            yield self._observation(measurement, metadata)
        unique_id = measurement.node.unique_id
        fields: dict[str, Any] = {
            "passed": measurement.passed,
            "severity": dg.AssetCheckSeverity.WARN
            if measurement.is_warning
            else dg.AssetCheckSeverity.ERROR,
            "description": cut(f"The source {measurement.summary}", whole=log_path),
            "metadata": metadata,
        }
        key = self._specs.check_specs[unique_id].key
        if self._outputs is None:
            yield dg.AssetCheckEvaluation(
                asset_key=key.asset_key, check_name=key.name, blocking=False, **fields
            )
        elif unique_id in self._outputs.checks:
            yield ProjectCheckResult(asset_key=key.asset_key, check_name=key.name, **fields)

    def _observation(self, measurement: Measurement, metadata: dict[str, Any]) -> DagsterEvent:
        unique_id = measurement.node.unique_id
        assert measurement.finished is not None and measurement.finished.freshness is not None
        version = measurement.finished.freshness.max_loaded_at
        if self._outputs is not None and unique_id in self._outputs.assets:
            output = self._outputs.assets[unique_id]
            with warnings.catch_warnings():  # the argument is a beta in Dagster
                warnings.simplefilter("ignore", dg.BetaWarning)
                return dg.Output(
                    None,
                    output_name=output,
                    metadata=metadata,
                    data_version=dg.DataVersion(version),
                )
        # Of an asset that is not observed, Dagster would compare a data version with none at all.
        tags = data_version_tags(version) if self._specs.is_observed(unique_id) else {}
        return dg.AssetObservation(
            asset_key=self._specs.key_of(unique_id),
            description=f"The source {measurement.summary}",
            metadata=metadata,
            tags=tags,
        )


def metadata_of(measurement: Measurement, log_path: Path | None = None) -> dict[str, Any]:
    """Metadata of any event that reports this measurement."""
    finished = measurement.finished
    metadata: dict[str, Any] = {
        "unique_id": measurement.node.unique_id,
        "status": "not reported" if finished is None else finished.status,
    }
    if measurement.error is not None:
        metadata["message"] = dg.MetadataValue.text(cut(measurement.error, whole=log_path))
    if finished is None:
        return metadata
    metadata["invocation_id"] = finished.invocation_id or ""
    metadata["Execution Duration"] = finished.execution_time_seconds
    freshness = finished.freshness
    if freshness is None:
        return metadata
    metadata["snapshotted_at"] = _time(freshness.snapshotted_at)
    if is_empty(freshness.max_loaded_at):
        metadata["max_loaded_at"] = dg.MetadataValue.text("no row with a time")
    else:
        metadata["age_seconds"] = freshness.age_seconds
        metadata["age"] = measurement.age
        metadata["max_loaded_at"] = _time(freshness.max_loaded_at)
        metadata[_LAST_UPDATED] = _time(freshness.max_loaded_at)
    limits = {
        "warn_after": freshness.warn_after,
        "error_after": freshness.error_after,
        "filter": freshness.filter,
    }
    return {**metadata, **{name: value for name, value in limits.items() if value is not None}}


def _time(text: str) -> dg.TimestampMetadataValue:
    return dg.MetadataValue.timestamp(datetime.fromisoformat(text))
