"""The command `dbt-component`: `doctor` checks states and runs, `state` lists versions and rolls back."""

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
    """Inspects and maintains dbt projects that run under Dagster."""


@main.command()
@click.option(
    "--project",
    "folder",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    default=Path(),
    help="A folder in the dg project. Default: the current folder.",
)
@click.option("--select", default=None, help="Also list the nodes of this dbt selection.")
@click.option("--exclude", default="", help="Nodes to exclude from that selection.")
def doctor(folder: Path, select: str | None, exclude: str) -> None:
    """Reports whether each dbt component's state is fresh and how a run would start.

    Starts no dbt process unless the state does not hold the selection given with --select. Exits with
    code 1 if the state of a component is stale or unusable.
    """
    from dbt_component.component.doctor import examine
    from dbt_component.component.projects import components_of
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
    """Manages state versions in the versioned state storage of the DAGSTER_HOME instance."""


@state.command("list")
def list_states() -> None:
    """Lists all state keys with the version in use."""
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
@click.option("--limit", default=10, show_default=True, help="Maximum number of versions to show.")
def show_history(key: str, limit: int) -> None:
    """Lists the versions of the state KEY, starting with the one in use."""
    from dbt_component.component.state_history import history

    with _storage() as storage:
        for version in islice(history(storage, key), limit):
            click.echo(_described(version))


@state.command("rollback")
@click.argument("key")
@click.option(
    "--to", default=None, help="The version to use. Default: the one before the current version."
)
def roll_back_state(key: str, to: str | None) -> None:
    """Rolls the state KEY back to an earlier version.

    Code locations use it once they are reloaded; runs in progress keep their version.
    """
    from dbt_component.component.state_history import roll_back

    with _storage() as storage:
        click.echo(f"Now in use: {_described(roll_back(storage, key, to=to))}")


@contextmanager
def _storage() -> "Iterator[DefsStateStorage]":
    from dbt_component.component.state_history import instance_storage

    try:
        with instance_storage() as storage:
            if storage is None:
                raise click.ClickException(
                    "No versioned state storage is configured. Set DAGSTER_HOME, and set"
                    " `defs_state_storage` in its dagster.yaml."
                )
            yield storage
    except DagsterDbtError as error:
        raise click.ClickException(str(error)) from error


def _described(version: "StateVersion") -> str:
    provenance = version.provenance
    origin = provenance.origin
    commit = f" at {origin.commit}" if origin is not None else ""
    stored = f"{version.stored_at:%Y-%m-%d %H:%M:%S} UTC  " if version.stored_at else ""
    return f"{version.version}  {stored}{provenance.source}{commit}  dbt {provenance.dbt_version}"


def _lines(report: "Report") -> Iterator[str]:
    yield report.state_key
    if report.problem is not None:
        yield f"  state: unusable. {report.problem}"
        return
    yield f"  state: {report.provenance}"
    if report.engine_note is not None:
        yield f"  note: {report.engine_note}"
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
