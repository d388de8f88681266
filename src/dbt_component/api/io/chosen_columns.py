"""The columns of a relation that an input asks for."""

import difflib
from collections.abc import Mapping
from typing import TypeVar

from dbt_component.api.io.relation_query import RelationQuery
from dbt_component.errors import RelationLoadError

_Column = TypeVar("_Column")


def choose_columns(existing: Mapping[str, _Column], query: RelationQuery) -> list[_Column]:
    """The columns asked for, in that order; all if none are named.

    A name may differ in case if only one column then fits.

    Args:
        existing: The columns of the relation by their exact names.
        query: What to load.

    Raises:
        RelationLoadError: Some do not exist; all of these are named.
    """
    if not query.columns:
        return list(existing.values())
    lower: dict[str, list[str]] = {}
    for name in existing:
        lower.setdefault(name.lower(), []).append(name)
    exact = {
        name: [name] if name in existing else lower.get(name.lower(), []) for name in query.columns
    }
    unknown = [name for name, found in exact.items() if len(found) != 1]
    if unknown:
        close = [
            match for name in unknown for match in difflib.get_close_matches(name, existing, n=1)
        ]
        raise RelationLoadError(
            f"The relation {query.relation} has no column {', '.join(map(repr, unknown))}.",
            where="metadata 'columns' of the input",
            hint=f"Did you mean {', '.join(map(repr, close))}?"
            if close
            else f"Its columns are {', '.join(map(repr, existing))}.",
        )
    return [existing[found[0]] for found in exact.values()]
