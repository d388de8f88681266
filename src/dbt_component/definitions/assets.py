"""Specs -> AssetsDefinitions: an op for each part of the project and each partitions definition in it."""

import inspect
import re
from collections.abc import Iterator, Mapping, Sequence, Set
from functools import wraps
from typing import Any

import dagster as dg

from dbt_component._dagster import ProjectAssetsDefinition, ProjectChecksDefinition
from dbt_component.definitions.changed_check import changed_check
from dbt_component.definitions.op_nodes import OpSpecs, divide_nodes
from dbt_component.definitions.op_part import OpPart, RunFunction
from dbt_component.definitions.op_registry import BoundOp, bound_ops
from dbt_component.definitions.op_settings import OpSettings
from dbt_component.definitions.reading_order import ReadingOrder
from dbt_component.definitions.spanning_checks import find_source_homes, find_spanning_checks
from dbt_component.definitions.spec_builder import SelectedSpecs
from dbt_component.project.prepared import PreparedProject

_SPANNING = "tests_of_several_ops"


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
    """Builds the multi-assets of a project that is one part; see ``build_parts``.

    Args:
        specs: The assets and checks to define.
        prepared: The project that they were built from.
        op: Settings that all ops share.
        run: The op's body. As in any op, its parameters name the context, a config and resources.
        metadata: Metadata to fetch for each relation after it is built.
        jobs: The unique ids that dbt selects for each job that runs exactly these, by the name of the job.
        may_be_empty: Whether there is an op even if there are no assets; it runs no nodes.
    """
    part = OpPart(op, run, metadata=metadata)
    return build_parts(specs, prepared, [part], jobs=jobs, may_be_empty=may_be_empty)


def build_parts(
    specs: SelectedSpecs,
    prepared: PreparedProject,
    parts: Sequence[OpPart],
    *,
    jobs: Mapping[str, Set[str]] | None = None,
    may_be_empty: bool = False,
) -> list[dg.AssetsDefinition]:
    """Builds the multi-assets that run dbt, and registers the nodes of each of their ops.

    Dagster requires all assets of one op to share a partitions definition, so a part with several of them gives one
    op for each; the unpartitioned op gets the plain name. A check belongs to the op of its asset and has its
    partitions. If it also reads assets of other ops, and its asset does not depend on all of these, it belongs to an op
    of such checks alone, which Dagster runs after all of them.

    Args:
        specs: The assets and checks to define.
        prepared: The project that they were built from.
        parts: The parts; the last takes what no other has, and everything that belongs to no asset.
        jobs: The unique ids that dbt selects for each job that runs exactly these, by the name of the job.
        may_be_empty: Whether there is an op even if there are no assets; it runs no nodes.
    """
    groups = _grouped(specs, parts)
    if not groups and may_be_empty:
        groups[len(parts) - 1, None] = []
    if not groups:
        return []
    home = {spec.key: group for group, members in groups.items() for spec in members}
    default_home = min(groups, key=lambda group: group[0] != len(parts) - 1)
    source_home, spanning = {}, {}
    if len(groups) > 1:
        order = ReadingOrder(specs.asset_specs, home)
        source_home = find_source_homes(specs, order)
        spanning = find_spanning_checks(specs, order, source_home)
    checks: dict[Any, list[dg.AssetCheckSpec]] = {}
    for check in specs.check_specs:
        if check.key in spanning:
            continue
        group = home.get(check.asset_key) or source_home.get(check.asset_key, default_home)
        partitions_def = group[1] if check.asset_key in home else None
        if partitions_def is not None and check.partitions_def is None:
            check = changed_check(check, partitions_def=partitions_def)
        checks.setdefault(group, []).append(check)
    ops: list[OpSpecs] = []
    settings: list[OpPart] = []
    for number in (len(parts) - 1, *range(len(parts) - 1)):
        part = parts[number]
        members = sorted(
            (group for group in groups if group[0] == number), key=lambda g: g != default_home
        )
        names = _op_names(part.settings.name, [partitions_def for _, partitions_def in members])
        for name, group in zip(names, members, strict=True):
            ops.append(OpSpecs(name, groups[group], checks.get(group, [])))
            settings.append(part)
    if spanning:
        ops.append(OpSpecs(f"{parts[-1].settings.name}__{_SPANNING}", [], list(spanning.values())))
        settings.append(parts[-1])
    built: list[dg.AssetsDefinition] = []
    divided = divide_nodes(specs, ops, jobs=jobs)
    for op_specs, part, nodes in zip(ops, settings, divided, strict=True):
        assets = _build_one(op_specs, part)
        bound_ops.register(
            assets.node_def, BoundOp(prepared, nodes, specs.keys, specs.view, part.metadata)
        )
        built.append(assets)
    return built


def _grouped(
    specs: SelectedSpecs, parts: Sequence[OpPart]
) -> dict[tuple[int, dg.PartitionsDefinition | None], list[dg.AssetSpec]]:
    """The assets by the place of their part and their partitions definition."""
    part_of = {
        unique_id: number for number, part in enumerate(parts) for unique_id in part.asset_ids or ()
    }
    ids, default = specs.node_map.asset_ids, len(parts) - 1
    groups: dict[Any, list[dg.AssetSpec]] = {}
    for spec in specs.asset_specs:
        number = part_of.get(ids[spec.key], default) if part_of else default
        groups.setdefault((number, spec.partitions_def), []).append(spec)
    return groups


def _build_one(specs: OpSpecs, part: OpPart) -> dg.AssetsDefinition:
    if not specs.asset_specs and specs.check_specs:
        return _build_checks(specs, part)
    multi_asset = dg.multi_asset(
        name=specs.name,
        specs=specs.asset_specs,
        check_specs=specs.check_specs or None,
        can_subset=True,
        **part.settings.arguments,
        # Dagster searches a list for every check's asset, which is quadratic; build_specs has already
        # ensured that each check belongs to one of these assets or to one of their sources.
        allow_arbitrary_check_specs=True,
    )
    return ProjectAssetsDefinition.from_multi_asset(multi_asset(part.run))


def _build_checks(specs: OpSpecs, part: OpPart) -> dg.AssetsDefinition:
    """An op of checks alone, which Dagster runs after all assets that they depend on."""
    arguments = part.settings.arguments
    del arguments["backfill_policy"]
    decorator = dg.multi_asset_check(
        name=specs.name, specs=specs.check_specs, can_subset=True, **arguments
    )
    return ProjectChecksDefinition.from_multi_asset(decorator(_for_checks(part.run)))


def _for_checks(run: RunFunction) -> RunFunction:
    """The same body for an op of checks, to which Dagster refuses to pass an ``AssetExecutionContext``."""

    @wraps(run)
    def body(context: dg.OpExecutionContext, *args: Any, **kwargs: Any) -> Iterator[Any]:
        yield from run(dg.AssetExecutionContext(context), *args, **kwargs)

    signature = inspect.signature(run)
    first, *others = signature.parameters.values()
    body.__signature__ = signature.replace(  # type: ignore[attr-defined]
        parameters=[first.replace(annotation=dg.OpExecutionContext), *others]
    )
    return body


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
