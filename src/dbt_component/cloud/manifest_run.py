"""Finds the run on the dbt platform whose manifest.json says what the project holds, or starts one."""

import logging
import time
from collections.abc import Iterator
from datetime import datetime, timedelta, timezone

from dbt_component.cloud.adhoc_jobs import AdhocJobs
from dbt_component.cloud.cause import unique_cause
from dbt_component.cloud.client.client import DbtCloudClient
from dbt_component.cloud.client.run import CloudRun
from dbt_component.cloud.client.run_status import RunStatus
from dbt_component.cloud.execution.run_failure import failure_text
from dbt_component.cloud.place import Place
from dbt_component.errors import DbtCloudError

MANIFEST = "manifest.json"
_MAX_TRIED = 20
_POLL_SECONDS = 2.0
_CANCEL_SECONDS = 20.0
_PARSE_TIMEOUT = timedelta(minutes=30)

_logger = logging.getLogger("dbt_component")


def find_manifest_run(
    client: DbtCloudClient, place: Place, *, max_age: timedelta
) -> CloudRun | None:
    """The newest run of the environment that ended within ``max_age`` and has a manifest.json; ``None`` without one.

    Runs that failed count too: dbt writes the file once it has read the project. Of runs that keep no such file, twenty
    are tried.

    Raises:
        DbtCloudError: The platform can't be asked.
    """
    for run in _ended(client, place, max_age=max_age):
        if MANIFEST in client.artifact_paths(run.id):
            return run
    return None


def parse_on_platform(
    client: DbtCloudClient, adhoc: AdhocJobs, *, poll_seconds: float = _POLL_SECONDS
) -> CloudRun:
    """Runs `dbt parse` in an ad hoc job, and returns the run when it has ended well.

    Raises:
        DbtCloudError: The run failed or was cancelled, or took half an hour, after which it is cancelled.
    """
    run = client.trigger(adhoc.pick(), steps=["dbt parse"], cause=unique_cause("reads the project"))
    deadline = time.monotonic() + _PARSE_TIMEOUT.total_seconds()
    try:
        while not run.is_finished:
            if time.monotonic() > deadline:
                raise DbtCloudError(
                    f"`dbt parse` has not ended after {_PARSE_TIMEOUT}; the run was cancelled.",
                    where=run.url,
                    hint="Look at the run on the platform; it may wait for others in the account's queue.",
                )
            time.sleep(poll_seconds)
            run = client.run(run.id)
    except BaseException:
        _cancel(client, run)
        raise
    if run.status is not RunStatus.SUCCESS:
        said = failure_text(client.run(run.id, with_steps=True))
        raise DbtCloudError(
            f"`dbt parse` on the dbt platform ended as {str(run.status)!r}: {said}",
            where=run.url,
            hint="Mend the project, and refresh again. A state that exists stays in use.",
        )
    return run


def _cancel(client: DbtCloudClient, run: CloudRun) -> None:
    """Cancels a run that is not waited for any longer. A failure is logged, as it must not hide why."""
    try:
        client.until(time.monotonic() + _CANCEL_SECONDS).cancel(run.id)
    except DbtCloudError as error:
        _logger.error(
            "`dbt parse` on the dbt platform could not be cancelled, so it may go on: %s (%s)",
            run.url,
            error.message,
        )


def read_manifest_of(client: DbtCloudClient, run: CloudRun) -> bytes:
    """The manifest.json of a run's last step.

    Raises:
        DbtCloudError: It has none.
    """
    content = client.artifact(run.id, MANIFEST)
    if content is None:
        raise DbtCloudError(
            f"Run {run.id} on the dbt platform has no {MANIFEST}.",
            where=run.url,
            hint="Refresh again; the platform removes artifacts of deleted runs.",
        )
    return content


def _ended(client: DbtCloudClient, place: Place, *, max_age: timedelta) -> Iterator[CloudRun]:
    if max_age <= timedelta(0):
        return
    runs = client.runs(
        project_id=place.project_id,
        environment_id=place.environment_id,
        statuses=(RunStatus.SUCCESS, RunStatus.ERROR),
        finished_after=datetime.now(timezone.utc) - max_age,
        order_by="-finished_at",
        limit=_MAX_TRIED,
    )
    yield from runs
