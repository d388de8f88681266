"""The runs on the dbt platform that a run goes on with."""

from collections.abc import Iterator

from dbt_component.cloud.client.client import DbtCloudClient
from dbt_component.cloud.client.run import CloudRun
from dbt_component.errors import DbtCloudNotFoundError

_MOST_RETRIES = 20


def with_resumed(client: DbtCloudClient, run: CloudRun) -> Iterator[CloudRun]:
    """The run, then the failed run that it resumes, and so on, up to twenty and until one was deleted.

    A retry has a cause of its own, and may not repeat what the trigger of the first run said. Sends no request for a run
    that is no retry.

    Raises:
        DbtCloudError: The platform does not answer, or refuses access.
    """
    yield run
    for _ in range(_MOST_RETRIES):
        if not run.retrying_run_id:
            return
        try:
            run = client.run(run.retrying_run_id)
        except DbtCloudNotFoundError:
            return
        yield run
