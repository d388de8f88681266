"""How long dbt may take to end after an interrupt, before it is killed."""

import math
import os

from dbt_component.errors import DagsterDbtError

VARIABLE = "DAGSTER_DBT_TERMINATION_TIMEOUT_SECONDS"
DEFAULT_SECONDS = 25.0


def termination_timeout_seconds() -> float:
    """The value of ``DAGSTER_DBT_TERMINATION_TIMEOUT_SECONDS``; 25 if it is unset or empty.

    Raises:
        DagsterDbtError: The value is no number, or a negative one.
    """
    text = os.environ.get(VARIABLE)
    if not text:
        return DEFAULT_SECONDS
    try:
        seconds = float(text)
    except ValueError:
        seconds = math.nan
    if not math.isfinite(seconds) or seconds < 0:
        raise DagsterDbtError(
            f"{text!r} is no number of seconds.",
            where=f"environment variable {VARIABLE}",
            hint=f"Set it to a number such as 60, or unset it for {DEFAULT_SECONDS:g}.",
        )
    return seconds
