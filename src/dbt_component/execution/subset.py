"""The exact set of dbt nodes that a step runs, from the outputs that Dagster selected."""

from collections.abc import Set

import dagster as dg

from dbt_component.definitions.listing import counted, listed
from dbt_component.definitions.op_nodes import OpNodes
from dbt_component.definitions.op_registry import BoundOp
from dbt_component.definitions.test_attachment import attached_node_of
from dbt_component.execution.divided_op import DividedOp
from dbt_component.manifest.index import ManifestIndex


def nodes_of_step(bound: BoundOp, context: dg.OpExecutionContext) -> frozenset[str]:
    """Unique ids of everything that a step of dbt definitions runs, tests included."""
    assets_def = context.assets_def
    index = bound.prepared.manifest.index
    divided = DividedOp.of(context, index, bound.nodes)
    outputs = assets_def.keys_by_output_name.keys() | assets_def.check_specs_by_output_name.keys()
    wanted = nodes_to_run(
        index, bound.nodes, outputs=outputs, job_name=context.job_name, divided=divided
    )
    in_run = outputs if divided is None else divided.outputs
    built = {unique_id for output, unique_id in bound.nodes.asset_ids.items() if output in in_run}
    unasked = [
        test
        for test in wanted & bound.view.rules.tests.on_request
        if not built.isdisjoint(index.test_by_id[test].depends_on[:1])
    ]
    if unasked:
        context.log.info(
            f"{counted(len(unasked), 'unit test')} did not run because `unit_tests` is 'only_on_request':"
            f" {listed(sorted(unasked))}. Each runs if its check is selected without its model."
        )
    return wanted.difference(unasked)


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

    Checks of sources count as selected if assets that read the source are selected with all their checks, except
    in a job that runs exactly what dbt selects: Dagster selects checks with the assets that they are on, and sources
    are no assets of the op.

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
    in_run = outputs if divided is None else divided.outputs
    job = None if job_name is None else nodes.jobs.get(job_name)
    if job is None:
        added = _source_checks(index, nodes, in_run)
        in_run = in_run | added.keys()
        outputs = outputs | {o for o, u in added.items() if divided is None or divided.runs_here(u)}
    assets = {unique_id for output, unique_id in nodes.asset_ids.items() if output in outputs}
    checks = {unique_id for output, unique_id in nodes.check_ids.items() if output in outputs}
    whole = nodes.all_ids if job is None else job
    missing = [u for u, output in nodes.output_of.items() if u in whole and output not in in_run]
    if not missing:
        rest = whole - nodes.output_of.keys()
        here = rest if divided is None else filter(divided.runs_here, rest)
        return frozenset(assets | checks).union(here)
    has_loose = bool(assets) and _has_all_checks(nodes, outputs)
    loose = _loose_tests(index, nodes, assets) if has_loose else set()
    return frozenset(assets | checks | (loose & whole))


def _has_all_checks(nodes: OpNodes, outputs: Set[str]) -> bool:
    """Whether all checks of the selected assets are selected too."""
    return all(output in outputs for output, host in nodes.check_hosts.items() if host in outputs)


def _source_checks(index: ManifestIndex, nodes: OpNodes, outputs: Set[str]) -> dict[str, str]:
    """The output and unique id of each check of a source that the selected assets read."""
    unselected = nodes.check_ids.keys() - nodes.check_hosts.keys() - outputs
    if not unselected or not _has_all_checks(nodes, outputs):
        return {}
    read = {
        parent.unique_id
        for output, unique_id in nodes.asset_ids.items()
        if output in outputs
        for parent in index.upstream_assets(index.node_by_id[unique_id])
        if parent.is_source
    }
    tests = {output: nodes.check_ids[output] for output in unselected}
    return {o: u for o, u in tests.items() if attached_node_of(index, index.test_by_id[u]) in read}


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
