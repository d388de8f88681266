"""Which runs on the dbt platform Dagster started, by what the platform records about them."""

from dbt_component.cloud.adhoc_jobs import PREFIX
from dbt_component.cloud.cause import is_of_dagster
from dbt_component.cloud.client.client import DbtCloudClient
from dbt_component.cloud.client.run import CloudRun
from dbt_component.errors import DbtCloudNotFoundError

_MOST_RETRIES = 20


class DagsterRuns:
    """Tells whether Dagster started a run, here or with dagster-dbt.

    Such a run is in a job that Dagster made for its own runs, or its cause names Dagster, or it resumes such a run: the
    platform gives a retry a cause of its own.

    Args:
        client: Asked for the name of a job that is not known yet, and for the run that a retry resumes.
    """

    def __init__(self, client: DbtCloudClient) -> None:
        self._client = client
        self._job_names: dict[int, str] = {}

    def contain(self, run: CloudRun) -> bool:
        """Whether Dagster started the run. Mostly without a request.

        Raises:
            DbtCloudError: The platform does not answer, or refuses access.
        """
        for _ in range(_MOST_RETRIES):
            if is_of_dagster(run.cause) or self._job_name(run).upper().startswith(PREFIX):
                return True
            if not run.retrying_run_id:
                return False
            try:
                run = self._client.run(run.retrying_run_id)
            except DbtCloudNotFoundError:
                return False
        return False

    def _job_name(self, run: CloudRun) -> str:
        if run.job_name:
            return run.job_name
        if run.job_id not in self._job_names:
            try:
                self._job_names[run.job_id] = self._client.job(run.job_id).name
            except DbtCloudNotFoundError:
                self._job_names[run.job_id] = ""
        return self._job_names[run.job_id]
