"""SQL with bound values, independent of how a driver writes placeholders."""

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class BoundText:
    """A text that the driver sends apart from the SQL."""

    value: str


SqlText = tuple[str | BoundText, ...]


def in_dollar_style(text: SqlText) -> tuple[str, list[str]]:
    """SQL with ``$1``, ``$2``… and the values."""
    return _written(text, lambda number: f"${number}", lambda sql: sql)


def in_format_style(text: SqlText) -> tuple[str, list[str]]:
    """SQL with ``%s`` and the values. Without values the SQL is as given, which drivers take literally."""
    has_values = any(isinstance(part, BoundText) for part in text)
    return _written(text, lambda _: "%s", lambda sql: sql.replace("%", "%%") if has_values else sql)


def _written(
    text: SqlText, placeholder: Callable[[int], str], escape: Callable[[str], str]
) -> tuple[str, list[str]]:
    sql: list[str] = []
    values: list[str] = []
    for part in text:
        if isinstance(part, BoundText):
            values.append(part.value)
            sql.append(placeholder(len(values)))
        else:
            sql.append(escape(part))
    return "".join(sql), values


def quoted_name(name: str) -> str:
    """An identifier in double quotes."""
    return '"' + name.replace('"', '""') + '"'
