"""Cuts texts that are too long for Dagster's event log, and says which file holds the whole text."""

from collections.abc import Sequence
from pathlib import Path

MAX_CHARACTERS = 4_000
"""The most characters of one text (SQL, a message of the database) in one event."""
MAX_NAMES = 1_000
"""The most names of nodes in one event's metadata."""


def cut(text: str, *, whole: Path | str | None, limit: int = MAX_CHARACTERS) -> str:
    """The text, or its beginning and a line that names its length and the file with the whole.

    Args:
        text: A text of any length.
        whole: The file that holds the whole text; ``None`` if there is none.
        limit: The most characters of the text.
    """
    if len(text) <= limit:
        return text
    place = "" if whole is None else f" The whole text is in {whole}"
    return f"{text[:limit]}\n… cut after {limit:,} of {len(text):,} characters.{place}"


def first_names(names: Sequence[str]) -> list[str]:
    """The names for an event's metadata; only the first ``MAX_NAMES`` of many."""
    return list(names[:MAX_NAMES])
