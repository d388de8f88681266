"""Applies the rules of ops to the specs of their assets."""

from collections.abc import Mapping, Sequence

import dagster as dg

from dbt_component.definitions.op_division import OpDivision
from dbt_component.definitions.op_rules import OpRules
from dbt_component.definitions.spec_builder import SelectedSpecs
from dbt_component.definitions.upstream_names import OTHERS, SELF, keys_of_names


def with_op_rules(specs: SelectedSpecs, division: OpDivision) -> SelectedSpecs:
    """The specs with the partitions, partition mappings and automation conditions of their ops.

    What a node has by ``meta.dagster``, an override or ``translation`` wins.

    Raises:
        UnknownNodeError: A partition mapping names a node that does not exist.
    """
    if not any(rules.changes_specs for rules in division.rules):
        return specs
    mappings = [
        keys_of_names(rules.partition_mappings, specs, key=f"{rules.key}.partition_mappings")
        for rules in division.rules
    ]
    ids = specs.node_map.asset_ids

    def changed(spec: dg.AssetSpec) -> dg.AssetSpec:
        number = division.number_of(ids[spec.key])
        return _with_rules(spec, division.rules[number], mappings[number])

    return specs.map_assets(changed)


def _with_rules(
    spec: dg.AssetSpec, rules: OpRules, mappings: Mapping[dg.AssetKey, dg.PartitionMapping]
) -> dg.AssetSpec:
    changes: dict[str, object] = {}
    if rules.partitions_def is not None and spec.partitions_def is None:
        changes["partitions_def"] = rules.partitions_def
    if rules.automation_condition is not None and spec.automation_condition is None:
        changes["automation_condition"] = rules.automation_condition
    if rules.partition_mappings:
        changes["deps"] = _mapped(spec, mappings, rules)
    return spec.replace_attributes(**changes) if changes else spec  # type: ignore[arg-type]


def _mapped(
    spec: dg.AssetSpec,
    mappings: Mapping[dg.AssetKey, dg.PartitionMapping],
    rules: OpRules,
) -> Sequence[dg.AssetDep]:
    """The dependencies with partition mappings; one on the asset itself is added if the rules have a mapping for it."""
    others, own = rules.partition_mappings.get(OTHERS), rules.partition_mappings.get(SELF)
    mapped: list[dg.AssetDep] = []
    for dep in spec.deps:
        if dep.asset_key == spec.key:
            mapping = own
        else:
            default = others if dep.partition_mapping is None else None
            mapping = mappings.get(dep.asset_key, default)
        mapped.append(
            dep
            if mapping is None
            else dg.AssetDep(dep.asset_key, partition_mapping=mapping, metadata=dep.metadata)
        )
    if own is not None and all(dep.asset_key != spec.key for dep in spec.deps):
        mapped.append(dg.AssetDep(spec.key, partition_mapping=own))
    return mapped
