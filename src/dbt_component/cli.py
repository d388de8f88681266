"""`dbt-component`: `doctor` says how state and runs stand, `state` goes back to an earlier version."""

from collections.abc import Iterator
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

import click

from dbt_component.errors import DagsterDbtError

if TYPE_CHECKING:
    from dbt_component._dagster import DefsStateStorage
    from dbt_component.component.doctor import Report
    from dbt_component.component.state_history import StateVersion

MAX_LISTED = 20


@click.group()
@click.version_option(package_name="dbt-component")
def main() -> None:
    """Looks after dbt projects that run under Dagster."""


@main.command()
@click.option(
    "--project",
    "folder",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    default=Path(),
    help="A folder of the dg project. Default: the current one.",
)
@click.option("--select", default=None, help="A dbt selection whose nodes to list.")
@click.option("--exclude", default="", help="What that selection excludes.")
def doctor(folder: Path, select: str | None, exclude: str) -> None:
    """Says of each dbt component whether its state is fresh and how a run would go.

    Starts no dbt process, unless --select is a selection that the state does not hold. Ends with exit
    code 1 if a component has no usable state or a stale one.
    """
    from dbt_component.component.doctor import components_of, examine
    from dbt_component.component.state_history import instance_storage

    is_fine = True
    try:
        with instance_storage():
            for component in components_of(folder):
                report = examine(component, select=select, exclude=exclude)
                is_fine = is_fine and report.is_fresh
                for line in _lines(report):
                    click.echo(line)
    except DagsterDbtError as error:
        raise click.ClickException(str(error)) from error
    if not is_fine:
        raise SystemExit(1)


@main.group()
def state() -> None:
    """Versions of states, in the versioned state storage of the instance of DAGSTER_HOME."""


@state.command("list")
def list_states() -> None:
    """Lists the states and the version of each that is in use."""
    from dbt_component.component.state_history import read_version, state_keys

    with _storage() as storage:
        for key in state_keys(storage):
            latest = storage.get_latest_version(key)
            if latest is not None:
                click.echo(key)
                try:
                    click.echo(f"  {_described(read_version(storage, key, latest))}")
                except DagsterDbtError as error:
                    click.echo(f"  {latest}  {error.message}")


@state.command("history")
@click.argument("key")
@click.option("--limit", default=10, show_default=True, help="How many versions to show.")
def show_history(key: str, limit: int) -> None:
    """Lists the versions of the state KEY, the one in use first."""
    from dbt_component.component.state_history import history

    with _storage() as storage:
        for version in islice(history(storage, key), limit):
            click.echo(_described(version))


@state.command("rollback")
@click.argument("key")
@click.option("--to", default=None, help="The version. Default: the one before that in use.")
def roll_back_state(key: str, to: str | None) -> None:
    """Puts an earlier version of the state KEY into use.

    Code locations take it up when they are reloaded; runs under way keep theirs.
    """
    from dbt_component.component.state_history import roll_back

    with _storage() as storage:
        click.echo(f"In use now: {_described(roll_back(storage, key, to=to))}")


@contextmanager
def _storage() -> "Iterator[DefsStateStorage]":
    from dbt_component.component.state_history import instance_storage

    try:
        with instance_storage() as storage:
            if storage is None:
                raise click.ClickException(
                    "There is no versioned state storage. Set DAGSTER_HOME, and in its dagster.yaml"
                    " `defs_state_storage`."
                )
            yield storage
    except DagsterDbtError as error:
        raise click.ClickException(str(error)) from error


def _described(version: "StateVersion") -> str:
    provenance = version.provenance
    origin = provenance.origin
    commit = f" at {origin.commit}" if origin is not None else ""
    return (
        f"{version.version}  {provenance.created_at[:19]} UTC  {provenance.source}{commit}"
        f"  dbt {provenance.dbt_version}"
    )


def _lines(report: "Report") -> Iterator[str]:
    yield report.state_key
    if report.problem is not None:
        yield f"  state: unusable. {report.problem}"
        return
    yield f"  state: {report.provenance}"
    yield f"  fresh: {'yes' if report.is_fresh else 'no'}"
    yield from _listed(report.changes, "    ")
    yield f"  a run would be: {report.run_mode}"
    yield f"  nodes: {report.counts}"
    if report.selected is not None:
        yield f"  selected: {len(report.selected)}"
        yield from _listed(report.selected, "    ")


def _listed(values: list[str], indent: str) -> Iterator[str]:
    for value in values[:MAX_LISTED]:
        yield f"{indent}{value}"
    if len(values) > MAX_LISTED:
        yield f"{indent}… and {len(values) - MAX_LISTED} more"
