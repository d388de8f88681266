"""The error of a dbt command that failed."""

from collections.abc import Mapping
from typing import Any

import dagster as dg

from dbt_component.errors import DagsterDbtError


class DagsterDbtCliRuntimeError(DagsterDbtError, dg.Failure):
    """A dbt command failed.

    Args:
        description: The command, and dbt's own message for each failed node.
        metadata: Metadata that Dagster shows beside the failure of the step.
    """

    description: str | None = None

    def __init__(self, description: str, *, metadata: Mapping[str, Any] | None = None) -> None:
        DagsterDbtError.__init__(self, description)
        dg.Failure.__init__(self, description=description, metadata=metadata)
