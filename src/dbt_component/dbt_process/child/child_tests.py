"""Changes how dbt treats single tests: their severity, and whether a failure keeps others from running."""

from __future__ import annotations

from typing import Any, Collection, Mapping

from .child_manifest import find_node


def change_tests(severities: Mapping[str, str], passing_on: Collection[str]) -> None:
    """Makes dbt run tests with other settings than the project gives them.

    A dbt without what is replaced here ends with an error, as the settings are not to be ignored.

    Args:
        severities: ``warn`` or ``error`` by the unique id of a data test.
        passing_on: Unique ids of tests after whose failure `dbt build` goes on with what is downstream.
    """
    if severities:
        _set_severities(severities)
    if passing_on:
        _pass_on(passing_on)


def _set_severities(severities: Mapping[str, str]) -> None:
    from dbt.task.base import ConfiguredTask

    original = ConfiguredTask.__init__

    def __init__(self: Any, *args: Any, **kwargs: Any) -> None:
        original(self, *args, **kwargs)
        for unique_id, severity in severities.items():
            node = find_node(self.manifest, unique_id)
            if node is not None:
                node.config.severity = severity

    ConfiguredTask.__init__ = __init__


def _pass_on(tests: Collection[str]) -> None:
    from dbt.task.runnable import GraphRunnableTask

    original = GraphRunnableTask._mark_dependent_errors

    def _mark_dependent_errors(self: Any, node_id: str, *args: Any, **kwargs: Any) -> None:
        if node_id not in tests:
            original(self, node_id, *args, **kwargs)

    GraphRunnableTask._mark_dependent_errors = _mark_dependent_errors
