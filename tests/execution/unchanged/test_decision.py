"""The decision alone: what counts as a change, and that no change is ever missed."""

import hashlib
from dataclasses import dataclass, field, replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dbt_component.execution.unchanged.decision import Verdict, decide_nodes
from dbt_component.execution.unchanged.known_facts import (
    Build,
    CheckResult,
    InputRead,
    KnownFacts,
    Observation,
)
from dbt_component.execution.unchanged.skip_policy import SkipPolicy
from dbt_component.execution.unchanged.step_graph import GraphNode, Kind, StepGraph

RUNS, UNCHANGED, SHOWS = Verdict.RUNS, Verdict.UNCHANGED, Verdict.SHOWS_NEW_DATA


def node(key: str, *inputs: str, kind: Kind = Kind.TABLE, **fields: Any) -> GraphNode:
    return GraphNode(key, f"model.shop.{key}", kind, "code", inputs, **fields)


def build(event_id: int = 10, **fields: Any) -> Build:
    values: dict[str, Any] = {
        "event_id": event_id,
        "built_id": event_id,
        "moved_id": event_id,
        "run_id": "0123456789abcdef",
        "built_at": float(event_id),
        "moved_at": float(event_id),
        "code_version": "code",
        "data_version": "data",
        "settings": "s",
    }
    return Build(**{**values, **fields})


def reading(**event_ids: int) -> dict[str, InputRead]:
    return {key: InputRead("data", event_id) for key, event_id in event_ids.items()}


def verdict_on(
    last: GraphNode,
    *before: GraphNode,
    builds: dict[str, Build] | None = None,
    beyond: dict[str, GraphNode] | None = None,
    policy: SkipPolicy = SkipPolicy(),  # noqa: B008 - it is frozen
    forced: str | None = None,
    **facts: Any,
) -> tuple[Verdict, str]:
    graph = StepGraph([*before, last], beyond=beyond or {})
    known = KnownFacts(builds=builds or {}, **facts)
    found = decide_nodes(graph, known, policy, settings_of=lambda _: "s", forced=forced).of[
        last.key
    ]
    return found.verdict, found.reason


A, B = node("a"), node("b", "a")
BUILT = {"a": build(5), "b": build(10, inputs=reading(a=5))}


def test_a_node_with_the_same_code_and_inputs_is_unchanged_since_its_build() -> None:
    assert verdict_on(B, A, builds=BUILT) == (
        UNCHANGED,
        "unchanged since run 01234567 (1970-01-01 00:00:10 UTC): same code version code, same data of its 1 input",
    )


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        pytest.param({"a": build(5)}, "no build of it is recorded", id="never built"),
        pytest.param(
            {**BUILT, "b": replace(BUILT["b"], code_version="old")}, "its code changed", id="code"
        ),
        pytest.param(
            {**BUILT, "b": replace(BUILT["b"], settings="t")},
            "its last build had other settings",
            id="settings",
        ),
        pytest.param(
            {**BUILT, "b": replace(BUILT["b"], settings=None)},
            "its last build does not name its settings",
            id="before the feature",
        ),
        pytest.param(
            {**BUILT, "a": build(12)}, "run 01234567 built a again", id="input built elsewhere"
        ),
        pytest.param(
            {**BUILT, "b": replace(BUILT["b"], inputs={})},
            "its last build did not record a",
            id="new input",
        ),
        pytest.param(
            {**BUILT, "a": build(5, code_version="old")}, "a is built in this run", id="input runs"
        ),
    ],
)
def test_a_change_makes_a_node_run(change: dict[str, Build], reason: str) -> None:
    assert verdict_on(B, A, builds=change) == (RUNS, reason)


def test_attempts_that_failed_and_blocking_checks_make_a_node_run() -> None:
    assert verdict_on(B, A, builds=BUILT, unfinished={"b": "f" * 32}) == (
        RUNS,
        "run ffffffff did not finish it",
    )
    checked = replace(B, checks=("b:c",))

    def after(ended_at: float, *, blocks: bool) -> Verdict:
        result = CheckResult(passed=False, blocks=blocks, ended_at=ended_at, run_id="r")
        return verdict_on(checked, A, builds=BUILT, checks={"b:c": result})[0]

    assert after(11, blocks=True) is RUNS
    assert after(11, blocks=False) is UNCHANGED
    assert after(9, blocks=True) is UNCHANGED  # of an earlier build


def test_other_kinds_and_forced_nodes_always_run() -> None:
    assert verdict_on(replace(B, always="they do"), A, builds=BUILT) == (RUNS, "they do")
    assert verdict_on(B, A, builds=BUILT, forced="so") == (RUNS, "so")


