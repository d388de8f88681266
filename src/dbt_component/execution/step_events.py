"""Outcomes as the events that a step of dbt definitions may yield."""

import logging
from collections.abc import Iterator, Mapping, Set
from pathlib import Path
from typing import Any

import dagster as dg

from dbt_component._dagster import ProjectCheckResult
from dbt_component.definitions.node_keys import NodeKeys
from dbt_component.definitions.op_registry import BoundOp
from dbt_component.execution.built_lineage import BuiltLineage
from dbt_component.execution.event_text import cut
from dbt_component.execution.outcome_events import DagsterEvent, OutcomeEvents
from dbt_component.execution.outcome_metadata import metadata_of
from dbt_component.execution.outcomes import NotBuilt
from dbt_component.manifest.dbt_test import DbtTest
from dbt_component.manifest.index import ManifestIndex


class StepEvents(OutcomeEvents):
    """Renders outcomes for one step: outputs, check results, and observations of what went wrong.

    Dagster refuses events of outputs that the step did not select, so the arguments hold only selected ones.

    Args:
        index: The project.
        keys: The keys of all nodes in the definitions.
        lineage: Traces the columns of what was built.
        outputs: Output name and final asset key of each selected asset, by unique id.
        checks: Final key of each selected check, by unique id.
    """

    def __init__(
        self,
        index: ManifestIndex,
        keys: NodeKeys,
        lineage: BuiltLineage,
        *,
        outputs: Mapping[str, tuple[str, dg.AssetKey]],
        checks: Mapping[str, dg.AssetCheckKey],
    ) -> None:
        super().__init__(index, lineage)
        self._keys = keys
        self._outputs = outputs
        self._checks = checks

    @classmethod
    def of_step(
        cls,
        bound: BoundOp,
        assets_def: dg.AssetsDefinition,
        wanted: Set[str],
        log: logging.Logger,
    ) -> "StepEvents":
        """The events of a step of dbt definitions.

        Args:
            bound: What belongs to the op.
            assets_def: The assets and checks that the step selected.
            wanted: Unique ids that the step runs, which may include checks of sources.
            log: The step's log.
        """
        nodes = bound.nodes
        outputs = assets_def.keys_by_output_name
        checks = assets_def.check_specs_by_output_name
        index = bound.prepared.manifest.index
        return cls(
            index,
            bound.keys.moved_to(assets_def, index),
            BuiltLineage(index.adapter_type, bound.prepared.lineage, log),
            outputs={
                nodes.asset_ids[name]: (name, key)
                for name, key in outputs.items()
                if name in nodes.asset_ids
            },
            checks={
                nodes.check_ids[name]: spec.key
                for name, spec in assets_def.node_check_specs_by_output_name.items()
                if name in nodes.check_ids and (name in checks or nodes.check_ids[name] in wanted)
            },
        )

    def ids_of(self, assets: Set[dg.AssetKey], checks: Set[dg.AssetCheckKey]) -> frozenset[str]:
        """Unique ids of selected assets and checks by their keys."""
        return frozenset(
            [
                *(unique_id for unique_id, (_, key) in self._outputs.items() if key in assets),
                *(unique_id for unique_id, key in self._checks.items() if key in checks),
            ]
        )

    @property
    def asset_ids(self) -> Set[str]:
        """Unique ids of the selected assets."""
        return self._outputs.keys()

    def _asset_key(self, unique_id: str) -> dg.AssetKey | None:
        selected = self._outputs.get(unique_id)
        return selected[1] if selected else self._keys.key_of.get(unique_id)

    def _check_key(self, test: DbtTest) -> dg.AssetCheckKey | None:
        return self._checks.get(test.unique_id)

    def _evaluation(self, key: dg.AssetCheckKey, **fields: Any) -> DagsterEvent:
        return ProjectCheckResult(asset_key=key.asset_key, check_name=key.name, **fields)

    def _of_built(self, unique_id: str, metadata: dict[str, Any]) -> Iterator[DagsterEvent]:
        if unique_id in self._outputs:
            yield dg.Output(None, output_name=self._outputs[unique_id][0], metadata=metadata)

    def _of_not_built(self, outcome: NotBuilt, log_path: Path | None) -> Iterator[DagsterEvent]:
        known = self._outputs.get(outcome.node.unique_id)
        if known is not None:
            yield dg.AssetObservation(
                asset_key=known[1],
                description=f"Not materialized: dbt reported {outcome.finished.status!r}."
                + (f" {cut(outcome.message, whole=log_path)}" if outcome.message else ""),
                metadata=metadata_of(outcome, log_path=log_path),
            )
