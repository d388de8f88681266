"""The nodes and tests of a step, with what the decision about them needs to know of the project."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from functools import cached_property


class Kind(Enum):
    """How a node becomes data."""

    TABLE = "table"
    VIEW = "view"
    SEED = "seed"
    OTHER = "other"
    """Anything else, such as an incremental model: its result depends on how often it ran, so it always runs."""


@dataclass(frozen=True)
class GraphNode:
    """A model, seed or snapshot. Keys are those of assets, as text.

    Args:
        key: Its asset key.
        unique_id: Its unique id.
        kind: How it becomes data.
        code_version: The code version of the asset; ``None`` if it has none.
        inputs: The keys of what it reads.
        checks: The checks of the asset; see ``check_text``.
        always: Why it runs in any case; ``None`` if nothing forces it.
    """

    key: str
    unique_id: str
    kind: Kind
    code_version: str | None
    inputs: tuple[str, ...] = ()
    checks: tuple[str, ...] = ()
    always: str | None = None


@dataclass(frozen=True)
class GraphTest:
    """A test.

    Args:
        unique_id: Its unique id.
        check: The check that it is, see ``check_text``; ``None`` if it is none.
        code_version: Its code version; empty if it is unknown.
        reads: The keys of the assets and sources that it reads.
    """

    unique_id: str
    check: str | None
    code_version: str
    reads: tuple[str, ...]


@dataclass(frozen=True)
class StepGraph:
    """What a step runs.

    Args:
        nodes: The selected nodes, each after those that it reads.
        tests: The selected tests.
        beyond: Nodes of the project that are not selected and that selected ones read, directly or through views.
    """

    nodes: Sequence[GraphNode]
    tests: Sequence[GraphTest] = ()
    beyond: Mapping[str, GraphNode] = field(default_factory=dict)

    @cached_property
    def node_of(self) -> Mapping[str, GraphNode]:
        """All nodes by key."""
        return {**self.beyond, **{node.key: node for node in self.nodes}}

    @cached_property
    def keys(self) -> frozenset[str]:
        """The keys of all assets and sources that the decision may ask about."""
        found = set(self.node_of)
        for node in self.node_of.values():
            found.update(node.inputs)
        for test in self.tests:
            found.update(test.reads)
        return frozenset(found)

    @cached_property
    def checks(self) -> frozenset[str]:
        """The checks that the decision may ask about."""
        own = [test.check for test in self.tests if test.check is not None]
        return frozenset([*own, *(check for node in self.nodes for check in node.checks)])


def check_text(asset_key: str, name: str) -> str:
    """A check's key as text."""
    return f"{asset_key}:{name}"
