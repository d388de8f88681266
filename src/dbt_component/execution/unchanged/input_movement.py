"""Compares the inputs of a node with what its last build read."""

from collections.abc import Set
from dataclasses import dataclass
from enum import Enum

from dbt_component.execution.unchanged.known_facts import Build, InputRead, KnownFacts
from dbt_component.execution.unchanged.skip_policy import SkipPolicy
from dbt_component.execution.unchanged.step_graph import GraphNode, Kind, StepGraph
from dbt_component.execution.unchanged.time_text import short


class Movement(Enum):
    """What happened to an input since a node read it."""

    NONE = "none"
    NEW_DATA = "new data"
    """A source, or something that is no node of this project, has new data; or a view shows such data."""
    BUILT = "built"
    """dbt built its relation again, or it is not known whether it did."""


@dataclass(frozen=True)
class InputMovement:
    """What happened to one input, in words that go on a list of reasons."""

    movement: Movement
    text: str = ""
    is_in_this_run: bool = False


_NONE = InputMovement(Movement.NONE)


class Inputs:
    """The inputs of the nodes of a step, as the decision proceeds from parents to children.

    Args:
        graph: The nodes.
        facts: What is known of earlier runs.
        policy: What counts as a change.
    """

    def __init__(self, graph: StepGraph, facts: KnownFacts, policy: SkipPolicy) -> None:
        self._graph = graph
        self._facts = facts
        self._policy = policy
        self._built: set[str] = set()
        self._with_new_data: set[str] = set()
        self._from_sources: dict[str, bool] = {}

    def note_built(self, key: str) -> None:
        """Notes that the step builds a node."""
        self._built.add(key)

    def note_new_data(self, key: str) -> None:
        """Notes that a view of the step shows new data."""
        self._with_new_data.add(key)

    def movement(self, key: str, reader: GraphNode, build: Build) -> InputMovement:
        """What happened to an input since ``build``, the last build of its reader."""
        if key in self._built:
            return InputMovement(Movement.BUILT, f"{key} is built in this run", is_in_this_run=True)
        if key in self._with_new_data:
            return InputMovement(Movement.NEW_DATA, f"view {key} shows new data")
        read = build.inputs.get(key)
        if read is None:
            return InputMovement(Movement.BUILT, f"its last build did not record {key}")
        found = self._recorded(key, reader, read)
        if found.movement is Movement.NONE and self.is_view_with_new_data(key):
            return InputMovement(Movement.NEW_DATA, f"there is new data below view {key}")
        return found

    def _recorded(self, key: str, reader: GraphNode, read: InputRead) -> InputMovement:
        now = self._facts.builds.get(key)
        node = self._graph.node_of.get(key)
        if now is None:
            return self._without_build(key, node, read)
        if node is not None and (run_id := self._facts.unfinished.get(key)) is not None:
            return InputMovement(Movement.BUILT, f"run {short(run_id)} did not finish {key}")
        again = InputMovement(Movement.BUILT, f"run {short(now.run_id)} built {key} again")
        if node is None:
            if now.data_version != read.data_version or (
                not now.has_own_version and now.moved_id > read.event_id
            ):
                return InputMovement(Movement.NEW_DATA, f"{key} has new data")
            return _NONE
        if node.kind is Kind.SEED and reader.kind is not Kind.VIEW:
            # Its data version is that of its file. A view is built again, as a seed may replace its table.
            return _NONE if now.data_version == read.data_version else again
        if now.built_id > read.event_id:
            return again
        if now.moved_id > read.event_id:
            return InputMovement(Movement.NEW_DATA, f"view {key} shows new data")
        return _NONE

    def _without_build(self, key: str, node: GraphNode | None, read: InputRead) -> InputMovement:
        if node is not None:
            return InputMovement(Movement.BUILT, f"no build of {key} is recorded")
        observed = self._facts.observations.get(key)
        if observed is not None:
            if observed.data_version == read.data_version:
                return _NONE
            return InputMovement(Movement.NEW_DATA, f"{key} has new data")
        if self._policy.unknown_sources == "skip":
            return _NONE
        return InputMovement(Movement.NEW_DATA, f"the data version of {key} is unknown")

    def is_view_with_new_data(self, key: str, seen: Set[str] = frozenset()) -> bool:
        """Whether a view that the step does not select has anything new below it."""
        view = self._graph.beyond.get(key)
        build = self._facts.builds.get(key)
        if view is None or view.kind is not Kind.VIEW or build is None or key in seen:
            return False
        for name in view.inputs:
            if name == key:
                continue
            if name in self._built or name in self._with_new_data:
                return True
            read = build.inputs.get(name)
            if read is None or self._recorded(name, view, read).movement is not Movement.NONE:
                return True
            if self.is_view_with_new_data(name, {*seen, key}):
                return True
        return False

    def is_node(self, key: str) -> bool:
        """Whether a key is that of a node of this project, and not of a source or a foreign asset."""
        return key in self._graph.node_of

    def comes_from_sources(self, key: str) -> bool:
        """Whether an input is a source, something that is no node of this project, or a view of such."""
        known = self._from_sources.get(key)
        if known is None:
            node = self._graph.node_of.get(key)
            self._from_sources[key] = False  # for views in a circle, which dbt refuses
            known = node is None or (
                node.kind is Kind.VIEW and any(map(self.comes_from_sources, node.inputs))
            )
            self._from_sources[key] = known
        return known
