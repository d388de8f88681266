"""Finds the failed nodes that made dbt skip others; dbt itself does not report them."""

from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property

from dbt_component.manifest.index import ManifestIndex


class SkipCauses:
    """The failures of one command and the nodes that dbt skips because of each.

    As in dbt, a failed node blocks everything downstream of it, a failed data test what is downstream of all the
    nodes it depends on, a failed unit test its model too. Costs nothing until a node was skipped.

    Args:
        index: The project.
    """

    def __init__(self, index: ManifestIndex) -> None:
        self._index = index
        self._waiting: list[str] = []
        self._causes: dict[str, list[str]] = {}
        self._failed_hooks: list[str] = []

    def note_failure(self, unique_id: str) -> None:
        """Records that a node, test or hook failed."""
        self._waiting.append(unique_id)

    def of(self, unique_id: str) -> Sequence[str]:
        """The failed nodes and tests that block a node or test; failed hooks if there are none."""
        for failed in self._waiting:
            if is_hook(failed):
                self._failed_hooks.append(failed)
            for blocked in self._blocked_by(failed):
                self._causes.setdefault(blocked, []).append(failed)
        self._waiting.clear()
        return self._causes.get(unique_id) or self._failed_hooks

    def _blocked_by(self, failed: str) -> Iterator[str]:
        test = self._index.test_by_id.get(failed)
        if test is None:
            nodes = self._downstream([failed])
            tested = nodes | {failed}
        elif test.is_unit_test:
            nodes = tested = self._downstream(test.depends_on) | set(test.depends_on)
        else:
            below = [self._downstream([parent]) for parent in test.depends_on]
            nodes = tested = set.intersection(*below) if below else set()
        yield from nodes
        tests = {test_id for node in tested for test_id in self._tests_of.get(node, ())}
        yield from tests - {failed}

    def _downstream(self, unique_ids: Iterable[str]) -> set[str]:
        found: set[str] = set()
        waiting = [child for unique_id in unique_ids for child in self._children.get(unique_id, ())]
        while waiting:
            unique_id = waiting.pop()
            if unique_id not in found:
                found.add(unique_id)
                waiting.extend(self._children.get(unique_id, ()))
        return found

    @cached_property
    def _children(self) -> dict[str, list[str]]:
        return _dependents((node.unique_id, node.depends_on) for node in self._index.nodes)

    @cached_property
    def _tests_of(self) -> dict[str, list[str]]:
        return _dependents((test.unique_id, test.depends_on) for test in self._index.tests)


def is_hook(unique_id: str) -> bool:
    """Whether this is a hook of the run, which dbt reports like a node."""
    return unique_id.startswith("operation.")


def _dependents(dependencies: Iterable[tuple[str, Iterable[str]]]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for unique_id, parents in dependencies:
        for parent in parents:
            found.setdefault(parent, []).append(unique_id)
    return found
