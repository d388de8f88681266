"""Filters, order and pages of lists, as the query of a request asks for them."""

import json
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, Generic, TypeVar

from tests.dbt_platform.account import ACCOUNT_ID
from tests.dbt_platform.answer import Answer, invalid
from tests.dbt_platform.timestamps import read_time

MAX_LIMIT = 100
Item = TypeVar("Item")


class Query:
    """The query of a request; each parameter is a list of the values that were given."""

    def __init__(self, parameters: Mapping[str, list[str]]) -> None:
        self._parameters = parameters

    def number(self, name: str) -> int | None:
        text = self.text(name)
        if text is None:
            return None
        try:
            return int(text)
        except ValueError:
            raise invalid(**{name: f"A valid integer is required, not {text!r}."}) from None

    def text(self, name: str) -> str | None:
        values = self._parameters.get(name)
        return values[-1] if values else None

    def words(self, name: str) -> list[str]:
        """A list: JSON, ``a,b`` or the parameter repeated; brackets and quotes of any kind go."""
        found = []
        for value in self._parameters.get(name, []):
            found += [word.strip(" []\"'") for word in value.split(",")]
        return [word for word in found if word]

    def numbers(self, name: str) -> list[int] | None:
        if name not in self._parameters:
            return None
        try:
            return [int(word) for word in self.words(name)]
        except ValueError:
            raise invalid(**{name: f"Not a list of integers: {self.text(name)!r}."}) from None

    def times(self, name: str) -> tuple[datetime, datetime] | None:
        """A JSON list of two times, both of which belong to the range."""
        text = self.text(name)
        if text is None:
            return None
        try:
            first, last = json.loads(text)
            return read_time(first), read_time(last)
        except (ValueError, TypeError, AttributeError):
            raise invalid(**{name: f"Not a JSON list of two times: {text!r}."}) from None

    def with_value(self, name: str, value: object) -> "Query":
        return Query({**self._parameters, name: [str(value)]})

    @property
    def shown(self) -> dict[str, str]:
        return {name: values[-1] for name, values in self._parameters.items()}


class Page(Generic[Item]):
    """Orders items and cuts out what ``limit`` and ``offset`` ask for.

    Like the service's database, an ascending order has the items without a value last, a descending order
    has them first.
    """

    def __init__(
        self, items: Sequence[Item], query: Query, orders: Mapping[str, Callable[[Item], Any]]
    ) -> None:
        self._query = query
        self.order_by = query.text("order_by") or "id"
        descending = self.order_by.startswith("-")
        name = self.order_by.lstrip("-")
        if name not in orders:
            raise invalid(order_by=f"Cannot order by {name!r}; one of {', '.join(orders)}.")
        key = orders[name]

        def rank(item: Item) -> tuple[bool, Any]:
            value = key(item)
            return value is None, 0 if value is None else value

        self.limit = self._bound("limit", MAX_LIMIT)
        self.limit = min(self.limit, MAX_LIMIT)
        self.offset = self._bound("offset", 0)
        self.total_count = len(items)
        ordered = sorted(items, key=rank, reverse=descending)
        self.items = ordered[self.offset : self.offset + self.limit]

    def _bound(self, name: str, default: int) -> int:
        number = self._query.number(name)
        if number is not None and number < 0:
            raise invalid(**{name: f"Not negative, please: {number}."})
        return default if number is None else number

    def answer(self, show: Callable[[Item], Any]) -> Answer:
        rows = [show(item) for item in self.items]
        filters: dict[str, Any] = dict(self._query.shown)
        filters.pop("order_by", None)
        filters |= {"limit": self.limit, "offset": self.offset, "account_id": ACCOUNT_ID}
        return Answer.of(
            rows,
            extra={
                "filters": filters,
                "order_by": self.order_by,
                "pagination": {"count": len(rows), "total_count": self.total_count},
            },
        )
