"""Shortens a long list of names for a message."""

from collections.abc import Iterable


def listed(values: Iterable[str], limit: int = 5) -> str:
    """The first ``limit`` values in alphabetical order, and the number of others."""
    ordered = sorted(values)
    rest = len(ordered) - limit
    return ", ".join(ordered[:limit]) + (f" and {rest} more" if rest > 0 else "")
