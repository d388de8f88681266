"""Reads the parent's requests from standard input, and notices when the parent is gone."""

from __future__ import annotations

import os
import signal
import threading
import time
from typing import Callable, Optional

STANDARD_INPUT = 0
INTERRUPT_SECONDS = 5


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


def watch_parent(cancel: Optional[Callable[[], None]]) -> None:
    """Watches the parent's end of standard input in a thread.

    A line asks for ``cancel``, which may block and therefore runs in another thread. When the parent's end
    closes, the parent is gone: this process group is interrupted, cancelled and interrupted again, killed.

    Args:
        cancel: Cancels the queries that are running in the database; ``None`` if this process can't.
    """

    def start_cancel() -> None:
        if cancel is not None:
            threading.Thread(target=cancel, name="cancel-queries", daemon=True).start()

    def watch() -> None:
        try:
            while os.read(STANDARD_INPUT, 1):
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
