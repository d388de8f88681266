"""The names that ``cli_args`` templates may use about a run."""

from typing import Any

import dagster as dg

from dbt_component.execution.partition_scope import partition_scope
from dbt_component.execution.resource import DbtCliResource

ANYWHERE = frozenset(
    {
        "partition",
        "partition_key",
        "partition_key_range",
        "partition_time_window",
        "context",
        "config",
    }
)
"""The names that every run has, wherever dbt runs."""
RUN_NAMES = ANYWHERE | {"state_args", "defer_args"}
"""The names of a run in a project on this machine."""


def run_scope(
    context: dg.AssetExecutionContext,
    dbt: DbtCliResource | None = None,
    *,
    partitions_def: dg.PartitionsDefinition | None = None,
) -> dict[str, Any]:
    """The run's partition, ``context``, ``config``, and ``state_args`` and ``defer_args`` of the resource.

    Args:
        context: The context of the run.
        dbt: The resource; ``None`` if dbt runs elsewhere: then there is neither of the last two.
        partitions_def: See ``partition_scope``.
    """
    scope = {
        **partition_scope(context, partitions_def),
        "context": context,
        "config": context.op_execution_context.op_config or {},
    }
    if dbt is not None:
        scope |= {"state_args": dbt.get_state_args(), "defer_args": dbt.get_defer_args()}
    return scope
