"""Which runs on the dbt platform Dagster started, by what the platform records about them."""

from dbt_component.cloud.client.run import CloudRun

ADHOC_JOB_PREFIX = "DAGSTER_ADHOC_JOB__"
"""The names of jobs that Dagster creates for its own runs begin with it."""
CAUSE_OF_DAGSTER = "Triggered by Dagster"
"""The causes of runs that Dagster triggers begin with it."""


def is_started_by_dagster(run: CloudRun, *, job_name: str) -> bool:
    """Whether Dagster started the run, here or with dagster-dbt.

    Args:
        run: The run.
        job_name: The name of its job.
    """
    return job_name.upper().startswith(ADHOC_JOB_PREFIX) or run.cause.lower().startswith(
        CAUSE_OF_DAGSTER.lower()
    )
