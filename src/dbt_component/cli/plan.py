"""`dbt-component plan`: what a run would build, skip and test, and how long it would take."""

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from dbt_component.cli.project_option import project_option
from dbt_component.cli.shown_errors import shown_errors

if TYPE_CHECKING:
    from dbt_component.component.plan import ComponentPlan

WIDEST_NAME = 60
"""Longer names are complete, but what follows is not aligned."""
Row = tuple[str, str, str, str]
"""Action, name, expected duration and reason."""


@click.command()
@project_option
@click.option("--select", default=None, help="Nodes to run, in dbt's syntax. Default: all.")
@click.option("--exclude", default="", help="Nodes to exclude from that selection.")
@click.option("--force", is_flag=True, help="Plan a run with `skip_unchanged: false`.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def plan(folder: Path, select: str | None, exclude: str, *, force: bool, as_json: bool) -> None:
    """Lists what a run of each dbt component would build, skip and test, and why.

    Components on the dbt platform are left out. Reads the states and the instance in DAGSTER_HOME. Starts no dbt process unless the state does not hold the
    selection given with --select. Durations are those of earlier runs on this machine.
    """
    from dbt_component.component.component import DbtProjectComponent
    from dbt_component.component.plan import plan_component
    from dbt_component.component.projects import all_components_of
    from dbt_component.component.state_history import current_instance

    with shown_errors(), current_instance() as instance:
        components = list(all_components_of(folder))
        plans = [
            plan_component(component, instance, select=select, exclude=exclude, force=force)
            for component in components
            if isinstance(component, DbtProjectComponent)
        ]
    for component in components:
        if not isinstance(component, DbtProjectComponent):
            key = component.defs_state_config.key
            click.echo(
                f"{key} is left out: what a run on the dbt platform does is decided there.",
                err=True,
            )
    if as_json:
        click.echo(json.dumps([_json(planned) for planned in plans], indent=2))
    else:
        for planned in plans:
            for line in _lines(planned):
                click.echo(line)
    if any(planned.problem is not None for planned in plans):
        raise SystemExit(1)


def _lines(planned: "ComponentPlan") -> Iterator[str]:
    from dbt_component.component.plan import SHOWN_CHAIN
    from dbt_component.execution.timeline.duration_text import duration_text

    yield planned.state_key
    if planned.problem is not None:
        yield f"  state: unusable. {planned.problem}"
        return
    yield f"  {planned.decision.counts()}"
    if planned.forced is not None:
        yield f"  everything runs: {planned.forced}"
    if planned.seconds:
        yield f"  usual duration of what runs: {duration_text(planned.work_seconds)}"
    if planned.chain:
        names = [unique_id.split(".", 2)[-1] for unique_id in planned.chain[:SHOWN_CHAIN]]
        rest = len(planned.chain) - len(names)
        text = " -> ".join(names) + (f" -> … and {rest} more" if rest > 0 else "")
        yield f"  longest chain: {duration_text(planned.chain_seconds)}: {text}"
    yield from _aligned(list(_rows(planned)))


def _rows(planned: "ComponentPlan") -> Iterator[Row]:
    from dbt_component.execution.timeline.duration_text import duration_text

    def expected(unique_id: str) -> str:
        seconds = planned.seconds.get(unique_id)
        return "" if seconds is None else duration_text(seconds)

    for node in sorted(planned.decision.node_decisions, key=lambda d: not d.runs):
        name = node.node.unique_id
        yield node.action, name, expected(name), node.reason
    for test in sorted(planned.decision.tests, key=lambda d: not d.runs):
        name = test.test.unique_id
        yield ("test" if test.runs else "skip test"), name, expected(name), test.reason


def _aligned(rows: Sequence[Row]) -> Iterator[str]:
    if not rows:
        return
    action, name, duration = (max(len(row[column]) for row in rows) for column in range(3))
    name = min(name, WIDEST_NAME)
    for row in rows:
        yield f"  {row[0]:<{action}}  {row[1]:<{name}}  {row[2]:>{duration}}  {row[3]}"


def _json(planned: "ComponentPlan") -> dict[str, Any]:
    decision = planned.decision
    return {
        "component": planned.state_key,
        "problem": planned.problem,
        "forced": planned.forced,
        "nodes": [
            {
                "unique_id": node.node.unique_id,
                "asset_key": node.node.key,
                "action": node.action,
                "reason": node.reason,
                "expected_seconds": planned.seconds.get(node.node.unique_id),
            }
            for node in decision.node_decisions
        ],
        "tests": [
            {
                "unique_id": test.test.unique_id,
                "check": test.test.check,
                "action": "test" if test.runs else "skip",
                "reason": test.reason,
                "expected_seconds": planned.seconds.get(test.test.unique_id),
            }
            for test in decision.tests
        ],
        "work_seconds": round(planned.work_seconds, 3),
        "longest_chain": list(planned.chain),
        "longest_chain_seconds": round(planned.chain_seconds, 3),
    }
