"""The events about what a step leaves out, each with the reason."""

import warnings
from collections.abc import Iterator, Set
from typing import Any

import dagster as dg

from dbt_component._dagster import ProjectCheckResult
from dbt_component.execution.event_tags import REASON, TEST_VERSION, TESTED, UNCHANGED
from dbt_component.execution.outcome_events import DagsterEvent
from dbt_component.execution.step_events import StepEvents
from dbt_component.execution.unchanged.build_event import tags_of_repeated, tags_of_view
from dbt_component.execution.unchanged.check_decision import TestDecision
from dbt_component.execution.unchanged.decision import NodeDecision, Verdict
from dbt_component.execution.unchanged.step_decision import StepDecision
from dbt_component.execution.unchanged.time_text import short


class LeftOut:
    """What a step leaves out.

    An unchanged asset gets an observation: a materialization would make automation believe that there is new data. If
    another step of the run waits for its output, it gets a materialization with the same data version all the same,
    because Dagster skips a step whose input was not yielded. A view that shows new data is materialized, with the data
    version that follows from its inputs.

    Args:
        decision: The decision.
        events: The assets and checks of the step.
        needed: The outputs that other steps of the run wait for.
    """

    def __init__(self, decision: StepDecision, events: StepEvents, needed: Set[str]) -> None:
        self._decision = decision
        self._events = events
        self._needed = needed

    @property
    def ids(self) -> frozenset[str]:
        """Unique ids of what is left out."""
        return self._decision.left_out

    def render(self) -> Iterator[DagsterEvent]:
        """The events, parents first, each check after its asset."""
        for node in self._decision.node_decisions:
            if not node.runs:
                yield from self._of_node(node)
        for test in self._decision.tests:
            if not test.runs:
                yield from self._of_test(test)

    def _of_node(self, decision: NodeDecision) -> Iterator[DagsterEvent]:
        selected = self._events.output_of(decision.node.unique_id)
        build = decision.build
        if selected is None or build is None:
            return
        output, key = selected
        metadata: dict[str, Any] = {"unique_id": decision.node.unique_id, REASON: decision.reason}
        if decision.verdict is Verdict.SHOWS_NEW_DATA:
            yield dg.Output(
                None, output, {**metadata, "status": "view not built"}, tags=tags_of_view(build)
            )
            return
        metadata["status"] = "unchanged"
        if output in self._needed:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", category=dg.BetaWarning)  # of data_version
                repeated: dg.Output[None] = dg.Output(
                    None,
                    output,
                    metadata,
                    data_version=dg.DataVersion(build.data_version),
                    tags=tags_of_repeated(build),
                )
            yield repeated
            return
        yield dg.AssetObservation(
            key,
            description=f"Not built: {decision.reason}.",
            metadata=metadata,
            tags={UNCHANGED: str(build.event_id)},
        )

    def _of_test(self, decision: TestDecision) -> Iterator[DagsterEvent]:
        test, result = decision.test, decision.result
        key = self._events.check_key_of(test.unique_id)
        if key is None or result is None:
            return
        yield ProjectCheckResult(
            asset_key=key.asset_key,
            check_name=key.name,
            passed=True,
            description=f"Not run again: {decision.reason}.",
            metadata={
                "unique_id": test.unique_id,
                "status": f"passed in run {short(result.run_id)}",
                REASON: decision.reason,
                TEST_VERSION: test.code_version,
                TESTED: f"{result.run_id} {result.tested_at or result.ended_at:.6f}",
            },
        )
