"""The fields of one object in an answer of the dbt platform."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timezone
from typing import Any

import msgspec

from dbt_component.errors import DbtCloudAnswerError


class Fields:
    """Reads typed values from a decoded object; unknown keys are ignored, and null counts as missing.

    A reader takes the first of its keys that is present, so that a field which the platform renamed is found
    under both names.

    Args:
        data: The decoded object.
        place: The object, for messages.

    Raises:
        DbtCloudAnswerError: The data is not an object. Each reader raises it for a value of another type, and
            for a missing one without a default.
    """

    def __init__(self, data: object, *, place: str) -> None:
        if not isinstance(data, Mapping):
            raise DbtCloudAnswerError(
                f"The answer of the dbt platform is {_shown(data)} instead of an object.",
                where=place,
            )
        self._data: Mapping[str, Any] = data
        self._place = place

    def integer(self, *keys: str, default: int | None = None) -> int:
        """An integer, also from text."""
        value = self._value(keys)
        if value is None and default is not None:
            return default
        if isinstance(value, int) and not isinstance(value, bool):
            return value
        if isinstance(value, str) and value.strip().isdecimal():
            return int(value)
        raise self._wrong(keys, value, "an integer")

    def text(self, *keys: str, default: str | None = "") -> str:
        """Text; of a missing value the default. ``None`` as default makes it required."""
        value = self._value(keys)
        if value is None and default is not None:
            return default
        if isinstance(value, str):
            return value
        raise self._wrong(keys, value, "text")

    def texts(self, *keys: str) -> tuple[str, ...]:
        """A list of text; empty if missing."""
        value = self._value(keys)
        if value is None:
            return ()
        if isinstance(value, list) and all(isinstance(item, str) for item in value):
            return tuple(value)
        raise self._wrong(keys, value, "a list of text")

    def is_set(self, *keys: str) -> bool:
        """A boolean; false if missing."""
        value = self._value(keys)
        if value is None or isinstance(value, bool):
            return bool(value)
        raise self._wrong(keys, value, "a boolean")

    def has_any(self, *keys: str) -> bool:
        """Whether one of the keys has a value, whatever its type: not null, zero or empty."""
        return any(self._data.get(key) for key in keys)

    def time(self, *keys: str) -> datetime | None:
        """A time, in UTC unless it says otherwise; ``None`` if missing."""
        value = self._value(keys)
        if value is None:
            return None
        try:
            time = msgspec.convert(value, datetime)
        except msgspec.ValidationError:
            raise self._wrong(keys, value, "a time") from None
        return time if time.tzinfo else time.replace(tzinfo=timezone.utc)

    def nested(self, key: str) -> "Fields":
        """A nested object; without fields if missing."""
        return Fields(self._value([key]) or {}, place=f"{self._place}: {key}")

    def objects(self, key: str, *, is_required: bool = False) -> Iterator["Fields"]:
        """Nested objects, in order; none if missing, unless they are required."""
        value = self._value([key])
        if not isinstance(value, list) and (value is not None or is_required):
            raise self._wrong([key], value, "a list")
        for index, item in enumerate(value or []):
            yield Fields(item, place=f"{self._place}: {key}[{index}]")

    def _value(self, keys: Sequence[str]) -> Any:
        for key in keys:
            if (value := self._data.get(key)) is not None:
                return value
        return None

    def _wrong(self, keys: Sequence[str], value: object, wanted: str) -> DbtCloudAnswerError:
        return DbtCloudAnswerError(
            f"In an answer of the dbt platform, {keys[0]!r} is {_shown(value)} instead of {wanted}.",
            where=self._place,
        )


def _shown(value: object) -> str:
    if value is None:
        return "missing"
    text = repr(value)
    return text if len(text) <= 80 else f"{text[:80]}..."