def test_a_seed_counts_by_its_content_except_below_a_view() -> None:
    seed = node("a", kind=Kind.SEED)
    builds = {**BUILT, "a": build(12)}
    assert verdict_on(B, seed, builds=builds)[0] is UNCHANGED
    assert verdict_on(replace(B, kind=Kind.VIEW), seed, builds=builds)[0] is RUNS
    assert verdict_on(B, seed, builds={**BUILT, "a": build(12, data_version="x")})[0] is RUNS


def source_read(version: str) -> dict[str, Build]:
    return {"b": build(10, inputs={"s": InputRead(version, 0)})}


def test_a_source_counts_by_its_data_version_and_an_unknown_one_by_the_policy() -> None:
    reader = node("b", "s")
    seen = {"s": Observation("v1", 0.0)}
    assert verdict_on(reader, builds=source_read("v1"), observations=seen)[0] is UNCHANGED
    assert verdict_on(reader, builds=source_read("v0"), observations=seen)[0] is RUNS
    assert verdict_on(reader, builds=source_read("INITIAL")) == (
        RUNS,
        "the data version of s is unknown",
    )
    lax = SkipPolicy(unknown_sources="skip")
    assert verdict_on(reader, builds=source_read("INITIAL"), policy=lax)[0] is UNCHANGED


def test_a_foreign_asset_counts_by_a_version_of_its_own_or_else_by_its_event() -> None:
    reader = node("b", "s")
    read = build(10, inputs=reading(s=5))
    assert verdict_on(reader, builds={"b": read, "s": build(5)})[0] is UNCHANGED
    assert verdict_on(reader, builds={"b": read, "s": build(12)})[0] is RUNS
    own = build(12, has_own_version=True)
    assert verdict_on(reader, builds={"b": read, "s": own})[0] is UNCHANGED


def test_a_view_shows_new_data_without_being_built_and_what_reads_it_runs() -> None:
    view = node("v", "s", kind=Kind.VIEW)
    builds = {"v": build(5, inputs={"s": InputRead("v0", 0)}), "b": build(10, inputs=reading(v=5))}
    seen = {"s": Observation("v1", 0.0)}
    assert verdict_on(view, builds=builds, observations=seen)[0] is SHOWS
    assert verdict_on(node("b", "v"), view, builds=builds, observations=seen) == (
        RUNS,
        "view v shows new data",
    )
    alone = verdict_on(node("b", "v"), builds=builds, beyond={"v": view}, observations=seen)
    assert alone == (RUNS, "there is new data below view v")


def test_what_reads_a_view_runs_after_a_run_that_only_recorded_new_data_of_the_view() -> None:
    view = node("v", "s", kind=Kind.VIEW)
    shown = build(12, built_id=5, inputs={"s": InputRead("v1", 0)})
    builds = {"v": shown, "b": build(10, inputs=reading(v=5))}
    known: dict[str, Any] = {"builds": builds, "observations": {"s": Observation("v1", 0.0)}}
    assert verdict_on(node("b", "v"), view, **known) == (RUNS, "view v shows new data")
    assert verdict_on(node("b", "v"), beyond={"v": view}, **known)[0] is RUNS
    repeated = replace(shown, moved_id=5)
    assert (
        verdict_on(node("b", "v"), view, **{**known, "builds": {**builds, "v": repeated}})[0]
        is UNCHANGED
    )


def test_with_all_a_node_waits_for_new_data_of_all_its_sources() -> None:
    reader = node("b", "s", "t", "a")
    builds = {
        "a": build(5),
        "b": build(10, inputs={**reading(a=5), "s": InputRead("1", 0), "t": InputRead("1", 0)}),
    }

    def verdict(s: str, t: str) -> Verdict:
        seen = {"s": Observation(s, 0.0), "t": Observation(t, 0.0)}
        policy = SkipPolicy(sources="all")
        return verdict_on(reader, A, builds=builds, policy=policy, observations=seen)[0]

    assert [verdict("1", "1"), verdict("2", "1"), verdict("2", "2")] == [UNCHANGED, UNCHANGED, RUNS]


# -- a model of the world, in which what each relation contains is known --------------------------


