"""Checks that read assets of several ops, and so run after all of these."""

from collections.abc import Hashable, Iterable, Mapping
from typing import Any

import dagster as dg

from dbt_component.definitions.changed_check import changed_check
from dbt_component.definitions.reachable import reachable
from dbt_component.definitions.spec_builder import SelectedSpecs


def find_source_homes(
    specs: SelectedSpecs, home: Mapping[dg.AssetKey, Hashable]
) -> dict[dg.AssetKey, Any]:
    """The op that runs the checks of each source: of the ops that read the source, one that waits for no other.

    The other readers then wait for it, if the checks block, and no op waits for itself.

    Args:
        specs: The project.
        home: The op of each asset.
    """
    sources = {spec.asset_key for spec in specs.check_specs} - home.keys()
    if not sources:
        return {}
    order = _Order.of(specs, home)
    return {key: found for key in sources if (found := order.first_reader(key)) is not None}


def find_spanning_checks(
    specs: SelectedSpecs,
    home: Mapping[dg.AssetKey, Hashable],
    source_home: Mapping[dg.AssetKey, Hashable],
) -> dict[dg.AssetCheckKey, dg.AssetCheckSpec]:
    """The checks that need an op of their own, by key, as they are there.

    A check stays with its asset if that asset depends directly on everything else in other ops that the check reads:
    then its op runs last anyway.

    In an op of its own, a check depends on all that it reads. It blocks what is downstream of its asset, unless an op
    that it waits for would then wait for the check.

    Args:
        specs: The project.
        home: The op of each asset.
        source_home: The op of the checks of each source.
    """
    dep_keys = _dep_keys(specs)
    found: dict[dg.AssetCheckKey, dg.AssetCheckSpec] = {}
    order: _Order | None = None
    for check in specs.check_specs:
        own = home.get(check.asset_key) or source_home.get(check.asset_key)
        if own is None:
            continue
        read = _read_by(specs, check.key)
        others = {key for key in read if key in home and home[key] != own}
        if not others or others <= dep_keys.get(check.asset_key, set()):
            continue
        order = order or _Order.of(specs, home)
        blocks = check.blocking and not order.waits_for(
            check.asset_key, [own, *(home[key] for key in others)]
        )
        found[check.key] = changed_check(
            check,
            additional_deps=sorted(read - {check.asset_key}),
            blocking=blocks,
            partitions_def=None,
        )
    return found


def _read_by(specs: SelectedSpecs, check_key: dg.AssetCheckKey) -> set[dg.AssetKey]:
    """The keys of the assets and sources that the test of a check reads."""
    index = specs.index
    test = index.test_by_id[specs.node_map.check_ids[check_key]]
    nodes = (node for parent in test.depends_on for node in index.nearest_assets(parent))
    return {specs.view.final_spec(node.unique_id).key for node in nodes}


def _dep_keys(specs: SelectedSpecs) -> dict[dg.AssetKey, set[dg.AssetKey]]:
    return {spec.key: {dep.asset_key for dep in spec.deps} for spec in specs.asset_specs}


class _Order:
    """Which ops come after which."""

    def __init__(
        self,
        home: Mapping[dg.AssetKey, Hashable],
        dep_keys: Mapping[dg.AssetKey, Iterable[dg.AssetKey]],
    ) -> None:
        self._numbers = {op: number for number, op in enumerate(dict.fromkeys(home.values()))}
        self._readers: dict[dg.AssetKey, set[int]] = {}
        parents: list[set[int]] = [set() for _ in self._numbers]
        for key, deps in dep_keys.items():
            own = self._numbers[home[key]]
            for dep in deps:
                other = self._numbers[home[dep]] if dep in home else None
                if other is not None and other != own:
                    parents[own].add(other)
                if other != own:
                    self._readers.setdefault(dep, set()).add(own)
        self._above = [reachable(parents, number) for number in range(len(parents))]

    @classmethod
    def of(cls, specs: SelectedSpecs, home: Mapping[dg.AssetKey, Hashable]) -> "_Order":
        return cls(home, _dep_keys(specs))

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
