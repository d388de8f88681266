"""Lists and counts of names in a message."""

from collections.abc import Iterable


def listed(values: Iterable[str], limit: int = 5) -> str:
    """The first ``limit`` values in alphabetical order, and the number of others."""
    ordered = sorted(values)
    rest = len(ordered) - limit
    return ", ".join(ordered[:limit]) + (f" and {rest} more" if rest > 0 else "")


def counted(number: int, noun: str) -> str:
    """``1 node``, ``2 nodes``; for nouns whose plural ends in ``s``."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
