"""`dbt-component doctor`: whether states are fresh, and how a run would start."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from dbt_component.cli.project_option import project_option
from dbt_component.cli.shown_errors import shown_errors

if TYPE_CHECKING:
    from dbt_component.component.doctor import Report

MAX_LISTED = 20


@click.command()
@project_option
@click.option("--select", default=None, help="Also list the nodes of this dbt selection.")
@click.option("--exclude", default="", help="Nodes to exclude from that selection.")
def doctor(folder: Path, select: str | None, exclude: str) -> None:
    """Reports whether each dbt component's state is fresh, how a run would start, and which sources are assets of
    other dbt components.

    Starts no dbt process unless the state does not hold the selection given with --select. Exits with
    code 1 if the state of a component is stale or unusable.
    """
    from dbt_component.cloud.component.component import DbtCloudComponent
    from dbt_component.cloud.component.doctor import examine_on_platform
    from dbt_component.component.component import DbtProjectComponent
    from dbt_component.component.doctor import examine
    from dbt_component.component.projects import all_components_of
    from dbt_component.component.source_matches import describe_matches
    from dbt_component.component.state_history import instance_storage

    with shown_errors(), instance_storage():
        reports = []
        for component in all_components_of(folder):
            if isinstance(component, DbtProjectComponent):
                reports.append(examine(component, select=select, exclude=exclude))
            elif isinstance(component, DbtCloudComponent):
                reports.append(examine_on_platform(component, select=select, exclude=exclude))
        matches = describe_matches([r.tables for r in reports if r.tables is not None])
    for report in reports:
        for line in (*_lines(report), *_listed(matches.get(report.state_key, []), "  ")):
            click.echo(line)
    if not all(report.is_fresh for report in reports):
        raise SystemExit(1)


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
    if report.jobs is not None:
        yield f"  jobs there: {len(report.jobs)}"
        yield from _listed(report.jobs, "    ")
    for note in report.notes:
        yield f"  note: {note}"
    if report.selected is not None:
        yield f"  selected: {len(report.selected)}"
        yield from _listed(report.selected, "    ")


def _listed(values: list[str], indent: str) -> Iterator[str]:
    for value in values[:MAX_LISTED]:
        yield f"{indent}{value}"
    if len(values) > MAX_LISTED:
        yield f"{indent}… and {len(values) - MAX_LISTED} more"
