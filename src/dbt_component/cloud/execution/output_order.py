"""Which of the nodes that have ended may already be reported to Dagster."""

from collections.abc import Set

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

    def is_ready(self, unique_id: str, reported: Set[str]) -> bool:
        """Whether everything that a node depends on, and that is still expected, has been reported.

        Unit tests depend on nothing here: dbt runs them before their model.

        Args:
            unique_id: A node or test.
            reported: The nodes that Dagster knows of.
        """
        return all(parent in reported for parent in self._parents(unique_id))

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
