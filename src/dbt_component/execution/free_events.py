"""Outcomes as events outside of steps of dbt definitions: in any op or asset, or without a context."""

import logging
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import dagster as dg

from dbt_component._dagster import ProjectCheckResult
from dbt_component.definitions.check_keys import CheckKeys
from dbt_component.definitions.resolving_manifest import ResolvingManifest
from dbt_component.execution.built_lineage import BuiltLineage
from dbt_component.execution.op_context import Context, op_context_of
from dbt_component.execution.outcome_events import DagsterEvent, OutcomeEvents
from dbt_component.execution.outcomes import NotBuilt
from dbt_component.manifest.dbt_test import DbtTest

_logger = logging.getLogger("dbt_component")


class FreeEvents(OutcomeEvents):
    """Renders what was built as materializations, and tests as check evaluations. Failures give no event.

    In a step of the user's own assets, those that the step itself makes become outputs and check results.

    Args:
        view: The project with its spec rules applied.
        context: The context of the op or asset, if there is one.
    """

    def __init__(self, view: ResolvingManifest, context: Context | None) -> None:
        log = _logger if context is None else context.log
        super().__init__(view.index, BuiltLineage(view.index.adapter_type, None, log))
        self._view = view
        self._check_keys = CheckKeys(view)
        self._outputs: Mapping[dg.AssetKey, str] = {}
        self._own_checks: frozenset[dg.AssetCheckKey] = frozenset()
        op_context = None if context is None else op_context_of(context)
        if op_context is not None and op_context.has_assets_def:
            assets_def = op_context.assets_def
            self._outputs = {key: name for name, key in assets_def.keys_by_output_name.items()}
            self._own_checks = frozenset(assets_def.check_keys)

    def _asset_key(self, unique_id: str) -> dg.AssetKey | None:
        return self._view.final_spec(unique_id).key

    def _check_key(self, test: DbtTest) -> dg.AssetCheckKey | None:
        return self._check_keys.find(test)

    def _evaluation(self, key: dg.AssetCheckKey, **fields: Any) -> DagsterEvent:
        kind = ProjectCheckResult if key in self._own_checks else dg.AssetCheckEvaluation
        return kind(asset_key=key.asset_key, check_name=key.name, **fields)

    def _of_built(self, unique_id: str, metadata: dict[str, Any]) -> Iterator[DagsterEvent]:
        key = self._view.final_spec(unique_id).key
        if key in self._outputs:
            yield dg.Output(None, output_name=self._outputs[key], metadata=metadata)
        else:
            yield dg.AssetMaterialization(asset_key=key, metadata=metadata)

    def _of_not_built(self, outcome: NotBuilt, log_path: Path | None) -> Iterator[DagsterEvent]:
        yield from ()
