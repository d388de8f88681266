"""Asks the database about what was just built, in threads and connections of its own: dbt's threads go on meanwhile."""

from __future__ import annotations

import contextlib
import queue
import threading
from typing import Any, Callable, List, Optional

_MOST_THREADS = 4
_NAME = "dbt_component_metadata"


class Describer:
    """Runs tasks that query through dbt's adapter, each thread on one connection, which stays open between tasks.

    Threads start when they are needed, up to as many as dbt has, and four at most.
    """

    def __init__(self) -> None:
        self._tasks: "queue.SimpleQueue[Optional[Callable[[], None]]]" = queue.SimpleQueue()
        self._threads: List[threading.Thread] = []
        self._lock = threading.Lock()
        self._unfinished = 0

    def submit(self, task: Callable[[], None]) -> None:
        """Runs a task in a thread. It handles its own errors, and begins with ``connect``."""
        with self._lock:
            self._unfinished += 1
            is_short = self._unfinished > len(self._threads)
            if is_short and len(self._threads) < _most_threads():
                name = "%s_%d" % (_NAME, len(self._threads) + 1)
                thread = threading.Thread(target=self._work, name=name, daemon=True)
                self._threads.append(thread)
                thread.start()
        self._tasks.put(task)

    def drain(self) -> None:
        """Waits until all tasks are done, and closes the connections."""
        with self._lock:
            threads, self._threads = self._threads, []
        for _ in threads:
            self._tasks.put(None)
        for thread in threads:
            thread.join()

    def _work(self) -> None:
        try:
            while True:
                task = self._tasks.get()
                if task is None:
                    return
                try:
                    task()
                finally:
                    with self._lock:
                        self._unfinished -= 1
                    end_transaction()
        finally:
            _adapter().release_connection()


def connect() -> Any:
    """dbt's adapter, with the connection of this thread open."""
    adapter = _adapter()
    adapter.acquire_connection(threading.current_thread().name)
    return adapter


def end_transaction() -> None:
    """Ends the transaction of this thread's connection: it would hold locks, and not see what is built next.

    If that is not possible, as with the handles of some adapters, the connection is closed.
    """
    adapter = _adapter()
    connection = adapter.connections.get_if_exists()
    if connection is None or connection.state != "open":
        return
    try:
        connection.handle.rollback()
        connection.transaction_open = False
    except Exception:  # each driver raises its own errors, also if there is no transaction
        if connection.transaction_open:
            with contextlib.suppress(Exception):
                adapter.release_connection()


def _adapter() -> Any:
    from dbt.adapters.factory import FACTORY

    return next(iter(FACTORY.adapters.values()))


def _most_threads() -> int:
    return max(1, min(_MOST_THREADS, int(getattr(_adapter().config, "threads", None) or 1)))
