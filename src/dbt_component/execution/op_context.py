"""The context of an op or asset that runs dbt."""

import dagster as dg

Context = dg.AssetExecutionContext | dg.OpExecutionContext
"""The context of the asset or op that runs dbt."""


def op_context_of(context: Context) -> dg.OpExecutionContext:
    """The context of the op, which an asset's context wraps."""
    if isinstance(context, dg.AssetExecutionContext):
        return context.op_execution_context
    return context
