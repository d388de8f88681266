"""The cause of a run on the dbt platform that Dagster starts: it names Dagster, and is unique."""

from uuid import uuid4

MARK = "Triggered by Dagster"
"""What the cause begins with, by which the sensor leaves such runs out."""


def unique_cause(purpose: str) -> str:
    """A cause such as ``Triggered by Dagster: run 1a2b3c4d (0f1e2d3c4b5a)``.

    It is unique, so a client that got no answer can find out whether the platform started the run.

    Args:
        purpose: Which run of Dagster this is, or what for.
    """
    return f"{MARK}: {purpose} ({uuid4().hex[:12]})"


def is_of_dagster(cause: str) -> bool:
    """Whether a run was started by Dagster, by this package or by dagster-dbt."""
    return cause.lower().startswith("triggered by dagster")
