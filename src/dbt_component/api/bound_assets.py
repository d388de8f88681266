"""Assets definitions made from a dbt project, as arguments of helpers."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import dagster as dg

from dbt_component.definitions.op_registry import BoundOp, bound_ops

_REMEDY = "Pass the result of `@dbt_assets`, or the assets of a DbtProjectComponent, in a list."


@dataclass(frozen=True)
class BoundAssets:
    """An assets definition, or a copy of one with other attributes, and the dbt nodes that its op runs."""

    assets_def: dg.AssetsDefinition
    op: BoundOp

    @cached_property
    def keys(self) -> Mapping[str, dg.AssetKey]:
        """Unique ids -> asset keys, with all renaming by the user, in the project's order."""
        names = self.assets_def.keys_by_output_name
        ids = self.op.nodes.asset_ids.items()
        return {unique_id: names[output] for output, unique_id in ids if output in names}

    @cached_property
    def check_keys(self) -> Mapping[str, dg.AssetCheckKey]:
        """Unique ids of tests -> check keys, as ``keys``."""
        specs = self.assets_def.check_specs_by_output_name
        ids = self.op.nodes.check_ids.items()
        return {unique_id: specs[output].key for output, unique_id in ids if output in specs}

    def made_in(self, assets_defs: Sequence[dg.AssetsDefinition]) -> "BoundAssets":
        """The copy of this definition among others, which may have other keys; this one if there is none."""
        for other in assets_defs:
            if other.is_executable and other.node_def is self.assets_def.node_def:
                return BoundAssets(other, self.op)
        return self


def bound_assets(dbt_assets: Sequence[dg.AssetsDefinition]) -> list[BoundAssets]:
    """Those of the definitions that were made from a dbt project.

    Raises:
        dagster.DagsterInvariantViolationError: None was.
    """
    found = [bound for given in dbt_assets if (bound := _find(given)) is not None]
    if not found:
        raise dg.DagsterInvariantViolationError(
            f"None of these assets was made from a dbt project. {_REMEDY}"
        )
    return found


def single_bound_assets(dbt_assets: Sequence[dg.AssetsDefinition]) -> BoundAssets:
    """The only definition, which was made from a dbt project.

    Raises:
        dagster.DagsterInvariantViolationError: There are none or several, or it was not.
    """
    given = list(dbt_assets) if not isinstance(dbt_assets, dg.AssetsDefinition) else None
    if given is None or len(given) != 1:
        number = "a definition that is not in a list" if given is None else f"{len(given)} of them"
        raise dg.DagsterInvariantViolationError(
            f"Exactly one definition of dbt assets is required, got {number}. {_REMEDY}"
        )
    bound = _find(given[0])
    if bound is None:
        raise dg.DagsterInvariantViolationError(
            f"{_described(given[0])} was not made from a dbt project. {_REMEDY}"
        )
    return bound


def _find(given: object) -> BoundAssets | None:
    if not isinstance(given, dg.AssetsDefinition) or not given.is_executable:
        return None
    op = bound_ops.find(given.node_def)
    return None if op is None else BoundAssets(given, op)


def _described(given: object) -> str:
    if isinstance(given, dg.AssetsDefinition):
        keys = ", ".join(sorted(key.to_user_string() for key in given.keys))
        return f"The definition of {keys or 'no assets'}"
    return f"{given!r} (a {type(given).__name__})"
