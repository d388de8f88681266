"""Outcomes as the events that a step of a multi-asset may yield."""

from collections.abc import Iterator, Mapping, Set
from pathlib import Path

import dagster as dg

from dbt_component._dagster import ProjectCheckResult
from dbt_component.definitions.node_keys import NodeKeys
from dbt_component.definitions.test_attachment import attached_node_of
from dbt_component.execution.event_text import cut
from dbt_component.execution.outcome_metadata import metadata_of
from dbt_component.execution.outcomes import Built, Checked, NotBuilt, Outcome
from dbt_component.manifest.dbt_test import DbtTest
from dbt_component.manifest.index import ManifestIndex

DagsterEvent = dg.Output[None] | dg.AssetCheckResult | dg.AssetObservation


class StepEvents:
    """Renders outcomes for one step.

    Dagster refuses events of outputs that the step did not select, so the arguments hold only selected ones.

    Args:
        index: The project.
        keys: The keys of all nodes in the definitions.
        outputs: Output name and final asset key of each selected asset, by unique id.
        checks: Final key of each selected check, by unique id.
    """

    def __init__(
        self,
        index: ManifestIndex,
        keys: NodeKeys,
        *,
        outputs: Mapping[str, tuple[str, dg.AssetKey]],
        checks: Mapping[str, dg.AssetCheckKey],
    ) -> None:
        self._index = index
        self._keys = keys
        self._outputs = outputs
        self._checks = checks

    @property
    def asset_ids(self) -> Set[str]:
        """Unique ids of the selected assets."""
        return self._outputs.keys()

    def of(self, outcome: Outcome, *, log_path: Path | None = None) -> Iterator[DagsterEvent]:
        """The event of an outcome: an output, a check result, or an observation of what went wrong.

        Args:
            outcome: The outcome.
            log_path: dbt's log, which holds messages that are too long for an event.
        """
        if isinstance(outcome, Checked):
            yield from self._of_test(outcome, log_path)
            return
        known = self._outputs.get(outcome.node.unique_id)
        if known is None:
            return
        output_name, key = known
        if isinstance(outcome, Built):
            yield dg.Output(
                None, output_name=output_name, metadata=metadata_of(outcome, log_path=log_path)
            )
        else:
            yield _not_materialized(key, outcome, log_path)

    def _of_test(self, checked: Checked, log_path: Path | None) -> Iterator[DagsterEvent]:
        key = self._checks.get(checked.test.unique_id)
        if key is not None:
            yield ProjectCheckResult(
                asset_key=key.asset_key,
                check_name=key.name,
                passed=checked.passed,
                severity=dg.AssetCheckSeverity.WARN
                if checked.is_warning
                else dg.AssetCheckSeverity.ERROR,
                description=None
                if checked.passed
                else cut(checked.finished.message or "", whole=log_path) or None,
                metadata=metadata_of(checked, log_path=log_path),
            )
            return
        text = f"dbt test {checked.test.name} reported {checked.finished.status!r}."
        if attached_node_of(self._index, checked.test) is None:
            text += " It is a check of no single asset; `meta.dagster.ref` makes it one."
        for asset_key in self._upstream_keys(checked.test):
            yield dg.AssetObservation(
                asset_key=asset_key,
                description=text,
                metadata=metadata_of(checked, log_path=log_path),
            )

    def _upstream_keys(self, test: DbtTest) -> list[dg.AssetKey]:
        keys: dict[dg.AssetKey, None] = {}
        for parent_id in test.depends_on:
            for node in self._index.nearest_assets(parent_id):
                selected = self._outputs.get(node.unique_id)
                key = selected[1] if selected else self._keys.key_of.get(node.unique_id)
                if key is not None:
                    keys[key] = None
        return list(keys)


def _not_materialized(
    key: dg.AssetKey, outcome: NotBuilt, log_path: Path | None
) -> dg.AssetObservation:
    return dg.AssetObservation(
        asset_key=key,
        description=f"Not materialized: dbt reported {outcome.finished.status!r}."
        + (f" {cut(outcome.message, whole=log_path)}" if outcome.message else ""),
        metadata=metadata_of(outcome, log_path=log_path),
    )
