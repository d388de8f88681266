"""Which of the nodes that have ended may already be reported to Dagster."""

from collections import defaultdict, deque
from collections.abc import Iterator, Set

from dbt_component.manifest.index import ManifestIndex


class OutputOrder:
    """Dagster refuses an output after one that depends on it, and a log may have lost the end of a node.

    Args:
        index: The project.
        expected: The nodes that the step must report.
    """

    def __init__(self, index: ManifestIndex, expected: Set[str]) -> None:
        self._index = index
        self._expected = expected
        self._waiting: set[str] = set()
        self._waiting_for: defaultdict[str, list[str]] = defaultdict(list)

    def add(self, unique_id: str, reported: Set[str]) -> Iterator[str]:
        """Takes a node that has ended; yields the nodes that may be reported now, parents first.

        A node that waits is looked at again only when what it waits for is reported: a log that has lost the end of one
        node may make thousands wait.

        Args:
            unique_id: A node or test.
            reported: The nodes that Dagster knows of. What was yielded must be in it when the next is asked for.
        """
        if unique_id in self._waiting:
            return
        candidates = deque([unique_id])
        while candidates:
            candidate = candidates.popleft()
            blocker = self.blocker(candidate, reported)
            if blocker is not None:
                self._waiting.add(candidate)
                self._waiting_for[blocker].append(candidate)
                continue
            self._waiting.discard(candidate)
            yield candidate
            candidates += self._waiting_for.pop(candidate, ())

    def clear(self) -> None:
        """Forgets the nodes that wait."""
        self._waiting.clear()
        self._waiting_for.clear()

    def blocker(self, unique_id: str, reported: Set[str]) -> str | None:
        """One node that is still expected before a node may be reported; ``None`` if it may be.

        Unit tests depend on nothing here: dbt runs them before their model.

        Args:
            unique_id: A node or test.
            reported: The nodes that Dagster knows of.
        """
        parents = self._parents(unique_id)
        return next((parent for parent in sorted(parents) if parent not in reported), None)

    def _parents(self, unique_id: str) -> set[str]:
        node = self._index.node_by_id.get(unique_id)
        if node is not None:
            parents = self._index.upstream_assets(node)
        else:
            test = self._index.test_by_id.get(unique_id)
            if test is None or test.is_unit_test:
                return set()
            parents = [n for i in test.depends_on for n in self._index.nearest_assets(i)]
        return {parent.unique_id for parent in parents} & self._expected
