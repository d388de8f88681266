"""Outcomes of a run on the dbt platform as events that belong to no run of Dagster."""

import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import dagster as dg

from dbt_component.cloud.sensor.observed_project import ObservedProject
from dbt_component.execution.built_lineage import BuiltLineage
from dbt_component.execution.outcome_events import DagsterEvent, OutcomeEvents
from dbt_component.execution.outcomes import NotBuilt
from dbt_component.manifest.dbt_test import DbtTest

RunlessEvent = dg.AssetMaterialization | dg.AssetCheckEvaluation | dg.AssetObservation
"""What a sensor may report."""


class RunlessEvents(OutcomeEvents):
    """Renders what was built as materializations, and tests as check evaluations. Failures give no event.

    Args:
        project: The project and its keys.
        log: The sensor's log.
    """

    def __init__(self, project: ObservedProject, log: logging.Logger) -> None:
        super().__init__(project.index, BuiltLineage(project.index.adapter_type, None, log))
        self._project = project

    def _asset_key(self, unique_id: str) -> dg.AssetKey | None:
        return self._project.asset_key_of(unique_id)

    def _check_key(self, test: DbtTest) -> dg.AssetCheckKey | None:
        return self._project.check_key_of(test.unique_id)

    def _evaluation(self, key: dg.AssetCheckKey, **fields: Any) -> DagsterEvent:
        return dg.AssetCheckEvaluation(asset_key=key.asset_key, check_name=key.name, **fields)

    def _of_built(self, unique_id: str, metadata: dict[str, Any]) -> Iterator[DagsterEvent]:
        key = self._project.asset_key_of(unique_id)
        if key is not None:
            yield dg.AssetMaterialization(asset_key=key, metadata=metadata)

    def _of_not_built(self, outcome: NotBuilt, log_path: Path | None) -> Iterator[DagsterEvent]:
        yield from ()
