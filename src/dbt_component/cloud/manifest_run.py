"""Finds the run on the dbt platform whose manifest.json says what the project holds, or starts one."""

import logging
from collections.abc import Iterator
from datetime import datetime, timedelta, timezone

from dbt_component.cloud.adhoc_jobs import AdhocJobs
from dbt_component.cloud.cause import unique_cause
from dbt_component.cloud.client.client import DbtCloudClient
from dbt_component.cloud.client.run import CloudRun
from dbt_component.cloud.client.run_status import RunStatus
from dbt_component.cloud.execution.followed_run import FollowedRun, Patience
from dbt_component.cloud.execution.run_failure import failure_text
from dbt_component.cloud.place import Place
from dbt_component.cloud.resumed_runs import with_resumed
from dbt_component.errors import DbtCloudError

MANIFEST = "manifest.json"
_MAX_LISTED = 1_000
_MAX_TRIED = 20
_PARSE_SECONDS = 1_800.0
PATIENCE = Patience(without_answer=60.0)
"""How long a refresh endures failures of the platform while `dbt parse` runs there."""

_logger = logging.getLogger("dbt_component")


def find_manifest_run(
    client: DbtCloudClient, place: Place, *, max_age: timedelta
) -> CloudRun | None:
    """The newest run of the environment that ended within ``max_age`` and has a manifest.json; ``None`` without one.

    Runs that failed count too: dbt writes the file once it has read the project. Those of pull requests do not, nor those
    with a schema of their own, as they are about another project. Of runs that keep no such file, twenty are tried.

    Raises:
        DbtCloudError: The platform can't be asked.
    """
    tried = 0
    for run in _ended(client, place, max_age=max_age):
        if any(one.is_trial for one in with_resumed(client, run)):
            continue
        if MANIFEST in client.artifact_paths(run.id):
            return run
        tried += 1
        if tried >= _MAX_TRIED:
            break
    return None


def parse_on_platform(client: DbtCloudClient, adhoc: AdhocJobs) -> CloudRun:
    """Runs `dbt parse` in an ad hoc job, and returns the run when it has ended well.

    Raises:
        DbtCloudError: The run failed or was cancelled, the platform has not answered for a minute, or the run took half
            an hour. A run that still goes on is cancelled.
    """
    run = client.trigger(adhoc.pick(), steps=["dbt parse"], cause=unique_cause("reads the project"))
    followed = FollowedRun(
        client,
        run,
        commands=frozenset(),
        log=_logger,
        timeout_seconds=_PARSE_SECONDS,
        patience=PATIENCE,
    )
    try:
        for _ in followed.reports():
            pass  # no node is run
    except BaseException:
        followed.cancel()
        raise
    if followed.run.status is not RunStatus.SUCCESS:
        raise DbtCloudError(
            f"`dbt parse` on the dbt platform ended as {str(followed.run.status)!r}: {_reason(followed)}",
            where=run.url,
            hint="Mend the project, and refresh again. A state that exists stays in use.",
        )
    return followed.run


def _reason(followed: FollowedRun) -> str:
    if followed.is_timed_out:
        return f"it took longer than {_PARSE_SECONDS:g} s, so it was cancelled; it may have waited for other runs"
    return failure_text(followed.run)


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
        limit=_MAX_LISTED,
    )
    yield from runs
