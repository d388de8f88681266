"""Lists that change while they are read. The pages come from a list in memory, which a test changes."""

import pytest

from dbt_component.cloud.client.pages import PAGE_SIZE, Page, iterate_pages


class Rows:
    """Rows on a service, in order. ``changes`` happen before the request of that number, from 1."""

    def __init__(self, ids: list[int], changes: dict[int, list[int]] | None = None) -> None:
        self.ids = ids
        self.requests = 0
        self._changes = changes or {}

    def fetch(self, offset: int, limit: int) -> Page[str]:
        self.requests += 1
        self.ids = self._changes.get(self.requests, self.ids)
        rows = tuple((id, f"row {id}") for id in self.ids[offset : offset + limit])
        return Page(rows, len(self.ids))

    def read(self, limit: int | None = None) -> list[int]:
        return [int(row.split()[1]) for row in iterate_pages(self.fetch, limit=limit)]


@pytest.mark.parametrize("count", [0, 1, PAGE_SIZE, PAGE_SIZE + 1, 3 * PAGE_SIZE])
def test_all_rows_come_once_and_in_order(count: int) -> None:
    assert Rows(list(range(count))).read() == list(range(count))


@pytest.mark.parametrize("limit", [1, 99, 100, 101, 150, 250])
def test_a_limit_ends_the_reading(limit: int) -> None:
    rows = Rows(list(range(230)))
    assert rows.read(limit) == list(range(min(limit, 230)))
    assert rows.requests <= -(-limit // 99)


def test_pages_are_fetched_when_they_are_needed() -> None:
    rows = Rows(list(range(230)))
    iterator = iterate_pages(rows.fetch)
    assert next(iterator) == "row 0"
    assert rows.requests == 1


def test_rows_that_vanish_before_the_next_page_hide_no_others() -> None:
    rows = Rows(list(range(300)), {2: list(range(60, 300))})
    assert rows.read() == list(range(300))


def test_rows_that_appear_in_front_come_at_the_end_and_no_row_twice() -> None:
    rows = Rows(list(range(300)), {2: [*range(1000, 1050), *range(300)]})
    read = rows.read()
    assert sorted(read) == [*range(300), *range(1000, 1050)]
    assert len(read) == len(set(read))


def test_a_row_that_one_page_lacked_is_found_when_the_pages_are_read_again() -> None:
    ids = list(range(150))
    without = [id for id in ids if id != 20]
    calls = 0

    def fetch(offset: int, limit: int) -> Page[int]:
        nonlocal calls
        calls += 1
        shown = without if calls == 1 else ids
        return Page(tuple((id, id) for id in shown[offset : offset + limit]), 150)

    assert sorted(iterate_pages(fetch)) == ids


def test_a_service_that_counts_rows_it_never_shows_does_not_keep_the_reader() -> None:
    calls = 0

    def fetch(offset: int, limit: int) -> Page[int]:
        nonlocal calls
        calls += 1
        return Page(tuple((id, id) for id in range(offset, min(offset + limit, 120))), 500)

    assert list(iterate_pages(fetch)) == list(range(120))
    assert calls < 20
