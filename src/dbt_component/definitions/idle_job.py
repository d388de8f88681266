"""A job that has nothing to launch until its definitions load again."""

from collections.abc import Mapping

import dagster as dg


def build_idle_job(
    name: str, *, tags: Mapping[str, str] | None = None, description: str | None = None
) -> dg.JobDefinition:
    """Builds a job without steps. It keeps its name, so what refers to it stays valid.

    Args:
        name: The job's name.
        tags: Tags of the runs.
        description: Shown in Dagster's UI.
    """
    graph = dg.GraphDefinition(f"{name}_of_nothing")
    return graph.to_job(name=name, description=description, tags=dict(tags or {}))
