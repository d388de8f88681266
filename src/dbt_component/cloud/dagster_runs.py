"""Which runs on the dbt platform Dagster started, by what the platform records about them."""

from dbt_component.cloud.adhoc_jobs import PREFIX
from dbt_component.cloud.cause import is_of_dagster
from dbt_component.cloud.client.client import DbtCloudClient
from dbt_component.cloud.client.run import CloudRun
from dbt_component.errors import DbtCloudNotFoundError


class DagsterRuns:
    """Tells whether Dagster started a run, here or with dagster-dbt.

    Such a run is in a job that Dagster made for its own runs, or its cause names Dagster. One that resumes such a run is
    not among them, since the platform gives a retry a cause of its own: see ``with_resumed``.

    Args:
        client: Asked for the name of a job that is not known yet.
    """

    def __init__(self, client: DbtCloudClient) -> None:
        self._client = client
        self._job_names: dict[int, str] = {}

    def contain(self, run: CloudRun) -> bool:
        """Whether Dagster started the run. Mostly without a request.

        Raises:
            DbtCloudError: The platform does not answer, or refuses access.
        """
        return is_of_dagster(run.cause) or self._job_name(run).upper().startswith(PREFIX)

    def _job_name(self, run: CloudRun) -> str:
        if run.job_name:
            return run.job_name
        if run.job_id not in self._job_names:
            try:
                self._job_names[run.job_id] = self._client.job(run.job_id).name
            except DbtCloudNotFoundError:
                self._job_names[run.job_id] = ""
        return self._job_names[run.job_id]
