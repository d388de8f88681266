"""What dbt's process reports besides the ends of nodes."""

from dataclasses import dataclass


@dataclass(frozen=True)
class ReportWishes:
    """Requests of the reader of a command's events.

    Args:
        metadata: Kinds of metadata to fetch of each relation that was built.
        raw_events: Whether dbt's own events are wanted.
    """

    metadata: frozenset[str] = frozenset()
    raw_events: bool = False


NO_WISHES = ReportWishes()
