"""Bars of timelines, as tests need them."""

from dbt_component.execution.timeline.bar import TimelineBar


def bar(
    name: str,
    started: float,
    ended: float,
    *,
    thread: str | None = "Thread-1 (worker)",
    resource_type: str = "model",
    status: str = "success",
    usual_seconds: float | None = None,
) -> TimelineBar:
    """A bar whose unique id is its name."""
    return TimelineBar(
        name, name, resource_type, status, thread, started, ended, usual_seconds=usual_seconds
    )
