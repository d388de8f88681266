"""The exact set of dbt nodes that a step runs, from the outputs that Dagster selected."""

from collections.abc import Set

from dbt_component.definitions.op_nodes import OpNodes
from dbt_component.manifest.index import ManifestIndex


def nodes_to_run(
    index: ManifestIndex, nodes: OpNodes, *, outputs: Set[str], job_name: str | None = None
) -> frozenset[str]:
    """Unique ids of the nodes and tests that a step runs.

    In a job that runs exactly what dbt selects, that is the selected outputs and the tests without a check that
    dbt selects. If only some outputs of such a job were selected, it is as everywhere else, but without tests
    that dbt does not select.

    With all outputs of the op, that is everything that belongs to the op. Otherwise it is the selected assets,
    the selected checks, and each test without a check if all its parents in this op are selected. Such tests
    are omitted if a check of a selected asset is not selected.

    Args:
        index: The project.
        nodes: The nodes of the op.
        outputs: Names of the selected outputs.
        job_name: The name of the run's job.
    """
    job = None if job_name is None else nodes.jobs.get(job_name)
    if job is None and outputs >= nodes.outputs:
        return nodes.all_ids
    assets = {unique_id for output, unique_id in nodes.asset_ids.items() if output in outputs}
    checks = {unique_id for output, unique_id in nodes.check_ids.items() if output in outputs}
    if job is not None and assets | checks >= job & nodes.output_of.keys():
        return job | assets | checks
    has_all_checks = all(
        output in outputs for output, host in nodes.check_hosts.items() if host in outputs
    )
    loose = _loose_tests(index, nodes, assets) if has_all_checks and assets else set()
    return frozenset(assets | checks | (loose if job is None else loose & job))


def _loose_tests(index: ManifestIndex, nodes: OpNodes, assets: Set[str]) -> set[str]:
    made = set(nodes.asset_ids.values())
    found: set[str] = set()
    for unique_id in nodes.loose_tests:
        parents = index.test_by_id[unique_id].depends_on
        nearest = {node.unique_id for parent in parents for node in index.nearest_assets(parent)}
        # As in dbt's selection, an asset must be a direct parent, not one behind an ephemeral model.
        if not assets.isdisjoint(parents) and nearest & made <= assets:
            found.add(unique_id)
    return found
