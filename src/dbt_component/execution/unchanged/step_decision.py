"""The decision about everything that a step would run."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from dbt_component.definitions.listing import counted, listed
from dbt_component.execution.unchanged.check_decision import TestDecision, decide_tests
from dbt_component.execution.unchanged.decision import (
    NodeDecision,
    NodeDecisions,
    Verdict,
    decide_nodes,
)
from dbt_component.execution.unchanged.known_facts import KnownFacts
from dbt_component.execution.unchanged.skip_policy import SkipPolicy
from dbt_component.execution.unchanged.step_graph import StepGraph

_LISTED = 10


@dataclass(frozen=True)
class StepDecision:
    """Which nodes and tests of a step run, and why."""

    nodes: NodeDecisions = field(default_factory=NodeDecisions)
    tests: Sequence[TestDecision] = ()

    @classmethod
    def of(
        cls,
        graph: StepGraph,
        facts: KnownFacts,
        policy: SkipPolicy,
        *,
        settings_of: Callable[[str], str],
        forced: str | None = None,
    ) -> "StepDecision":
        """Decides about all nodes and tests of a graph; see ``decide_nodes``."""
        nodes = decide_nodes(graph, facts, policy, settings_of=settings_of, forced=forced)
        return cls(nodes, decide_tests(graph, facts, policy, nodes, forced=forced))

    @property
    def node_decisions(self) -> list[NodeDecision]:
        """The decisions about nodes, parents first."""
        return list(self.nodes.of.values())

    @property
    def left_out(self) -> frozenset[str]:
        """Unique ids of the nodes and tests that do not run."""
        nodes = [d.node.unique_id for d in self.node_decisions if not d.runs]
        return frozenset([*nodes, *(d.test.unique_id for d in self.tests if not d.runs)])

    def counts(self) -> str:
        """How many nodes and tests run, and how many do not."""
        verdicts = Counter(d.verdict for d in self.node_decisions)
        tests_left_out = sum(not d.runs for d in self.tests)
        views = verdicts[Verdict.SHOWS_NEW_DATA]
        return (
            f"{counted(verdicts[Verdict.RUNS], 'node')} to build,"
            f" {verdicts[Verdict.UNCHANGED]} unchanged"
            + (f", {counted(views, 'view')} that need not be built for new data" if views else "")
            + f"; {counted(len(self.tests) - tests_left_out, 'test')} to run, {tests_left_out} left out"
        )

    def summary(self) -> str:
        """The counts and the first reasons, for the log of a step."""
        running = [d for d in self.node_decisions if d.runs]
        reasons = [f"{d.node.key} ({d.reason})" for d in running if not d.is_consequence]
        text = self.counts()
        if reasons:
            text += f". To build: {listed(reasons, _LISTED)}"
            following = len(running) - len(reasons)
            text += f"; and {counted(following, 'node')} downstream" if following else ""
        return f"{text}."
