"""The order of ops, which decides the op that runs a test of several assets."""

from collections.abc import Iterable, Mapping, Sequence, Set

import dagster as dg

from dbt_component.definitions.reachable import reachable
from dbt_component.manifest.dbt_test import DbtTest
from dbt_component.manifest.index import ManifestIndex


class OpOrder:
    """The order of ops, given by the dependencies between their assets.

    Args:
        index: The project.
        asset_ids: Unique ids of all assets.
        ops: The assets of each op, with their dependencies.
    """

    def __init__(
        self,
        index: ManifestIndex,
        asset_ids: Mapping[dg.AssetKey, str],
        ops: Sequence[Mapping[dg.AssetKey, Iterable[dg.AssetDep]]],
    ) -> None:
        self._index = index
        self._op_of: Mapping[str, int] = {}
        if len(ops) == 1:  # everything belongs to it
            return
        home = {key: number for number, op in enumerate(ops) for key in op}
        self._op_of = {unique_id: home[key] for key, unique_id in asset_ids.items()}
        children: list[set[int]] = [set() for _ in ops]
        for number, op in enumerate(ops):
            for deps in op.values():
                for dep in deps:
                    parent = home.get(dep.asset_key, number)
                    if parent != number:
                        children[parent].add(number)
        self._below = [reachable(children, number) for number in range(len(ops))]

    def op_of(self, test: DbtTest, *, chosen: Set[str] | None = None) -> int | None:
        """The last of the ops that make a test's parents; ``None`` if no op makes any.

        Args:
            test: The test.
            chosen: Unique ids; only parents among them count. ``None`` for all.
        """
        parents = {
            node.unique_id
            for parent in test.depends_on
            for node in self._index.nearest_assets(parent)
            if node.unique_id in self._op_of and (chosen is None or node.unique_id in chosen)
        }
        if not parents:
            return None
        latest_first = sorted(parents, key=self._index.positions.__getitem__, reverse=True)
        return self._last([self._op_of[parent] for parent in latest_first])

    def _last(self, candidates: Sequence[int]) -> int:
        """The first candidate that no other candidate comes after."""
        return next(
            op for op in candidates if not any(self._is_after(other, op) for other in candidates)
        )

    def _is_after(self, op: int, other: int) -> bool:
        return op in self._below[other] and other not in self._below[op]
