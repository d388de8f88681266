"""The names that ``cli_args`` templates may use about a run."""

from typing import Any

import dagster as dg

from dbt_component.execution.partition_scope import partition_scope
from dbt_component.execution.resource import DbtCliResource

RUN_NAMES = frozenset(
    {
        "partition",
        "partition_key",
        "partition_key_range",
        "partition_time_window",
        "context",
        "config",
        "state_args",
        "defer_args",
    }
)


def run_scope(
    context: dg.AssetExecutionContext,
    dbt: DbtCliResource,
    *,
    partitions_def: dg.PartitionsDefinition | None = None,
) -> dict[str, Any]:
    """The run's partition, ``context``, ``config``, and ``state_args`` and ``defer_args`` of the resource.

    Args:
        context: The context of the run.
        dbt: The resource.
        partitions_def: See ``partition_scope``.
    """
    return {
        **partition_scope(context, partitions_def),
        "context": context,
        "config": context.op_execution_context.op_config or {},
        "state_args": dbt.get_state_args(),
        "defer_args": dbt.get_defer_args(),
    }
