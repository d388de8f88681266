"""Runs and times as people read them."""

from datetime import datetime, timezone

from dbt_component.execution.unchanged.known_facts import Build


def short(identifier: str | None) -> str:
    """The first eight characters of a run id or a hash."""
    return (identifier or "")[:8]


def time_text(seconds: float) -> str:
    """A time in seconds since the epoch, in UTC."""
    return f"{datetime.fromtimestamp(seconds, timezone.utc):%Y-%m-%d %H:%M:%S} UTC"


def since_text(build: Build) -> str:
    """The run that built something, and when."""
    return f"run {short(build.run_id)} ({time_text(build.built_at)})"
