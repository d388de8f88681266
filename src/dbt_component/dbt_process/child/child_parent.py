"""Reads the parent's request from standard input, and notices when the parent is gone."""

from __future__ import annotations

import os
import signal
import threading
import time

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


def watch_parent() -> None:
    """Interrupts this process group twice, then kills it, once the parent's end of standard input closes."""

    def watch() -> None:
        try:
            while os.read(STANDARD_INPUT, 1):
                pass
        except OSError:
            pass
        for _ in range(2):
            os.killpg(0, signal.SIGINT)
            time.sleep(INTERRUPT_SECONDS)
        os.killpg(0, signal.SIGKILL)

    threading.Thread(target=watch, name="watch-parent", daemon=True).start()
