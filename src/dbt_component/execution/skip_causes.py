"""Finds the failed nodes that made dbt skip others; dbt itself does not report them."""

from collections.abc import Iterable, Iterator, Sequence, Set
from functools import cached_property

from dbt_component.manifest.dbt_test import DbtTest
from dbt_component.manifest.index import ManifestIndex


class SkipCauses:
    """The failures of one command and the nodes that dbt skips because of each.

    As in dbt, a failed node blocks everything downstream of it, a failed data test what is downstream of all the
    nodes it depends on, a failed unit test its model too. Costs nothing until a node was skipped; then each node
    above it is looked at once, and again only after another failure.

    Args:
        index: The project.
        passing_on: Tests whose failures block nothing.
    """

    def __init__(self, index: ManifestIndex, *, passing_on: Set[str] = frozenset()) -> None:
        self._index = index
        self._passing_on = passing_on
        self._failed_hooks: list[str] = []
        self._failed: list[str] = []
        # Sets of failures as numbers: bit n stands for `_failed[n]`.
        self._failed_at: dict[str, int] = {}  # a node -> its own failure
        self._blocking_below: dict[str, int] = {}  # a node -> failed tests that block its children
        self._blocking: dict[str, int] = {}  # a node -> failed tests that block it
        self._causes: dict[str, int] = {}  # a node -> all that blocks it
        self._waiting: list[tuple[DbtTest, int]] = []

    def without_failures(self) -> "SkipCauses":
        """The same project with no failure noted."""
        return SkipCauses(self._index, passing_on=self._passing_on)

    def note_failure(self, unique_id: str) -> None:
        """Records that a node, test or hook failed."""
        if unique_id in self._passing_on:
            return
        if is_hook(unique_id):
            self._failed_hooks.append(unique_id)
            return
        bit = 1 << len(self._failed)
        self._failed.append(unique_id)
        self._causes.clear()
        test = self._index.test_by_id.get(unique_id)
        if test is None:
            _add(self._failed_at, [unique_id], bit)
        elif test.is_unit_test:
            _add(self._blocking, test.depends_on, bit)
        elif len(test.depends_on) == 1:
            _add(self._blocking_below, test.depends_on, bit)
        else:
            self._waiting.append((test, bit))

    def of(self, unique_id: str) -> Sequence[str]:
        """The failed nodes and tests that block a node or test; failed hooks if there are none."""
        for several, bit in self._waiting:
            _add(self._blocking, self._below_all(several.depends_on), bit)
        self._waiting.clear()
        test = self._index.test_by_id.get(unique_id)
        if test is None:
            found = self._causes_of(unique_id)
        else:
            found = 0
            for parent in test.depends_on:
                found |= self._causes_of(parent) | self._failed_at.get(parent, 0)
        names = [name for name in self._names(found) if name != unique_id]
        return names or self._failed_hooks

    def _names(self, failures: int) -> Iterator[str]:
        while failures:
            lowest = failures & -failures
            yield self._failed[lowest.bit_length() - 1]
            failures ^= lowest

    def _causes_of(self, unique_id: str) -> int:
        waiting = [unique_id]
        while waiting:
            current = waiting[-1]
            node = self._index.node_by_id.get(current)
            parents = () if node is None else node.depends_on
            unknown = [parent for parent in parents if parent not in self._causes]
            if unknown:
                waiting += unknown
                continue
            found = self._blocking.get(current, 0)
            for parent in parents:
                found |= self._causes[parent]
                found |= self._failed_at.get(parent, 0) | self._blocking_below.get(parent, 0)
            self._causes[current] = found
            waiting.pop()
        return self._causes[unique_id]

    def _below_all(self, unique_ids: Iterable[str]) -> set[str]:
        """The nodes downstream of all these."""
        below = [self._downstream(unique_id) for unique_id in unique_ids]
        return set.intersection(*below) if below else set()

    def _downstream(self, unique_id: str) -> set[str]:
        found: set[str] = set()
        waiting = [*self._children.get(unique_id, ())]
        while waiting:
            child = waiting.pop()
            if child not in found:
                found.add(child)
                waiting.extend(self._children.get(child, ()))
        return found

    @cached_property
    def _children(self) -> dict[str, list[str]]:
        found: dict[str, list[str]] = {}
        for node in self._index.nodes:
            for parent in node.depends_on:
                found.setdefault(parent, []).append(node.unique_id)
        return found


def is_hook(unique_id: str) -> bool:
    """Whether this is a hook of the run, which dbt reports like a node."""
    return unique_id.startswith("operation.")


def _add(failures: dict[str, int], unique_ids: Iterable[str], bit: int) -> None:
    for unique_id in unique_ids:
        failures[unique_id] = failures.get(unique_id, 0) | bit
