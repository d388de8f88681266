"""Which ops read an asset, and which ops come after which."""

from collections.abc import Hashable, Iterable, Mapping, Sequence
from functools import cached_property

import dagster as dg

from dbt_component.definitions.reachable import reachable


class ReadingOrder:
    """The order of ops, given by what their assets read; worked out when it is first asked for.

    Args:
        asset_specs: All assets of the ops.
        home: The op of each of them.
    """

    def __init__(
        self, asset_specs: Sequence[dg.AssetSpec], home: Mapping[dg.AssetKey, Hashable]
    ) -> None:
        self.home = home
        self._asset_specs = asset_specs
        self._numbers = {op: number for number, op in enumerate(dict.fromkeys(home.values()))}

    @cached_property
    def dep_keys(self) -> dict[dg.AssetKey, set[dg.AssetKey]]:
        """What each asset reads."""
        return {spec.key: {dep.asset_key for dep in spec.deps} for spec in self._asset_specs}

    def first_reader(self, key: dg.AssetKey) -> Hashable | None:
        """Of the ops that read an asset of no op, the one that waits for the fewest others; ``None`` if none reads it."""
        readers = self._readers.get(key, set())
        if not readers:
            return None
        ops = list(self._numbers)
        return ops[min(readers, key=lambda number: (len(self._above[number] & readers), number))]

    def waits_for(self, key: dg.AssetKey, ops: Iterable[Hashable]) -> bool:
        """Whether one of these ops, or one that comes before them, reads the asset from another op."""
        needed: set[int] = set()
        for op in ops:
            number = self._numbers[op]
            needed |= {number} | self._above[number]
        return not needed.isdisjoint(self._readers.get(key, set()))

    @cached_property
    def _readers(self) -> dict[dg.AssetKey, set[int]]:
        """The ops that read an asset of another op, or of none."""
        readers: dict[dg.AssetKey, set[int]] = {}
        for key, deps in self.dep_keys.items():
            own = self.home[key]
            for dep in deps:
                if self.home.get(dep) != own:
                    readers.setdefault(dep, set()).add(self._numbers[own])
        return readers

    @cached_property
    def _above(self) -> list[set[int]]:
        """The ops that each op waits for, directly or not."""
        parents: list[set[int]] = [set() for _ in self._numbers]
        for key, readers in self._readers.items():
            if key in self.home:
                for reader in readers:
                    parents[reader].add(self._numbers[self.home[key]])
        return [reachable(parents, number) for number in range(len(parents))]
