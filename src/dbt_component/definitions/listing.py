"""A long list of names in one line of a message."""

from collections.abc import Iterable


def listed(values: Iterable[str], limit: int = 5) -> str:
    """The first few in alphabetical order, and how many more there are."""
    ordered = sorted(values)
    rest = len(ordered) - limit
    return ", ".join(ordered[:limit]) + (f" and {rest} more" if rest > 0 else "")
