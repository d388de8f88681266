"""`dbt-component state`: the versions of states in a versioned storage."""

from collections.abc import Iterator
from contextlib import contextmanager
from itertools import islice
from typing import TYPE_CHECKING

import click

from dbt_component.cli.shown_errors import shown_errors
from dbt_component.errors import DagsterDbtError

if TYPE_CHECKING:
    from dbt_component._dagster import DefsStateStorage
    from dbt_component.component.state_history import StateVersion


@click.group()
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

    with shown_errors(), instance_storage() as storage:
        if storage is None:
            raise click.ClickException(
                "No versioned state storage is configured. Set DAGSTER_HOME, and set"
                " `defs_state_storage` in its dagster.yaml."
            )
        yield storage


def _described(version: "StateVersion") -> str:
    provenance = version.provenance
    origin = provenance.origin
    commit = f" at {origin.commit}" if origin is not None else ""
    stored = f"{version.stored_at:%Y-%m-%d %H:%M:%S} UTC  " if version.stored_at else ""
    return f"{version.version}  {stored}{provenance.source}{commit}  dbt {provenance.dbt_version}"
