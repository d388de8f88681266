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
from dbt_component.execution.event_tags import TEST_VERSION
from dbt_component.execution.event_text import cut
from dbt_component.execution.outcome_events import DagsterEvent, OutcomeEvents
from dbt_component.execution.outcome_metadata import metadata_of
from dbt_component.execution.outcomes import NotBuilt
from dbt_component.manifest.dbt_test import DbtTest
from dbt_component.manifest.index import ManifestIndex
from dbt_component.manifest.node import Node


class StepEvents(OutcomeEvents):
    """Renders outcomes for one step: outputs, check results, and observations of what went wrong.

    Dagster refuses events of outputs that the step did not select, so the arguments hold only selected ones.

    Args:
        index: The project.
        keys: The keys of all nodes in the definitions.
        lineage: Traces the columns of what was built.
        outputs: Output name and final asset key of each selected asset, by unique id.
        checks: Final key of each selected check, by unique id.
        recorded_tags: Tags of each materialization, by which later runs know whether something changed; with these,
            each check result names the code version of its test. ``None`` if nothing needs to be known.
    """

    def __init__(
        self,
        index: ManifestIndex,
        keys: NodeKeys,
        lineage: BuiltLineage,
        *,
        outputs: Mapping[str, tuple[str, dg.AssetKey]],
        checks: Mapping[str, dg.AssetCheckKey],
        recorded_tags: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(index, lineage)
        self._recorded_tags = recorded_tags
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
        *,
        recorded_tags: Mapping[str, str] | None = None,
    ) -> "StepEvents":
        """The events of a step of dbt definitions.

        Args:
            bound: What belongs to the op.
            assets_def: The assets and checks that the step selected.
            wanted: Unique ids that the step runs, which may include checks of sources.
            log: The step's log.
            recorded_tags: See the constructor.
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
            recorded_tags=recorded_tags,
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

    def assets_among(self, ids: Set[str]) -> list[tuple[Node, dg.AssetKey]]:
        """The nodes of selected assets with their final keys, those in ``ids`` only."""
        return [
            (self.index.node_by_id[unique_id], key)
            for unique_id, (_, key) in self._outputs.items()
            if unique_id in ids
        ]

    def output_of(self, unique_id: str) -> tuple[str, dg.AssetKey] | None:
        """The output name and final key of a selected asset; ``None`` for anything else."""
        return self._outputs.get(unique_id)

    def check_key_of(self, unique_id: str) -> dg.AssetCheckKey | None:
        """The final key of a selected check; ``None`` for anything else."""
        return self._checks.get(unique_id)

    def _asset_key(self, unique_id: str) -> dg.AssetKey | None:
        selected = self._outputs.get(unique_id)
        return selected[1] if selected else self._keys.key_of.get(unique_id)

    def _check_key(self, test: DbtTest) -> dg.AssetCheckKey | None:
        return self._checks.get(test.unique_id)

    def _evaluation(self, key: dg.AssetCheckKey, **fields: Any) -> DagsterEvent:
        return ProjectCheckResult(asset_key=key.asset_key, check_name=key.name, **fields)

    def _test_metadata(self, test: DbtTest) -> dict[str, Any]:
        if self._recorded_tags is None or not test.code_version:
            return {}
        return {TEST_VERSION: test.code_version}

    def _of_built(self, unique_id: str, metadata: dict[str, Any]) -> Iterator[DagsterEvent]:
        if unique_id in self._outputs:
            output, tags = self._outputs[unique_id][0], self._recorded_tags
            yield dg.Output(None, output_name=output, metadata=metadata, tags=tags)

    def _of_not_built(self, outcome: NotBuilt, log_path: Path | None) -> Iterator[DagsterEvent]:
        known = self._outputs.get(outcome.node.unique_id)
        if known is not None:
            message = cut(outcome.message or "", whole=log_path)
            reported = f"dbt reported {outcome.finished.status!r}. "
            yield dg.AssetObservation(
                asset_key=known[1],
                description=f"Not materialized: {'' if outcome.is_withheld else reported}{message}".rstrip(),
                metadata=metadata_of(outcome, log_path=log_path),
            )
