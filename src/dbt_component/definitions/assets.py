"""Specs -> AssetsDefinitions: one op for the project, or one for each partitions definition."""

import re
from collections.abc import Callable, Iterator, Mapping, Set
from typing import Any

import dagster as dg

from dbt_component._dagster import ProjectAssetsDefinition
from dbt_component.definitions.changed_check import changed_check
from dbt_component.definitions.op_nodes import OpSpecs, divide_nodes
from dbt_component.definitions.op_registry import BoundOp, bound_ops
from dbt_component.definitions.op_settings import OpSettings
from dbt_component.definitions.spec_builder import SelectedSpecs
from dbt_component.project.prepared import PreparedProject

RunFunction = Callable[..., Iterator[Any]]


def build_assets(
    specs: SelectedSpecs,
    prepared: PreparedProject,
    op: OpSettings,
    run: RunFunction,
    *,
    metadata: frozenset[str] = frozenset(),
    jobs: Mapping[str, Set[str]] | None = None,
    may_be_empty: bool = False,
) -> list[dg.AssetsDefinition]:
    """Builds the multi-assets that run dbt, and registers the nodes of each of their ops.

    Dagster requires all assets of one op to share a partitions definition, so a selection with several of
    them gives one op for each; the unpartitioned op gets the plain name. A check belongs to the op of its
    asset and has its partitions.

    Args:
        specs: The assets and checks to define.
        prepared: The project that they were built from.
        op: Settings that all ops share.
        run: The op's body. As in any op, its parameters name the context, a config and resources.
        metadata: Metadata to fetch for each relation after it is built.
        jobs: The unique ids that dbt selects for each job that runs exactly these, by the name of the job.
        may_be_empty: Whether there is an op even if there are no assets; it runs no nodes.
    """
    groups: dict[Any, list[dg.AssetSpec]] = {}
    for spec in specs.asset_specs:
        groups.setdefault(spec.partitions_def, []).append(spec)
    if not groups and may_be_empty:
        groups[None] = []
    if not groups:
        return []
    home = {spec.key: spec.partitions_def for spec in specs.asset_specs}
    default_home = next(iter(groups))
    checks: dict[Any, list[dg.AssetCheckSpec]] = {}
    for check in specs.check_specs:
        partitions_def = home.get(check.asset_key)
        if partitions_def is not None and check.partitions_def is None:
            check = changed_check(check, partitions_def=partitions_def)
        checks.setdefault(home.get(check.asset_key, default_home), []).append(check)
    names = _op_names(op.name, list(groups))
    ops = [
        OpSpecs(name, members, checks.get(partitions_def, []))
        for name, (partitions_def, members) in zip(names, groups.items(), strict=True)
    ]
    built: list[dg.AssetsDefinition] = []
    for op_specs, nodes in zip(ops, divide_nodes(specs, ops, jobs=jobs), strict=True):
        assets = _build_one(op_specs, op, run)
        bound_ops.register(
            assets.node_def, BoundOp(prepared, nodes, specs.keys, specs.view, metadata)
        )
        built.append(assets)
    return built


def _build_one(specs: OpSpecs, op: OpSettings, run: RunFunction) -> dg.AssetsDefinition:
    multi_asset = dg.multi_asset(
        name=specs.name,
        specs=specs.asset_specs,
        check_specs=specs.check_specs or None,
        can_subset=True,
        **op.arguments,
        # Dagster searches a list for every check's asset, which is quadratic; build_specs has already
        # ensured that each check belongs to one of these assets or to one of their sources.
        allow_arbitrary_check_specs=True,
    )
    return ProjectAssetsDefinition.from_multi_asset(multi_asset(run))


def _op_names(base: str, partitions_defs: list[Any]) -> list[str]:
    if len(partitions_defs) == 1:
        return [base]
    names: list[str] = []
    for partitions_def in partitions_defs:
        if partitions_def is None:
            name = base
        else:
            kind = re.sub(r"(?<!^)(?=[A-Z])", "_", type(partitions_def).__name__).lower()
            name = f"{base}__{kind.removesuffix('_definition').removesuffix('_partitions')}"
        unique, number = name, 2
        while unique in names:
            unique, number = f"{name}_{number}", number + 1
        names.append(unique)
    return names
