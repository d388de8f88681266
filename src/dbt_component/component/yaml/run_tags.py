"""Values of tags of runs in defs.yaml, which are text."""

from collections.abc import Mapping
from typing import Any


def as_text(tags: Any) -> Any:
    """The tags with their values as text: Dagster resolves quoted numbers, such as ``"2"``, to numbers."""
    if not isinstance(tags, Mapping):
        return tags
    return {
        key: str(value) if isinstance(value, (int, float)) else value for key, value in tags.items()
    }
