"""Measures the sources that a build reads, and keeps what reads a stale one from being built."""

import logging
from collections.abc import Generator, Mapping, Set

import dagster as dg

from dbt_component._dagster import forget_input_version
from dbt_component.dbt_process.arguments import as_source_freshness
from dbt_component.definitions.freshness_specs import FreshnessSpecs
from dbt_component.execution.freshness_events import FreshnessEvents
from dbt_component.execution.freshness_run import FreshnessRun
from dbt_component.execution.measurement import Measurement
from dbt_component.execution.outcome_events import DagsterEvent
from dbt_component.execution.plan import RunPlan
from dbt_component.manifest.index import ManifestIndex
from dbt_component.project.prepared import PreparedProject


class FreshnessGate:
    """Measures each source once in a step, before the first command that builds something from it.

    Args:
        specs: The sources that may be measured, with their checks.
        prepared: What is known of the project.
        context: The context of the step.
    """

    def __init__(
        self, specs: FreshnessSpecs, prepared: PreparedProject, context: dg.OpExecutionContext
    ) -> None:
        self._specs = specs
        self._prepared = prepared
        self._context = context
        self._events = FreshnessEvents(specs)
        self._known: dict[str, Measurement] = {}
        self._run: FreshnessRun | None = None

    def withheld_from(
        self, plan: RunPlan, log: logging.Logger
    ) -> Generator[DagsterEvent, None, Mapping[str, str]]:
        """Measures the sources that the plan's models read, unless it has, and yields the events of that.

        Args:
            plan: A command that builds.
            log: The step's log.

        Returns:
            The nodes and tests of the plan that must not run, each with the reason.

        Raises:
            EngineError: dbt is not a Python script.
        """
        index = self._prepared.manifest.index
        read = sources_read(index, plan.expected) & self._specs.source_ids
        wanted = read - self._known.keys()
        if wanted:
            run = self._run = FreshnessRun(
                self._prepared,
                plan.project,
                as_source_freshness(plan.argv),
                frozenset(wanted),
                name=f"{self._context.op.name}-freshness-{self._context.run_id[:8]}",
                log=log,
            )
            for measurement in run.measurements():
                unique_id = measurement.node.unique_id
                self._known[unique_id] = measurement
                yield from self._events.of(measurement, log_path=run.log_path)
                forget_input_version(self._context, self._specs.key_of(unique_id))
        reasons = {
            unique_id: f"{unique_id} {found.summary}"
            for unique_id in sorted(read)
            if not ((found := self._known[unique_id]).passed or found.is_warning)
        }
        return below_sources(index, plan.selected or frozenset(), reasons)

    @property
    def data_versions(self) -> dict[str, str]:
        """The data version of each observed source that has been measured, by asset key."""
        return {
            self._specs.key_of(unique_id).to_user_string(): found.finished.freshness.max_loaded_at
            for unique_id, found in self._known.items()
            if found.error is None
            and found.finished is not None
            and found.finished.freshness is not None
            and self._specs.is_observed(unique_id)
        }

    def stop(self) -> None:
        """Stops dbt if it is measuring."""
        if self._run is not None:
            self._run.stop()


def sources_read(index: ManifestIndex, unique_ids: Set[str]) -> set[str]:
    """The sources that models and snapshots read, directly or through ephemeral models."""
    return {
        parent.unique_id
        for unique_id in unique_ids
        if (node := index.node_by_id.get(unique_id)) is not None
        for parent in index.upstream_assets(node)
        if parent.is_source
    }


def below_sources(
    index: ManifestIndex, selected: Set[str], reasons: Mapping[str, str]
) -> dict[str, str]:
    """The selected nodes that read one of these sources, all selected ones downstream of them, and their tests.

    What is downstream of a model that is not selected stays: it would be built from what that model is now.

    Args:
        index: The project.
        selected: Unique ids of nodes and tests.
        reasons: A reason by unique id of the source.
    """
    found: dict[str, str] = {}
    for node in index.nodes if reasons else ():  # in topological order
        if node.is_source:
            continue
        reason = next((found[parent] for parent in node.depends_on if parent in found), None)
        if reason is None and node.is_asset and node.unique_id in selected:
            read = (parent.unique_id for parent in index.upstream_assets(node))
            reason = next((reasons[parent] for parent in read if parent in reasons), None)
        if reason is not None:
            found[node.unique_id] = reason
    for unique_id in selected & index.test_by_id.keys() if found else ():
        parents = index.test_by_id[unique_id].depends_on
        reason = next((found[parent] for parent in parents if parent in found), None)
        if reason is not None:
            found[unique_id] = reason
    return {unique_id: reason for unique_id, reason in found.items() if unique_id in selected}
