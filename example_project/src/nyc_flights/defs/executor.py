"""The executor of every job: Dagster's own, with the database up before the first step.

A dbt step connects from a process of dbt's, and listing definitions needs no database.
The start of a run is the one moment that comes before the first and not with the second.
"""

from collections.abc import Callable
from typing import cast

import dagster as dg

from nyc_flights import database

_DAGSTER_DEFAULT = dg.multi_or_in_process_executor


@dg.definitions
def executor() -> dg.Definitions:
    """Gives every job that names no executor this one, with the config of Dagster's default."""
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
    """Starts the database and hands over to Dagster's default. Called once a run."""
    database.ensure_running()
    create_default = cast(
        "Callable[[dg.InitExecutorContext], dg.Executor]", _DAGSTER_DEFAULT.executor_creation_fn
    )
    return create_default(init_context)
