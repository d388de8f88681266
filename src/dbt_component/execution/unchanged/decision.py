"""Decides which nodes of a step run, and why: a pure function of the graph and of what is known.

A node is left out if its code, its settings and all data that it reads are those of its last build, and that build
was good. An input counts as new if it was built again since, even if its data version is the same: Dagster computes
data versions from code and inputs, so they do not move with a source that nobody observes.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import Enum

from dbt_component.definitions.listing import counted, listed
from dbt_component.execution.unchanged.input_movement import Inputs, Movement
from dbt_component.execution.unchanged.known_facts import Build, KnownFacts
from dbt_component.execution.unchanged.skip_policy import SkipPolicy
from dbt_component.execution.unchanged.step_graph import GraphNode, Kind, StepGraph
from dbt_component.execution.unchanged.time_text import short, since_text

_LISTED = 3


class Verdict(Enum):
    """What becomes of a node."""

    RUNS = "runs"
    UNCHANGED = "unchanged"
    """It is left out: nothing that determines its data changed."""
    SHOWS_NEW_DATA = "shows new data"
    """A view that is left out although there is new data below it, which it shows as it is."""


_ACTIONS = {
    Verdict.RUNS: "build",
    Verdict.UNCHANGED: "skip",
    Verdict.SHOWS_NEW_DATA: "skip view",
}


@dataclass(frozen=True)
class NodeDecision:
    """The verdict on one node, with its reason in words.

    ``build`` is its last build if it is left out. ``is_consequence`` says that it runs only because others do.
    """

    node: GraphNode
    verdict: Verdict
    reason: str
    build: Build | None = None
    is_consequence: bool = False

    @property
    def runs(self) -> bool:
        return self.verdict is Verdict.RUNS

    @property
    def action(self) -> str:
        """What becomes of it, in a word or two: ``build``, ``skip`` or ``skip view``."""
        return _ACTIONS[self.verdict]


@dataclass(frozen=True)
class NodeDecisions:
    """The verdicts on the selected nodes, by key, each after those that it reads."""

    of: Mapping[str, NodeDecision] = field(default_factory=dict)

    def verdict(self, key: str) -> Verdict | None:
        """The verdict on a node; ``None`` if it is not selected."""
        found = self.of.get(key)
        return None if found is None else found.verdict


def decide_nodes(
    graph: StepGraph,
    facts: KnownFacts,
    policy: SkipPolicy,
    *,
    settings_of: Callable[[str], str],
    forced: str | None = None,
) -> NodeDecisions:
    """Decides about the selected nodes, parents first. Takes time in proportion to nodes and edges.

    Args:
        graph: The nodes.
        facts: What is known of earlier runs.
        policy: What counts as a change.
        settings_of: The digest of the settings of this run for a node, by its unique id; each op has its own.
        forced: Why all nodes run, if they do.
    """
    decided: dict[str, NodeDecision] = {}
    inputs = Inputs(graph, facts, policy)
    for node in graph.nodes:
        reason = forced or _own_reason(node, facts, settings_of(node.unique_id))
        build = facts.builds.get(node.key)
        if reason is None and build is not None:
            decided[node.key] = _by_inputs(node, build, inputs, policy)
        else:
            decided[node.key] = NodeDecision(node, Verdict.RUNS, reason or "")
        if decided[node.key].runs:
            inputs.note_built(node.key)
        elif decided[node.key].verdict is Verdict.SHOWS_NEW_DATA:
            inputs.note_new_data(node.key)
    return NodeDecisions(decided)


def _own_reason(node: GraphNode, facts: KnownFacts, settings: str) -> str | None:
    """Why a node runs whatever its inputs are; ``None`` if nothing says so."""
    if node.always is not None:
        return node.always
    if node.code_version is None:
        return "its asset has no code version"
    build = facts.builds.get(node.key)
    if build is None:
        return "no build of it is recorded"
    if build.code_version != node.code_version:
        return "its code changed"
    if build.settings != settings:
        return (
            "its last build does not name its settings"
            if build.settings is None
            else "its last build had other settings"
        )
    if (run_id := facts.unfinished.get(node.key)) is not None:
        return f"run {short(run_id)} did not finish it"
    for check in node.checks:
        result = facts.checks.get(check)
        if result is not None and result.blocks and result.ended_at >= build.built_at:
            name = check.rpartition(":")[2]
            return f"its blocking check {name} failed in run {short(result.run_id)}"
    return None


def _by_inputs(node: GraphNode, build: Build, inputs: Inputs, policy: SkipPolicy) -> NodeDecision:
    found = {key: inputs.movement(key, node, build) for key in node.inputs if key != node.key}
    if built := [m for m in found.values() if m.movement is Movement.BUILT]:
        reason = listed([m.text for m in built], _LISTED)
        follows = all(m.is_in_this_run for m in built)
        return NodeDecision(node, Verdict.RUNS, reason, is_consequence=follows)
    moved = {key: m.text for key, m in found.items() if m.movement is Movement.NEW_DATA}
    from_sources = [key for key in found if inputs.comes_from_sources(key)]
    if moved and (policy.sources == "any" or len(moved) == len(from_sources)):
        reason = listed(moved.values(), _LISTED)
        if node.kind is Kind.VIEW:
            return NodeDecision(
                node, Verdict.SHOWS_NEW_DATA, f"a view with the same code; {reason}", build
            )
        return NodeDecision(node, Verdict.RUNS, reason)
    reason = f"unchanged since {since_text(build)}: same code version {short(node.code_version)}"
    if found:
        reason += f", same data of its {counted(len(found), 'input')}"
    if moved:
        reason += f", except that of {len(moved)} of {counted(len(from_sources), 'source')}"
    return NodeDecision(node, Verdict.UNCHANGED, reason, build)
