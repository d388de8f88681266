"""The executor of every job: Dagster's default, which starts the database before the first step.

The database must be up before dbt's own process connects to it, but listing definitions
should not start it. The start of a run is the one place that satisfies both.
"""

from collections.abc import Callable
from typing import cast

import dagster as dg

from nyc_flights import database

_DAGSTER_DEFAULT = dg.multi_or_in_process_executor


@dg.definitions
def executor() -> dg.Definitions:
    """Makes this the default executor of all jobs, with the config of Dagster's own default."""
    return dg.Definitions(
        executor=dg.ExecutorDefinition(
            name="with_database",
            description="Starts the embedded database if it is in use, then runs steps as usual.",
            config_schema=_DAGSTER_DEFAULT.config_schema.as_field(),
            requirements=_DAGSTER_DEFAULT.get_requirements,
            executor_creation_fn=_create_executor,
        )
    )


def _create_executor(init_context: dg.InitExecutorContext) -> dg.Executor:
    """Starts the database and creates Dagster's default executor. Called once per run."""
    database.ensure_running()
    create_default = cast(
        "Callable[[dg.InitExecutorContext], dg.Executor]", _DAGSTER_DEFAULT.executor_creation_fn
    )
    return create_default(init_context)
