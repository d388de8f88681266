"""Outcomes as Dagster events: what is the same in a step of dbt definitions and elsewhere."""

import abc
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import dagster as dg

from dbt_component.definitions.lineage_metadata import lineage_metadata
from dbt_component.definitions.test_attachment import attached_node_of
from dbt_component.execution.built_lineage import BuiltLineage
from dbt_component.execution.event_text import cut
from dbt_component.execution.outcome_metadata import metadata_of
from dbt_component.execution.outcomes import Built, Checked, NotBuilt, Outcome
from dbt_component.manifest.dbt_test import DbtTest
from dbt_component.manifest.index import ManifestIndex

DagsterEvent = (
    dg.Output[None]
    | dg.AssetMaterialization
    | dg.AssetCheckResult
    | dg.AssetCheckEvaluation
    | dg.AssetObservation
)
"""What a dbt command yields: the events that a step or op of Dagster may yield for assets and checks."""


class OutcomeEvents(abc.ABC):
    """Renders outcomes of the nodes of a project. Subclasses know the keys, and which events are allowed.

    Args:
        index: The project.
        lineage: Traces the columns of what was built, where dbt's process described the query.
    """

    def __init__(self, index: ManifestIndex, lineage: BuiltLineage) -> None:
        self.index = index
        self._lineage = lineage

    def of(self, outcome: Outcome, *, log_path: Path | None = None) -> Iterator[DagsterEvent]:
        """The events of an outcome.

        Args:
            outcome: The outcome.
            log_path: dbt's log, which holds messages that are too long for an event.
        """
        if isinstance(outcome, Checked):
            yield from self._of_test(outcome, log_path)
        elif isinstance(outcome, Built):
            metadata = metadata_of(outcome, log_path=log_path)
            yield from self._of_built(
                outcome.node.unique_id, {**metadata, **self._lineage_of(outcome)}
            )
        else:
            yield from self._of_not_built(outcome, log_path)

    def _lineage_of(self, built: Built) -> Mapping[str, Any]:
        query = built.finished.query
        found = None if query is None else self._lineage.of(built.node.unique_id, query)
        return {} if found is None else lineage_metadata(found, self._asset_key)

    def _of_test(self, checked: Checked, log_path: Path | None) -> Iterator[DagsterEvent]:
        metadata = {**metadata_of(checked, log_path=log_path), **self._test_metadata(checked.test)}
        key = self._check_key(checked.test)
        if key is not None:
            yield self._evaluation(
                key,
                passed=checked.passed,
                severity=dg.AssetCheckSeverity.WARN
                if checked.is_warning
                else dg.AssetCheckSeverity.ERROR,
                description=None
                if checked.passed
                else cut(checked.finished.message or "", whole=log_path) or None,
                metadata=metadata,
            )
            return
        text = f"dbt test {checked.test.name} reported {checked.finished.status!r}."
        if attached_node_of(self.index, checked.test) is None:
            text += " It is a check of no single asset; `meta.dagster.ref` makes it one."
        for asset_key in self._upstream_keys(checked.test):
            yield dg.AssetObservation(asset_key=asset_key, description=text, metadata=metadata)

    def _upstream_keys(self, test: DbtTest) -> list[dg.AssetKey]:
        keys: dict[dg.AssetKey, None] = {}
        for parent_id in test.depends_on:
            for node in self.index.nearest_assets(parent_id):
                key = self._asset_key(node.unique_id)
                if key is not None:
                    keys[key] = None
        return list(keys)

    def _test_metadata(self, test: DbtTest) -> dict[str, Any]:
        """Metadata of a test's result besides that of its outcome."""
        return {}

    @abc.abstractmethod
    def _asset_key(self, unique_id: str) -> dg.AssetKey | None:
        """The key of a node, for observations; ``None`` if it has none."""

    @abc.abstractmethod
    def _check_key(self, test: DbtTest) -> dg.AssetCheckKey | None:
        """The key of the check that a test is; ``None`` if its result can only be observed."""

    @abc.abstractmethod
    def _evaluation(self, key: dg.AssetCheckKey, **fields: Any) -> DagsterEvent:
        """The event of a check's result."""

    @abc.abstractmethod
    def _of_built(self, unique_id: str, metadata: dict[str, Any]) -> Iterator[DagsterEvent]:
        """The event of a node that was built."""

    @abc.abstractmethod
    def _of_not_built(self, outcome: NotBuilt, log_path: Path | None) -> Iterator[DagsterEvent]:
        """The event of a node that failed or was skipped."""
