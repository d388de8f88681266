"""`dbt-component cloud`: what this package keeps on the dbt platform."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from dbt_component.cli.project_option import project_option
from dbt_component.cli.shown_errors import shown_errors

if TYPE_CHECKING:
    from dbt_component.cloud.workspace import DbtCloudWorkspace

_VARIABLES = (
    "DBT_CLOUD_ACCOUNT_ID",
    "DBT_CLOUD_TOKEN",
    "DBT_CLOUD_PROJECT_ID",
    "DBT_CLOUD_ENVIRONMENT_ID",
)


@click.group()
def cloud() -> None:
    """Manages what this package keeps on the dbt platform (dbt Cloud)."""


@cloud.command("jobs")
@project_option
@click.option("--delete", is_flag=True, help="Delete those that no run is using.")
def jobs(folder: Path, *, delete: bool) -> None:
    """Lists the jobs in which Dagster's commands run, of each environment that a component names.

    Without a component, the environment is that of DBT_CLOUD_ACCOUNT_ID, DBT_CLOUD_TOKEN, DBT_CLOUD_PROJECT_ID,
    DBT_CLOUD_ENVIRONMENT_ID and, if it is set, DBT_CLOUD_ACCESS_URL. A job that is needed again is made again.
    """
    with shown_errors():
        for workspace in _workspaces(folder):
            click.echo(f"{workspace.place}")
            unfinished = workspace.adhoc_jobs.unfinished_runs()
            found = workspace.adhoc_jobs.leftovers()
            if not found:
                click.echo("  no ad hoc jobs")
            for job in found:
                runs = unfinished[job.id]
                if runs:
                    state = f"in use by {runs} run{'s' if runs > 1 else ''}"
                elif delete:
                    was_there = workspace.client.delete_job(job.id)
                    state = "deleted" if was_there else "already gone"
                else:
                    state = "idle"
                click.echo(f"  {job.id}  {job.name}  {state}")


def _workspaces(folder: Path) -> Iterator["DbtCloudWorkspace"]:
    from dbt_component.cloud.component.component import DbtCloudComponent
    from dbt_component.cloud.credentials import DbtCloudCredentials, as_id
    from dbt_component.cloud.workspace import DbtCloudWorkspace
    from dbt_component.component.projects import components_of_type

    if _is_dg_project(folder):
        known = set()
        for component in components_of_type(folder, DbtCloudComponent):
            workspace = component.platform
            if workspace.place not in known:
                known.add(workspace.place)
                yield workspace
        if known:
            return
    missing = [name for name in _VARIABLES if not os.environ.get(name)]
    if missing:
        raise click.ClickException(
            "There is no DbtCloudComponent in this folder's dg project, and these variables are not set:"
            f" {', '.join(missing)}."
        )
    account_id, token, project_id, environment_id = (os.environ[name] for name in _VARIABLES)
    access_url = os.environ.get("DBT_CLOUD_ACCESS_URL")
    given = {"access_url": access_url} if access_url else {}
    try:
        yield DbtCloudWorkspace(
            credentials=DbtCloudCredentials(
                account_id=as_id(account_id, "account_id"), token=token, **given
            ),
            project_id=as_id(project_id, "project_id"),
            environment_id=as_id(environment_id, "environment_id"),
        )
    except ValueError as error:
        raise click.ClickException(f"A variable is not valid: {_first(error)}") from None


def _first(error: ValueError) -> str:
    from pydantic import ValidationError

    if isinstance(error, ValidationError):
        return str(error.errors(include_input=False)[0]["msg"])
    return str(error)


def _is_dg_project(folder: Path) -> bool:
    resolved = folder.resolve()
    return any((place / "pyproject.toml").is_file() for place in (resolved, *resolved.parents))
