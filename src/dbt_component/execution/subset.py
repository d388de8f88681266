"""The exact set of dbt nodes that a step runs, from the outputs that Dagster selected."""

from collections.abc import Set

from dbt_component.definitions.op_nodes import OpNodes
from dbt_component.execution.divided_op import DividedOp
from dbt_component.manifest.index import ManifestIndex


def nodes_to_run(
    index: ManifestIndex,
    nodes: OpNodes,
    *,
    outputs: Set[str],
    job_name: str | None = None,
    divided: DividedOp | None = None,
) -> frozenset[str]:
    """Unique ids of the nodes and tests that a step runs.

    With all outputs of the op, that is everything that belongs to the op; with all outputs that dbt selects for
    the job, everything that dbt selects for it. If the op has several steps, each runs its own outputs, and each
    test without a check runs in one of them.

    Otherwise it is the selected assets, the selected checks, and each test without a check if all its parents in
    this op are selected. Such tests are omitted if a check of a selected asset is not selected, or if dbt does not
    select them for the job.

    Args:
        index: The project.
        nodes: The nodes of the op.
        outputs: Names of the selected outputs.
        job_name: The name of the run's job.
        divided: The steps of the op, if there are several.
    """
    assets = {unique_id for output, unique_id in nodes.asset_ids.items() if output in outputs}
    checks = {unique_id for output, unique_id in nodes.check_ids.items() if output in outputs}
    in_run = outputs if divided is None else divided.outputs
    job = None if job_name is None else nodes.jobs.get(job_name)
    whole = nodes.all_ids if job is None else job
    missing = [u for u, output in nodes.output_of.items() if u in whole and output not in in_run]
    if not missing:
        rest = whole - nodes.output_of.keys()
        here = rest if divided is None else filter(divided.runs_here, rest)
        return frozenset(assets | checks).union(here)
    has_all_checks = all(
        output in outputs for output, host in nodes.check_hosts.items() if host in outputs
    )
    loose = _loose_tests(index, nodes, assets) if has_all_checks and assets else set()
    return frozenset(assets | checks | (loose & whole))


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
