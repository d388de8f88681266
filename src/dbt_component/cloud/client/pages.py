"""Lists of the dbt platform, which it gives in pages."""

from collections.abc import Callable, Generator, Iterator
from typing import Generic, TypeVar

import msgspec

from dbt_component.cloud.client.fields import Fields

PAGE_SIZE = 100
"""The most rows that the platform gives at once."""
_RESCANS = 2
_EMPTY_PAGES = 3

T = TypeVar("T")


class Page(msgspec.Struct, Generic[T], frozen=True):
    """One page.

    Attributes:
        total: Rows of all pages; ``None`` if the platform does not say.
    """

    rows: tuple[tuple[int, T], ...]
    total: int | None


def read_page(fields: Fields, read: Callable[[Fields], T]) -> Page[T]:
    """Reads a page from an answer, each row with its id."""
    rows = tuple((row.integer("id"), read(row)) for row in fields.objects("data", is_required=True))
    total = fields.nested("extra").nested("pagination").integer("total_count", default=-1)
    return Page(rows, total if total >= 0 else None)


def iterate_pages(fetch: Callable[[int, int], Page[T]], *, limit: int | None = None) -> Iterator[T]:
    """The rows of all pages, each once, fetched when they are needed.

    Rows that appear or vanish while the pages are read shift the others. So each page begins at the last row
    of the previous one: if its first row is not known, rows before it have shifted into a page that was read,
    and reading goes back. If fewer rows than the platform counts were found, the pages are read again.

    Args:
        fetch: Returns the page at an offset, with at most as many rows as its second argument says.
        limit: The most rows to return; ``None`` for all.
    """
    seen: set[int] = set()
    for _ in range(1 + _RESCANS):
        total = yield from _scan(fetch, seen, limit)
        if total is None or len(seen) >= total or (limit is not None and len(seen) >= limit):
            return


def _scan(
    fetch: Callable[[int, int], Page[T]], seen: set[int], limit: int | None
) -> Generator[T, None, int | None]:
    """Yields rows that were not seen before; returns the number of rows that there are."""
    offset, step_back, empty_pages = 0, 1, 0
    while True:
        wanted = PAGE_SIZE if limit is None else min(PAGE_SIZE, limit - len(seen) + bool(offset))
        page = fetch(offset, wanted)
        has_shifted = offset > 0 and bool(page.rows) and page.rows[0][0] not in seen
        if has_shifted:
            offset, step_back = max(0, offset - step_back), 2 * step_back
            continue
        step_back = 1
        for row_id, row in page.rows:
            if row_id not in seen:
                seen.add(row_id)
                yield row
                if limit is not None and len(seen) >= limit:
                    return page.total
        end = offset + len(page.rows)
        is_last = len(page.rows) < wanted if page.total is None else end >= page.total
        if is_last:
            return page.total
        if not page.rows or (offset and len(page.rows) == 1):
            empty_pages += 1
            if empty_pages >= _EMPTY_PAGES:
                return page.total
            continue
        offset = end - 1
