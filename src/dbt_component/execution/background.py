"""Runs a dbt command in a thread while nobody reads its events."""

import threading
from collections.abc import Iterable, Iterator
from typing import Generic, TypeVar

_ItemT = TypeVar("_ItemT")


class Background(Generic[_ItemT]):
    """Consumes an iterator in a thread and keeps its items.

    Args:
        items: The iterator; an error that it raises is raised where the items are read.
    """

    def __init__(self, items: Iterable[_ItemT]) -> None:
        self._source = items
        self._kept: list[_ItemT] = []
        self._error: BaseException | None = None
        self._is_over = False
        self._changed = threading.Condition()
        self._thread = threading.Thread(target=self._consume, name="run-dbt", daemon=True)
        self._thread.start()

    def items(self) -> Iterator[_ItemT]:
        """All items from the first one on, as they come."""
        number = 0
        while True:
            with self._changed:
                self._changed.wait_for(lambda n=number: self._is_over or n < len(self._kept))  # type: ignore[misc]
                if number >= len(self._kept):
                    break
            yield self._kept[number]
            number += 1
        if self._error is not None:
            raise self._error

    def wait(self, timeout: float | None = None) -> bool:
        """Waits for the end; false if it does not come in time, in seconds."""
        self._thread.join(timeout)
        return not self._thread.is_alive()

    def _consume(self) -> None:
        try:
            for item in self._source:
                with self._changed:
                    self._kept.append(item)
                    self._changed.notify_all()
        except BaseException as error:  # noqa: BLE001 - raised where the items are read
            self._error = error
        finally:
            with self._changed:
                self._is_over = True
                self._changed.notify_all()