@dataclass
class World:
    """A project with sources and nodes, run by run, recorded as Dagster records it."""

    nodes: list[GraphNode]
    sources: dict[str, int]
    contents: dict[str, object] = field(default_factory=dict)
    builds: dict[str, Build] = field(default_factory=dict)
    unfinished: dict[str, str] = field(default_factory=dict)
    events: int = 0

    def content(self, key: str) -> object:
        """What a query of the relation returns now."""
        if key in self.sources:
            return self.sources[key]
        found = self.by_key[key]
        if found.kind is Kind.VIEW and key in self.contents:
            return (self.contents[key], tuple(self.content(name) for name in found.inputs))
        return self.contents.get(key)

    def fresh(self, key: str) -> object:
        """What it would return if it were built now."""
        found = self.by_key[key]
        below = tuple(self.content(name) for name in found.inputs)
        return (found.code_version, below)

    @property
    def by_key(self) -> dict[str, GraphNode]:
        return {found.key: found for found in self.nodes}

    @property
    def observations(self) -> dict[str, Observation]:
        return {key: Observation(str(v), 0.0) for key, v in self.sources.items()}

    def run(self, chosen: set[str], fails: str | None, *, repeats: bool) -> None:
        graph = StepGraph(
            [n for n in self.nodes if n.key in chosen],
            beyond={n.key: n for n in self.nodes if n.key not in chosen},
        )
        facts = KnownFacts(self.builds.copy(), self.observations, {}, self.unfinished.copy())
        decisions = decide_nodes(graph, facts, SkipPolicy(), settings_of=lambda _: "s").of
        broken: set[str] = set()
        for key, decision in decisions.items():
            if decision.runs and (key == fails or not broken.isdisjoint(self.by_key[key].inputs)):
                broken.add(key)
                self.unfinished[key] = "run"
                if key == fails:
                    self.contents[key] = "garbage"
            elif decision.runs:
                below = tuple(self.content(name) for name in self.by_key[key].inputs)
                code = self.by_key[key].code_version
                is_view = self.by_key[key].kind is Kind.VIEW
                self.contents[key] = code if is_view else (code, below)
                self.record(key, None, Verdict.RUNS)
            else:
                self.unfinished.pop(key, None)
                if decision.verdict is SHOWS or repeats:
                    self.record(key, decision.build, decision.verdict)
        for key in decisions:
            # Nothing that a run found good or built is other than if it had been built now.
            if key not in broken:
                assert self.content(key) == self.fresh(key), (key, decisions[key].reason)

    def record(self, key: str, earlier: Build | None, verdict: Verdict) -> None:
        self.events += 1
        found = self.by_key[key]
        inputs = {
            name: InputRead(str(self.sources[name]), 0)
            if name in self.sources
            else InputRead(self.builds[name].data_version, self.builds[name].event_id)
            if name in self.builds
            else InputRead("INITIAL", 0)
            for name in found.inputs
        }
        text = repr([found.code_version, sorted((k, v.data_version) for k, v in inputs.items())])
        new = build(
            self.events,
            code_version=found.code_version,
            inputs=inputs,
            data_version=hashlib.sha1(text.encode(), usedforsecurity=False).hexdigest(),
        )
        if earlier is not None:
            new = replace(new, built_id=earlier.built_id)
            if verdict is UNCHANGED:
                new = replace(new, moved_id=earlier.moved_id, data_version=earlier.data_version)
        self.builds[key] = new
        self.unfinished.pop(key, None)


@st.composite
def worlds(draw: st.DrawFn) -> World:
    sources = [f"s{number}" for number in range(draw(st.integers(1, 2)))]
    nodes: list[GraphNode] = []
    for number in range(draw(st.integers(2, 6))):
        above = [*sources, *(found.key for found in nodes)]
        inputs = draw(st.lists(st.sampled_from(above), min_size=1, max_size=3, unique=True))
        kind = draw(st.sampled_from([Kind.TABLE, Kind.VIEW, Kind.VIEW]))
        nodes.append(node(f"n{number}", *inputs, kind=kind))
    return World(nodes, dict.fromkeys(sources, 0))


@settings(max_examples=400, deadline=None)
@given(st.data())
def test_no_change_of_an_ancestor_is_ever_hidden(data: st.DataObject) -> None:
    world = data.draw(worlds())
    keys = [found.key for found in world.nodes]
    world.run(set(keys), None, repeats=False)
    for _ in range(data.draw(st.integers(1, 8))):
        step = data.draw(st.sampled_from(["source", "code", "run", "run", "run"]))
        if step == "source":
            world.sources[data.draw(st.sampled_from(sorted(world.sources)))] += 1
        elif step == "code":
            place = data.draw(st.integers(0, len(keys) - 1))
            code = data.draw(st.sampled_from(["code", "other"]))
            world.nodes[place] = replace(world.nodes[place], code_version=code)
        else:
            chosen = set(data.draw(st.lists(st.sampled_from(keys), min_size=1, unique=True)))
            fails = data.draw(st.none() | st.sampled_from(keys))
            world.run(chosen, fails, repeats=data.draw(st.booleans()))


@settings(max_examples=100, deadline=None)
@given(worlds())
def test_after_a_complete_run_nothing_is_left_to_build(world: World) -> None:
    everything = {found.key for found in world.nodes}
    world.run(everything, None, repeats=False)
    graph = StepGraph(world.nodes)
    facts = KnownFacts(world.builds, world.observations)
    decisions = decide_nodes(graph, facts, SkipPolicy(), settings_of=lambda _: "s").of
    assert {d.verdict for d in decisions.values()} == {UNCHANGED}
