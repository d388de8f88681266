"""Interrupts a step whose run worker is gone."""

import contextlib
import os
import signal
import threading
from collections.abc import Iterator

from dbt_component._dagster import find_run_worker

POLL_SECONDS = 1.0


@contextlib.contextmanager
def interrupted_without_run_worker() -> Iterator[None]:
    """Interrupts this process, as Dagster does to terminate a step, if its run worker ends meanwhile.

    The multiprocess executor gives each step a process of its own. If the run worker, which started it, is
    killed, Dagster leaves that process running: dbt would go on building for a run that has failed, or beside
    the run that was launched in its place. Does nothing in any other process.
    """
    worker = find_run_worker()
    if worker is None:
        yield
        return
    is_over = threading.Event()

    def watch() -> None:
        while not is_over.wait(POLL_SECONDS):
            if not worker.is_alive():
                os.kill(os.getpid(), signal.SIGINT)
                return

    threading.Thread(target=watch, name="watch-run-worker", daemon=True).start()
    try:
        yield
    finally:
        is_over.set()
