"""The nodes that each op runs, by the names of its outputs.

Nodes are found by output name because a user may change asset keys with ``with_attributes``, but outputs
keep their names.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import dagster as dg

from dbt_component.definitions.spec_builder import SelectedSpecs


@dataclass(frozen=True)
class OpSpecs:
    """The specs of one op."""

    name: str
    asset_specs: Sequence[dg.AssetSpec]
    check_specs: Sequence[dg.AssetCheckSpec]


@dataclass(frozen=True)
class OpNodes:
    """The nodes and tests of one op.

    ``asset_ids`` and ``check_ids`` map output names to unique ids; ``check_hosts`` maps the output of a check
    to that of its asset, if this op makes the asset. ``loose_tests`` are selected tests that are not checks
    of an asset; ``others`` is the rest of dbt's selection that runs with this op: sources, ephemeral models,
    exposures and the like.
    """

    name: str
    asset_ids: Mapping[str, str]
    check_ids: Mapping[str, str]
    loose_tests: frozenset[str] = frozenset()
    others: frozenset[str] = frozenset()
    check_hosts: Mapping[str, str] = field(default_factory=dict)

    @cached_property
    def output_of(self) -> Mapping[str, str]:
        """Unique ids of assets and checks -> output names."""
        return {
            unique_id: output
            for ids in (self.asset_ids, self.check_ids)
            for output, unique_id in ids.items()
        }

    @cached_property
    def outputs(self) -> frozenset[str]:
        """All outputs of the op."""
        return frozenset(self.asset_ids) | frozenset(self.check_ids)

    @cached_property
    def all_ids(self) -> frozenset[str]:
        """All ids that the op runs if all of its outputs are selected."""
        return frozenset(self.output_of) | self.loose_tests | self.others


def divide_nodes(specs: SelectedSpecs, ops: Sequence[OpSpecs]) -> list[OpNodes]:
    """Assigns each node and test of the selection to the op that runs it.

    A test without a check runs in the last of the ops that make its parents; if these ops depend on each
    other in a cycle, in the op of the parent that comes last in the project. Tests without parents in any
    op, and everything that is neither asset nor test, belong to the first op.

    Args:
        specs: The selection.
        ops: The specs of each op; at least one op.
    """
    ids = specs.node_map
    home = {spec.key: number for number, op in enumerate(ops) for spec in op.asset_specs}
    order = _OpOrder(ops, home) if len(ops) > 1 else None
    loose, others = _loose_tests(specs, home, order)
    # A large project has tens of thousands of outputs, so each name is made once and shared.
    divided: list[OpNodes] = []
    for number, op in enumerate(ops):
        output_of = {spec.key: spec.key.to_python_identifier() for spec in op.asset_specs}
        checks = [(spec.get_python_identifier(), spec.key) for spec in op.check_specs]
        nodes = OpNodes(
            name=op.name,
            asset_ids={output: ids.asset_ids[key] for key, output in output_of.items()},
            check_ids={output: ids.check_ids[key] for output, key in checks},
            loose_tests=frozenset(loose.get(number, ())),
            others=frozenset(others) if number == 0 else frozenset(),
            check_hosts={
                output: output_of[key.asset_key]
                for output, key in checks
                if key.asset_key in output_of
            },
        )
        divided.append(nodes)
    return divided


def _loose_tests(
    specs: SelectedSpecs, home: Mapping[dg.AssetKey, int], order: "_OpOrder | None"
) -> tuple[dict[int, set[str]], set[str]]:
    """Tests without a check by the number of their op, and all ids that are neither asset nor test.

    ``order`` is ``None`` if there is one op only, to which everything belongs.
    """
    index, ids = specs.index, specs.node_map
    rest = ids.selected_ids.difference(ids.asset_ids.values(), ids.check_ids.values())
    others = {unique_id for unique_id in rest if unique_id not in index.test_by_id}
    tests = [index.test_by_id[unique_id] for unique_id in rest - others]
    if order is None:
        return {0: {test.unique_id for test in tests}}, others
    op_of = {unique_id: home[key] for key, unique_id in ids.asset_ids.items()}
    loose: dict[int, set[str]] = {}
    for test in tests:
        parents = {
            node.unique_id
            for parent in test.depends_on
            for node in index.nearest_assets(parent)
            if node.unique_id in op_of
        }
        latest_first = sorted(parents, key=index.positions.__getitem__, reverse=True)
        number = order.last([op_of[parent] for parent in latest_first]) if parents else 0
        loose.setdefault(number, set()).add(test.unique_id)
    return loose, others


class _OpOrder:
    """The order of ops, given by the dependencies between their assets."""

    def __init__(self, ops: Sequence[OpSpecs], home: Mapping[dg.AssetKey, int]) -> None:
        children: list[set[int]] = [set() for _ in ops]
        for number, op in enumerate(ops):
            for spec in op.asset_specs:
                for dep in spec.deps:
                    parent = home.get(dep.asset_key, number)
                    if parent != number:
                        children[parent].add(number)
        self._below = [_reachable(children, number) for number in range(len(ops))]

    def last(self, candidates: Sequence[int]) -> int:
        """The first candidate that no other candidate comes after."""
        return next(
            op for op in candidates if not any(self._is_after(other, op) for other in candidates)
        )

    def _is_after(self, op: int, other: int) -> bool:
        return op in self._below[other] and other not in self._below[op]


def _reachable(children: Sequence[Iterable[int]], start: int) -> set[int]:
    found: set[int] = set()
    waiting = list(children[start])
    while waiting:
        number = waiting.pop()
        if number not in found:
            found.add(number)
            waiting.extend(children[number])
    return found
