"""Database values as Arrow columns: exact, and of the same types whichever driver fetched them."""

import json
from collections.abc import Sequence
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from dbt_component.api.io.frame_kind import import_library

if TYPE_CHECKING:
    import pyarrow as pa

MAX_DIGITS = 38
"""Digits of Arrow's decimal128, the widest decimal that pandas and polars both know."""


def pyarrow() -> Any:
    """The library. Raises RelationLoadError if it is not installed."""
    return import_library("pyarrow", extra="arrow")


def with_instants_in_utc(table: "pa.Table") -> "pa.Table":
    """The table, with every timestamp that has a zone shown in UTC. Nothing is copied."""
    pa = pyarrow()
    fields = [
        field.with_type(pa.timestamp(field.type.unit, "UTC"))
        if pa.types.is_timestamp(field.type) and field.type.tz not in (None, "UTC")
        else field
        for field in table.schema
    ]
    return table.cast(pa.schema(fields))


def decimals_from_text(
    column: "pa.ChunkedArray", precision: int | None, scale: int | None
) -> "pa.ChunkedArray":
    """Numbers written as text, as decimals with the declared digits.

    Without declared digits there are 38, with as many after the point as the longest value needs. A column with
    more than 38 digits, or with ``NaN`` or ``Infinity``, stays text: no other type holds it exactly.
    """
    pa = pyarrow()
    compute = import_library("pyarrow.compute", extra="arrow")
    has_words = compute.any(compute.match_substring_regex(column, "[a-zA-Z]")).as_py()
    if precision is None or scale is None:
        after = compute.utf8_length(compute.replace_substring_regex(column, r"^[^.]*\.?", ""))
        before = compute.utf8_length(compute.replace_substring_regex(column, r"^-|\..*$", ""))
        scale = compute.max(after).as_py() or 0
        digits = (compute.max(before).as_py() or 0) + scale
        precision = MAX_DIGITS if digits <= MAX_DIGITS else digits
    if scale < 0:
        precision, scale = precision - scale, 0
    if has_words or precision > MAX_DIGITS or scale > precision:
        return column
    return column.cast(pa.decimal128(precision, scale))


def inferred_column(values: Sequence[Any]) -> "pa.Array":
    """Python values as an Arrow column of the type that fits; text if none does. Nested mappings are JSON."""
    pa = pyarrow()
    if any(isinstance(value, dict) for value in values):
        return _as_text(pa, values)
    try:
        found = pa.array(values)
    except (pa.ArrowException, OverflowError, TypeError, ValueError):
        return _with_wide_integers(pa, values)
    return _as_text(pa, values) if isinstance(found.type, pa.BaseExtensionType) else found


def _with_wide_integers(pa: Any, values: Sequence[Any]) -> Any:
    if all(value is None or type(value) in (int, Decimal) for value in values):
        try:
            found = pa.array([None if value is None else Decimal(value) for value in values])
        except (pa.ArrowException, OverflowError):
            return _as_text(pa, values)
        if found.type.bit_width <= 128:
            return found
    return _as_text(pa, values)


def _as_text(pa: Any, values: Sequence[Any]) -> Any:
    return pa.array([_text(value) for value in values], pa.string())


def _text(value: Any) -> str | None:
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, (dict, list)):
        return json.dumps(value, default=str, ensure_ascii=False)
    return str(value)
