"""Tells what a run of a component would do, without running anything."""

from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass, field, replace

import dagster as dg

from dbt_component.component.component import DbtProjectComponent
from dbt_component.component.loaded import Loaded
from dbt_component.component.op_preview import OpPreview, expected_of, homes_of, preview_ops
from dbt_component.definitions.spec_builder import SelectedSpecs
from dbt_component.errors import StateError
from dbt_component.execution.timeline.expected_chain import expected_chain
from dbt_component.execution.timeline.project_history import history_of
from dbt_component.execution.timeline.waits import waits_of
from dbt_component.execution.unchanged.instance_facts import read_facts
from dbt_component.execution.unchanged.known_facts import KnownFacts
from dbt_component.execution.unchanged.project_graph import ProjectGraph
from dbt_component.execution.unchanged.skip_policy import SkipPolicy
from dbt_component.execution.unchanged.step_decision import StepDecision
from dbt_component.execution.unchanged.step_graph import StepGraph
from dbt_component.project.collector import paused_collector
from dbt_component.project.state_project import StateProject
from dbt_component.selection.criteria import SelectionCriteria

SHOWN_CHAIN = 10


@dataclass(frozen=True)
class ComponentPlan:
    """What a run of one component would do.

    Args:
        state_key: Names the component.
        problem: Why nothing is known; ``None`` if it is.
        forced: Why everything runs; ``None`` if it depends on each node.
        decision: What runs and what does not, with the reasons.
        seconds: The usual duration of each node and test that runs, where one is known, by unique id.
        chain: The unique ids of the longest chain of nodes and tests that wait for each other.
        chain_seconds: How long it usually takes; a node without a duration counts as the median.
        settings: The digest of the settings of a run of the default op.
    """

    state_key: str
    problem: str | None = None
    forced: str | None = None
    decision: StepDecision = field(default_factory=StepDecision)
    seconds: Mapping[str, float] = field(default_factory=dict)
    chain: Sequence[str] = ()
    chain_seconds: float = 0.0
    settings: str = ""

    @property
    def work_seconds(self) -> float:
        """The sum of all known durations."""
        return sum(self.seconds.values())


def plan_component(
    component: DbtProjectComponent,
    instance: dg.DagsterInstance | None,
    *,
    select: str | None = None,
    exclude: str = "",
    force: bool = False,
) -> ComponentPlan:
    """Plans a run of a component from its state, the instance, and the durations of earlier runs on this machine.

    Takes time in proportion to the nodes and edges of the component's selection, and a few queries in an SQL event log.

    Args:
        component: A component loaded from a dg project.
        instance: The instance that runs are recorded in; ``None`` if there is none.
        select: A dbt selection to run; resolved from the state if possible, else by dbt. Default: everything.
        exclude: Nodes to exclude from it.
        force: Whether to plan a run with ``skip_unchanged: false``.
    """
    with paused_collector():  # it would take a third of the time
        try:
            prepared = component.open_stored()
        except StateError as error:
            return ComponentPlan(component.defs_state_config.key, problem=str(error))
        return _plan(component, prepared, instance, select=select, exclude=exclude, force=force)


def _plan(
    component: DbtProjectComponent,
    prepared: StateProject,
    instance: dg.DagsterInstance | None,
    *,
    select: str | None,
    exclude: str,
    force: bool,
) -> ComponentPlan:
    loaded = Loaded.of(
        prepared,
        component.project_source,
        component.spec_rules,
        component.criteria,
        {},
        component.op_rules,
        component.check_rules,
        has_lineage=False,
    )
    specs = loaded.specs
    wanted: Set[str] = specs.node_map.selected_ids
    if select is not None or exclude:
        criteria = SelectionCriteria(select=select or SelectionCriteria().select, exclude=exclude)
        wanted = wanted & prepared.select(criteria)
    previews = preview_ops(component, prepared)
    homes = homes_of(loaded.division, specs.index, wanted)
    graph = _graph(specs, expected_of(previews, homes, specs.index, frozenset(wanted)))
    forced = _why_forced(component, instance, previews, force=force)
    facts = read_facts(instance, graph) if instance is not None and not forced else KnownFacts()
    decision = StepDecision.of(
        _with_forced_ops(graph, previews, homes),
        facts,
        component.skip_unchanged or SkipPolicy(),
        settings_of=lambda unique_id: previews[homes[unique_id]].settings,
        forced=forced,
    )
    runs = frozenset(
        [d.node.unique_id for d in decision.node_decisions if d.runs]
        + [d.test.unique_id for d in decision.tests if d.runs]
    )
    usual = history_of(prepared.open(), specs.index).usual_seconds()
    command = previews[-1].arguments.command
    gates = command.builds and command.tests
    chain, chain_seconds = expected_chain(waits_of(specs.index, runs, gates_on_tests=gates), usual)
    return ComponentPlan(
        component.defs_state_config.key,
        forced=forced,
        decision=decision,
        seconds={unique_id: usual[unique_id] for unique_id in sorted(runs & usual.keys())},
        chain=chain,
        chain_seconds=chain_seconds,
        settings=previews[-1].settings,
    )


def _graph(specs: SelectedSpecs, expected: Set[str]) -> StepGraph:
    own = specs.node_map.asset_ids
    built = {own[spec.key]: spec for spec in specs.asset_specs if own[spec.key] in expected}
    on_request = {
        test
        for test in specs.view.rules.tests.on_request & expected
        if not built.keys().isdisjoint(specs.index.test_by_id[test].depends_on[:1])
    }
    graph = ProjectGraph(specs.view.own, specs.keys.key_of, specs.keys.check_key_of)
    return graph.of(built, (expected & specs.index.test_by_id.keys()) - on_request)


def _with_forced_ops(
    graph: StepGraph, previews: list[OpPreview], homes: Mapping[str, int]
) -> StepGraph:
    """The graph, in which nodes of an op that runs everything say so."""
    if all(preview.forced is None for preview in previews):
        return graph
    nodes = [
        replace(node, always=node.always or previews[homes[node.unique_id]].forced)
        for node in graph.nodes
    ]
    return replace(graph, nodes=nodes)


def _why_forced(
    component: DbtProjectComponent,
    instance: dg.DagsterInstance | None,
    previews: list[OpPreview],
    *,
    force: bool,
) -> str | None:
    """Why everything runs in all ops; ``None`` if it depends on the op or the node."""
    if force:
        return "--force was given"
    if component.skip_unchanged is None:
        return "`skip_unchanged` is not set"
    if instance is None:
        return "DAGSTER_HOME is not set, so nothing is known of earlier runs"
    reasons = {preview.forced for preview in previews}
    return reasons.pop() if len(reasons) == 1 else None
