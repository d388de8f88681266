"""`dbt-component doctor`: is the state fresh, would a run be sliced, what would it run."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from dbt_component.errors import DagsterDbtError

if TYPE_CHECKING:
    from dbt_component.component.doctor import Report

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

    is_fine = True
    try:
        for component in components_of(folder):
            report = examine(component, select=select, exclude=exclude)
            is_fine = is_fine and report.is_fresh
            for line in _lines(report):
                click.echo(line)
    except DagsterDbtError as error:
        raise click.ClickException(str(error)) from error
    if not is_fine:
        raise SystemExit(1)


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
