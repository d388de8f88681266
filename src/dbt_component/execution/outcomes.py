"""The meaning of a node's end as plain values, before any Dagster event: built, not built, or checked.

``earlier`` are the reports of the same node from attempts that were not the last.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from dbt_component.dbt_process.child.child_statuses import (
    BUILT_STATUSES,
    PASSED_STATUSES,
    SKIPPED,
    WARNED,
)
from dbt_component.dbt_process.commands import DbtCommand
from dbt_component.dbt_process.events import NodeFinished
from dbt_component.manifest.dbt_test import DbtTest
from dbt_component.manifest.index import ManifestIndex
from dbt_component.manifest.node import Node


@dataclass(frozen=True)
class Built:
    """The relation of a model, seed or snapshot is up to date."""

    node: Node
    finished: NodeFinished
    earlier: Sequence[NodeFinished] = ()


@dataclass(frozen=True)
class NotBuilt:
    """A model, seed or snapshot failed or was skipped; ``message`` is dbt's, or the reason.

    ``is_withheld`` is whether dbt was not even asked to build it.
    """

    node: Node
    finished: NodeFinished
    message: str | None
    earlier: Sequence[NodeFinished] = ()
    is_withheld: bool = False


@dataclass(frozen=True)
class Checked:
    """A test was evaluated. ``is_warning`` marks a failure of severity warn."""

    test: DbtTest
    finished: NodeFinished
    passed: bool
    is_warning: bool
    earlier: Sequence[NodeFinished] = ()


Outcome = Built | NotBuilt | Checked


def outcome_of(
    index: ManifestIndex,
    finished: NodeFinished,
    *,
    command: DbtCommand,
    skip_reason: str | None = None,
    earlier: Sequence[NodeFinished] = (),
) -> Outcome | None:
    """The outcome of a node that dbt reported.

    Args:
        index: The project that the node belongs to.
        finished: dbt's report.
        command: The command that ran it: `dbt compile` neither builds nor evaluates what it reports.
        skip_reason: Why dbt skipped the node, where it is known.
        earlier: dbt's reports from attempts before, oldest first.

    Returns:
        ``None`` for nodes that are neither assets nor tests, for tests that were not evaluated, and for
        successes of a command that builds nothing.
    """
    test = index.test_by_id.get(finished.unique_id)
    if test is not None:
        if finished.status == SKIPPED or not command.tests:
            return None
        return Checked(
            test,
            finished,
            passed=finished.status in PASSED_STATUSES,
            is_warning=finished.status == WARNED,
            earlier=earlier,
        )
    node = index.node_by_id.get(finished.unique_id)
    if node is None or not node.is_asset:
        return None
    if finished.status in BUILT_STATUSES:
        return Built(node, finished, earlier) if command.builds else None
    return NotBuilt(node, finished, skip_reason or finished.message, earlier)
