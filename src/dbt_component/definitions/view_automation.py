"""``views:``: what automation does with dbt's views, and with what reads them.

To Dagster, a view becomes a *virtual* asset: what reads it is stale if the view's parents changed, and the view itself
only if its code did. Dagster's conditions do not look through virtual assets unless they are told to.
"""

from collections.abc import Iterator
from enum import Enum
from typing import Any

import dagster as dg

from dbt_component._dagster import DepsAutomationCondition
from dbt_component.definitions.automation_condition import Condition, on_missing_or_code_change
from dbt_component.definitions.spec_builder import SelectedSpecs


class ViewPolicy(Enum):
    """When automation builds views."""

    ALWAYS = "always"
    ON_CODE_CHANGE = "on_code_change"
    VIRTUAL = "virtual"


_COUNT_TWICE = frozenset({"any_deps_updated", "any_deps_in_progress"})
_MISSING = "any_deps_missing"
_CHECKS = "all_deps_blocking_checks_passed"


def apply_view_policy(specs: SelectedSpecs, policy: ViewPolicy) -> SelectedSpecs:
    """Marks views as virtual, and makes conditions look through them; ``ALWAYS`` changes nothing.

    ``ON_CODE_CHANGE`` also replaces the condition of each view. Conditions change only of assets that read something
    else than tables of this project.
    """
    if policy is ViewPolicy.ALWAYS:
        return specs
    nodes = specs.index.node_by_id
    views = {
        key
        for key, unique_id in specs.node_map.asset_ids.items()
        if nodes[unique_id].materialized == "view"
    }
    tables = specs.node_map.asset_ids.keys() - views
    is_built = policy is ViewPolicy.ON_CODE_CHANGE

    def change(spec: dg.AssetSpec) -> dg.AssetSpec:
        if spec.key in views:
            spec = spec.replace_attributes(is_virtual=True, kinds={*spec.kinds, "view"})
            if is_built:
                return spec.replace_attributes(automation_condition=on_missing_or_code_change())
        condition = spec.automation_condition
        if condition is None or all(dep.asset_key in tables for dep in spec.deps):
            return spec
        return spec.replace_attributes(
            automation_condition=look_through_views(condition, is_built=is_built)
        )

    return specs.map_assets(change)


def look_through_views(condition: Condition, *, is_built: bool) -> Condition:
    """The condition, with the parents of a view as dependencies too.

    Args:
        condition: Any condition; one of a class that is not Dagster's is not changed inside.
        is_built: Whether automation builds views. If so, a missing view is a missing dependency, since what reads it
            can't be built. Otherwise Dagster need not know of it.
    """
    for found in _conditions_on_deps(condition):
        condition = condition.replace(found, _through(found, is_built=is_built))
    return condition


def _conditions_on_deps(condition: Condition) -> Iterator[DepsAutomationCondition[Any]]:
    if isinstance(condition, DepsAutomationCondition):
        yield condition
        return
    for child in condition.children:
        yield from _conditions_on_deps(child)


def _through(found: DepsAutomationCondition[Any], *, is_built: bool) -> Condition:
    resolved = found.resolve_through_virtual()
    label = found.get_label()
    if label in _COUNT_TWICE or (label == _MISSING and is_built):
        return (found | resolved).with_label(f"{label}_through_views")
    if label == _CHECKS:
        return (found & resolved).with_label(f"{label}_through_views")
    return resolved
