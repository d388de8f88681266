"""Checks that read assets of several ops, and so run after all of these."""

from collections.abc import Hashable, Mapping
from typing import Any

import dagster as dg

from dbt_component.definitions.changed_check import changed_check
from dbt_component.definitions.reading_order import ReadingOrder
from dbt_component.definitions.spec_builder import SelectedSpecs


def find_source_homes(specs: SelectedSpecs, order: ReadingOrder) -> dict[dg.AssetKey, Any]:
    """The op that runs the checks of each source: of the ops that read the source, one that waits for no other.

    The other readers then wait for it, if the checks block, and no op waits for itself.

    Args:
        specs: The project.
        order: Which ops read what.
    """
    sources = {spec.asset_key for spec in specs.check_specs} - order.home.keys()
    return {key: found for key in sources if (found := order.first_reader(key)) is not None}


def find_spanning_checks(
    specs: SelectedSpecs, order: ReadingOrder, source_home: Mapping[dg.AssetKey, Hashable]
) -> dict[dg.AssetCheckKey, dg.AssetCheckSpec]:
    """The checks that need an op of their own, by key, as they are there.

    A check stays with its asset if that asset depends directly on everything else in other ops that the check reads:
    then its op runs last anyway.

    In an op of its own, a check depends on all that it reads. It blocks what is downstream of its asset, unless an op
    that it waits for would then wait for the check.

    Args:
        specs: The project.
        order: Which ops read what.
        source_home: The op of the checks of each source.
    """
    home = order.home
    found: dict[dg.AssetCheckKey, dg.AssetCheckSpec] = {}
    for check in specs.check_specs:
        own = home.get(check.asset_key) or source_home.get(check.asset_key)
        if own is None:
            continue
        read = _read_by(specs, check.key)
        others = {key for key in read if key in home and home[key] != own}
        if not others or others <= order.dep_keys.get(check.asset_key, set()):
            continue
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
