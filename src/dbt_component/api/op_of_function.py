"""Makes a function of the user's the op of a project's assets and checks."""

import functools
from collections.abc import Callable, Iterator
from typing import Any

import dagster as dg

from dbt_component.definitions.assets import build_assets
from dbt_component.definitions.op_settings import OpSettings
from dbt_component.definitions.spec_builder import SelectedSpecs
from dbt_component.errors import DefinitionError
from dbt_component.execution.op_body import run_body
from dbt_component.project.prepared import PreparedProject
from dbt_component.selection.criteria import SelectionCriteria


def op_of_function(
    function: Callable[..., Any],
    specs: SelectedSpecs,
    prepared: PreparedProject,
    criteria: SelectionCriteria,
    op: OpSettings,
    *,
    decorator: str,
) -> dg.AssetsDefinition:
    """The definition of the assets and checks that a function runs. No command that it starts outlives it.

    Args:
        function: The body of the op.
        specs: What dbt selects.
        prepared: The project.
        criteria: The selection. If it compares with another environment, it may select nothing.
        op: The settings of the op.
        decorator: How messages name what the user wrote.

    Raises:
        DefinitionError: The selection has no model, seed or snapshot.
    """
    if not specs.asset_specs and not prepared.compares(criteria):
        raise DefinitionError(
            f"`{decorator}` {op.name!r} selects no model, seed or snapshot: {criteria}.",
            hint="Check the selection with `dbt ls`.",
        )
    (assets,) = build_assets(specs, prepared, op, _guarded(function), may_be_empty=True)
    return assets


def backfill_policy_of(
    specs: SelectedSpecs, given: dg.BackfillPolicy | None, *, decorator: str
) -> dg.BackfillPolicy | None:
    """The policy of the op: a single run if nothing else was given and its partitions are time windows.

    Args:
        specs: The assets of the op.
        given: What the user chose.
        decorator: How messages name what the user wrote.

    Raises:
        DefinitionError: The assets have different partitions.
    """
    partitions = {spec.partitions_def for spec in specs.asset_specs}
    if len(partitions) > 1:
        raise DefinitionError(
            "The assets have different partitions, and those of one op must have the same:"
            f" {', '.join(sorted(map(str, partitions)))}.",
            hint=f"Write one `{decorator}` for each, with a `select` of its own.",
        )
    if given is None and isinstance(
        next(iter(partitions), None), dg.TimeWindowPartitionsDefinition
    ):
        return dg.BackfillPolicy.single_run()
    return given


def _guarded(function: Callable[..., Any]) -> Callable[..., Iterator[Any]]:
    """The function, such that no dbt command that it starts outlives it or is left unfinished unnoticed."""

    @functools.wraps(function)
    def body(*args: Any, **kwargs: Any) -> Iterator[Any]:
        context = dg.AssetExecutionContext.get()
        yield from run_body(context, lambda: function(*args, **kwargs))

    return body
