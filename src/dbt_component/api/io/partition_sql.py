"""Conditions on partitions as SQL, with bound values or with literals."""

import enum
from collections.abc import Callable, Iterable

from dbt_component.api.io.relation_query import PartitionCondition, Partitions
from dbt_component.api.io.sql_text import BoundText, SqlText
from dbt_component.errors import RelationLoadError


class ExpressionKind(enum.Enum):
    """What the database compares a partition expression with."""

    INSTANT = "timestamp with time zone"
    LOCAL_TIME = "date or timestamp without time zone"
    TEXT = "text"
    OTHER = "other"


def bound_condition(partitions: Partitions, kind_of: Callable[[str], ExpressionKind]) -> SqlText:
    """A condition whose keys and times are bound values.

    Time windows are compared with times if the expression is a time: instants with instants, and times
    without a zone with the wall clock of the partitions. Everything else is compared with the keys as text.

    Args:
        partitions: The partitions.
        kind_of: The kind of an expression, asked of the database.
    """
    return _any_of(
        [_all_of([_bound(c, kind_of(c.expression)) for c in all_]) for all_ in partitions]
    )


def literal_condition(partitions: Partitions) -> str:
    """A condition with literals, for a database whose types and parameters are unknown.

    Times are written without a zone, ``'2024-01-31 00:00:00'``.

    Raises:
        RelationLoadError: A key contains a character that databases escape in different ways.
    """
    text = _any_of([_all_of([_literal(c) for c in all_]) for all_ in partitions])
    return "".join(part for part in text if isinstance(part, str))


def _bound(condition: PartitionCondition, kind: ExpressionKind) -> SqlText:
    if condition.windows is None or kind not in (ExpressionKind.INSTANT, ExpressionKind.LOCAL_TIME):
        return _in_keys(condition, kind)
    expression = f"({condition.expression})"
    is_instant = kind is ExpressionKind.INSTANT
    type_ = "timestamp with time zone" if is_instant else "timestamp"
    ranges: list[SqlText] = []
    for window in condition.windows:
        start, end = (
            BoundText((time if is_instant else time.replace(tzinfo=None)).isoformat(sep=" "))
            for time in window
        )
        ranges.append(
            (
                f"{expression} >= cast(",
                start,
                f" as {type_}) and {expression} < cast(",
                end,
                f" as {type_})",
            )
        )
    return _any_of(ranges)


def _in_keys(condition: PartitionCondition, kind: ExpressionKind) -> SqlText:
    expression = f"({condition.expression})"
    if kind is not ExpressionKind.TEXT:
        expression = f"cast({expression} as varchar)"
    return _any_of([(f"{expression} in (", *_separated(map(BoundText, condition.keys)), ")")])


def _literal(condition: PartitionCondition) -> SqlText:
    expression = f"({condition.expression})"
    if condition.windows is None:
        return (f"{expression} in ({', '.join(map(_literal_text, condition.keys))})",)
    ranges: list[SqlText] = []
    for window in condition.windows:
        start, end = (f"'{time.replace(tzinfo=None).isoformat(sep=' ')}'" for time in window)
        ranges.append((f"{expression} >= {start} and {expression} < {end}",))
    return _any_of(ranges)


def _literal_text(key: str) -> str:
    if not key.isprintable() or "'" in key or "\\" in key:
        raise RelationLoadError(
            f"The partition key {key!r} can't be written in SQL that is right for every database.",
            hint="Load it through PostgreSQL's or DuckDB's own driver, or choose keys without quotes and"
            " backslashes.",
        )
    return f"'{key}'"


def _all_of(conditions: Iterable[SqlText]) -> SqlText:
    return _joined(conditions, " and ", "true")


def _any_of(conditions: Iterable[SqlText]) -> SqlText:
    return _joined(conditions, " or ", "1 = 0")


def _joined(conditions: Iterable[SqlText], word: str, nothing: str) -> SqlText:
    parts: list[str | BoundText] = []
    for condition in conditions:
        parts += [word if parts else "", "(", *condition, ")"]
    return tuple(parts) or (nothing,)


def _separated(values: Iterable[BoundText]) -> list[str | BoundText]:
    parts: list[str | BoundText] = []
    for value in values:
        parts += [", ", value] if parts else [value]
    return parts
