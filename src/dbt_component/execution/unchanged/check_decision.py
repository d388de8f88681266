"""Decides which tests of a step run, and why."""

from dataclasses import dataclass

from dbt_component.execution.unchanged.decision import NodeDecisions, Verdict
from dbt_component.execution.unchanged.input_movement import Inputs
from dbt_component.execution.unchanged.known_facts import CheckResult, KnownFacts
from dbt_component.execution.unchanged.skip_policy import SkipPolicy
from dbt_component.execution.unchanged.step_graph import GraphTest, StepGraph
from dbt_component.execution.unchanged.time_text import short, time_text


@dataclass(frozen=True)
class TestDecision:
    """Whether a test runs, with the reason in words; ``result`` is its last result if it is left out."""

    __test__ = False

    test: GraphTest
    reason: str
    result: CheckResult | None = None

    @property
    def runs(self) -> bool:
        return self.result is None


def decide_tests(
    graph: StepGraph,
    facts: KnownFacts,
    policy: SkipPolicy,
    nodes: NodeDecisions,
    *,
    forced: str | None = None,
) -> list[TestDecision]:
    """Decides about the selected tests.

    A test is left out if it is a check whose last result is good and still stands: the test has the same code, and
    nothing that it reads has other data than it had then.

    Args:
        graph: The tests.
        facts: What is known of earlier runs.
        policy: What counts as a change.
        nodes: The decisions about the selected nodes.
        forced: Why all tests run, if they do.
    """
    inputs = Inputs(graph, facts, policy)
    for key in nodes.of:
        if nodes.verdict(key) is Verdict.RUNS:
            inputs.note_built(key)
        elif nodes.verdict(key) is Verdict.SHOWS_NEW_DATA:
            inputs.note_new_data(key)
    return [
        TestDecision(test, forced) if forced else _decide(test, facts, policy, nodes, inputs)
        for test in graph.tests
    ]


def _decide(
    test: GraphTest, facts: KnownFacts, policy: SkipPolicy, nodes: NodeDecisions, inputs: Inputs
) -> TestDecision:
    if test.check is None:
        return TestDecision(test, "it is a check of no asset, so its results are not recorded")
    result = facts.checks.get(test.check)
    if result is None:
        return TestDecision(test, "no result of it is recorded")
    if not test.code_version or result.code_version != test.code_version:
        return TestDecision(test, "its code changed, or its last result does not name it")
    if not result.passed:
        return TestDecision(test, f"it did not pass in run {short(result.run_id)}")
    for key in test.reads:
        reason = _new_data(key, result, facts, policy, nodes, inputs)
        if reason is not None:
            return TestDecision(test, reason)
    return TestDecision(
        test,
        f"passed in run {short(result.run_id)} ({time_text(result.tested_at or result.ended_at)}) for the same code and data",
        result,
    )


def _new_data(
    key: str,
    result: CheckResult,
    facts: KnownFacts,
    policy: SkipPolicy,
    nodes: NodeDecisions,
    inputs: Inputs,
) -> str | None:
    """Why an input of a test may have other data than when it passed; ``None`` if it has not."""
    verdict = nodes.verdict(key)
    if verdict is Verdict.RUNS:
        return f"{key} is built in this run"
    if verdict is Verdict.SHOWS_NEW_DATA:
        return f"view {key} shows new data"
    if key in facts.unfinished:
        return f"run {short(facts.unfinished[key])} did not finish {key}"
    build = facts.builds.get(key)
    if build is not None:
        if build.moved_at > result.ended_at:
            return f"{key} has new data"
        return f"there is new data below view {key}" if inputs.is_view_with_new_data(key) else None
    if inputs.is_node(key):
        return f"no build of {key} is recorded"
    observed = facts.observations.get(key)
    if observed is not None:
        return f"{key} was observed again" if observed.observed_at > result.ended_at else None
    return f"the data version of {key} is unknown" if policy.unknown_sources == "run" else None
