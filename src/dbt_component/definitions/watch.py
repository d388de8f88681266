"""A sensor that watches a Git ref, and the job that refreshes the state.

The sensor only asks the remote for the commit, which takes a second or two. A commit that is not the
state's launches the job once (the commit is the run key); the job prepares the new state, reports what
changed, and asks the web server to reload the code location if its address is configured.
"""

import json
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass

import dagster as dg

from dbt_component.errors import DagsterDbtError
from dbt_component.manifest.compare import ManifestDifference

_RELOAD = """
mutation Reload($name: String!) {
  reloadRepositoryLocation(repositoryLocationName: $name) { __typename }
}
"""


@dataclass(frozen=True)
class Refreshed:
    """The outcome of a refresh by the job."""

    commit: str
    is_changed: bool
    difference: ManifestDifference


def build_watch(
    name: str,
    *,
    interval_seconds: int,
    default_status: dg.DefaultSensorStatus,
    loaded_commit: Callable[[], str | None],
    remote_commit: Callable[[], str],
    refresh: Callable[[dg.DagsterInstance], Refreshed],
    reload_url: str | None = None,
    location_name: str | None = None,
) -> tuple[dg.JobDefinition, dg.SensorDefinition]:
    """Builds the job and the sensor.

    Args:
        name: Prefix of their names.
        interval_seconds: Minimum time between two checks of the remote.
        default_status: Whether it runs until someone turns it on or off.
        loaded_commit: The commit of the state in use.
        remote_commit: Asks the remote for the commit of the ref.
        refresh: Refreshes the state in the instance's storage.
        reload_url: Address of the web server to ask for a reload when the state changed.
        location_name: The code location to reload there.
    """

    @dg.op(name=f"{name}_refresh_state")
    def refresh_state(context: dg.OpExecutionContext) -> None:
        outcome = refresh(context.instance)
        context.log.info(f"State at commit {outcome.commit}: {outcome.difference}.")
        context.add_output_metadata(
            {
                "commit": outcome.commit,
                "added": dg.MetadataValue.json(outcome.difference.added),
                "changed": dg.MetadataValue.json(outcome.difference.changed),
                "removed": dg.MetadataValue.json(outcome.difference.removed),
            }
        )
        if outcome.is_changed and reload_url and location_name:
            reload_location(reload_url, location_name)
            context.log.info(f"Reloaded code location {location_name!r}.")

    @dg.job(name=f"{name}_refresh_state_job", executor_def=dg.in_process_executor)
    def refresh_job() -> None:
        refresh_state()

    @dg.sensor(
        name=f"{name}_watch",
        job=refresh_job,
        minimum_interval_seconds=interval_seconds,
        default_status=default_status,
    )
    def watch(context: dg.SensorEvaluationContext) -> dg.RunRequest | dg.SkipReason:
        commit = remote_commit()
        if commit == loaded_commit():
            return dg.SkipReason(f"The state is at commit {commit}.")
        return dg.RunRequest(run_key=commit, tags={"dbt_component/commit": commit})

    return refresh_job, watch


def reload_location(url: str, location_name: str, *, timeout_seconds: float = 60) -> None:
    """Asks Dagster's web server to reload a code location.

    Raises:
        DagsterDbtError: The server did not answer, or did not reload the location.
    """
    request = urllib.request.Request(  # noqa: S310 - the address is the user's own setting
        f"{url.rstrip('/')}/graphql",
        data=json.dumps({"query": _RELOAD, "variables": {"name": location_name}}).encode(),
        headers={"Content-Type": "application/json"},
    )
    try:
        with urllib.request.urlopen(request, timeout=timeout_seconds) as response:  # noqa: S310
            answer = json.load(response)
    except (OSError, ValueError) as error:
        raise DagsterDbtError(
            f"Code location {location_name!r} could not be reloaded: {error}.",
            where=url,
            hint="The new state is stored; reload the location manually, and check watch.reload_url.",
        ) from error
    kind = ((answer.get("data") or {}).get("reloadRepositoryLocation") or {}).get("__typename")
    if kind != "WorkspaceLocationEntry":
        raise DagsterDbtError(
            f"Code location {location_name!r} could not be reloaded: {kind or answer!r}.",
            where=url,
            hint="Check watch.location_name against the names on the web server's deployment page.",
        )
