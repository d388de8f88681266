"""Reads the parent's requests from standard input, and notices when the parent is gone."""

from __future__ import annotations

import os
import queue
import signal
import threading
import time
from typing import Callable, Optional

STANDARD_INPUT = 0
INTERRUPT_SECONDS = 5

_further: "queue.Queue[bytes]" = queue.Queue()


def read_request() -> bytes:
    """Reads the request line; empty if the parent closed standard input.

    Unbuffered: the watching thread would hold a buffered reader's lock while the interpreter exits.
    """
    line = b""
    while not line.endswith(b"\n"):
        chunk = os.read(STANDARD_INPUT, 1 << 16)
        if not chunk:
            return b""
        line += chunk
    return line


def await_further_request() -> bytes:
    """Waits for the parent's next request line, which ``watch_parent`` receives."""
    while True:
        try:
            return _further.get(timeout=1)  # in between, Python handles interrupts
        except queue.Empty:
            pass


def watch_parent(cancel: Optional[Callable[[], None]]) -> None:
    """Watches the parent's end of standard input in a thread.

    An empty line asks for ``cancel``, which may block and therefore runs in another thread; any other line is a
    further request. When the parent's end closes, the parent is gone: this process group is interrupted,
    cancelled and interrupted again, killed.

    Args:
        cancel: Cancels the queries that are running in the database; ``None`` if this process can't.
    """

    def start_cancel() -> None:
        if cancel is not None:
            threading.Thread(target=cancel, name="cancel-queries", daemon=True).start()

    def watch() -> None:
        rest = b""
        try:
            while True:
                chunk = os.read(STANDARD_INPUT, 1 << 16)
                if not chunk:
                    break
                *lines, rest = (rest + chunk).split(b"\n")
                for line in lines:
                    if line:
                        _further.put(line)
                    else:
                        start_cancel()
        except OSError:
            pass
        os.killpg(0, signal.SIGINT)
        time.sleep(INTERRUPT_SECONDS)
        start_cancel()
        os.killpg(0, signal.SIGINT)
        time.sleep(INTERRUPT_SECONDS)
        os.killpg(0, signal.SIGKILL)

    threading.Thread(target=watch, name="watch-parent", daemon=True).start()
