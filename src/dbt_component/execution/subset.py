"""Dagster's choice of outputs -> the exact set of dbt nodes to run."""

from collections.abc import Set

from dbt_component.definitions.op_nodes import OpNodes
from dbt_component.manifest.index import ManifestIndex


def nodes_to_run(index: ManifestIndex, nodes: OpNodes, *, outputs: Set[str]) -> frozenset[str]:
    """Unique ids of the nodes and tests that a step runs.

    If all outputs of the op are chosen, everything of the op. Otherwise the chosen assets, the chosen
    checks, and those tests without a check all of whose parents that this op makes are chosen; the latter
    not if the user left out checks of a chosen asset.

    Args:
        index: The project.
        nodes: The nodes of the op.
        outputs: Names of the chosen outputs.
    """
    if outputs >= nodes.outputs:
        return nodes.all_ids
    assets = {unique_id for output, unique_id in nodes.asset_ids.items() if output in outputs}
    checks = {unique_id for output, unique_id in nodes.check_ids.items() if output in outputs}
    has_all_checks = all(
        output in outputs for output, host in nodes.check_hosts.items() if host in outputs
    )
    loose = _loose_tests(index, nodes, assets) if has_all_checks and assets else set()
    return frozenset(assets | checks | loose)


def _loose_tests(index: ManifestIndex, nodes: OpNodes, assets: Set[str]) -> set[str]:
    made = set(nodes.asset_ids.values())
    found: set[str] = set()
    for unique_id in nodes.loose_tests:
        parents = index.test_by_id[unique_id].depends_on
        nearest = {node.unique_id for parent in parents for node in index.nearest_assets(parent)}
        # As dbt selects tests, an asset must be a parent by itself, not only through an ephemeral model.
        if not assets.isdisjoint(parents) and nearest & made <= assets:
            found.add(unique_id)
    return found
