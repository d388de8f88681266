"""What defs.yaml and the launchpad say about the commands of one step on the platform."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from dbt_component.cloud.execution.exact_selection import OwnSelection
from dbt_component.execution.retry_policy import DbtRetryPolicy


@dataclass(frozen=True)
class StepSettings:
    """Settings of the commands of a step.

    Args:
        retry: After which errors the platform's own retry is used; ``None`` for never.
        run_options: Values of dbt's options by the names of ``RUN_OPTIONS``, for the commands that accept them.
        vars: Variables of commands over the nodes of the step; those in arguments win.
        timeout_seconds: How long a run may take; ``None`` for no limit.
        own: The selection of the definitions, which is used if it selects exactly what runs; ``None`` if it is unknown.
    """

    retry: DbtRetryPolicy | None = None
    run_options: Mapping[str, Any] = field(default_factory=dict)
    vars: Mapping[str, Any] = field(default_factory=dict)
    timeout_seconds: float | None = None
    own: OwnSelection | None = None
