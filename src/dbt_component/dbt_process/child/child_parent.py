"""The parent at the other end of standard input: its one request, and its end."""

from __future__ import annotations

import os
import signal
import threading
import time

STANDARD_INPUT = 0
INTERRUPT_SECONDS = 5


def read_request() -> bytes:
    """The request line, or nothing if the parent closed standard input. Read without buffering, as a
    buffered reader's lock would be held by the watching thread while the interpreter ends.
    """
    line = b""
    while not line.endswith(b"\n"):
        chunk = os.read(STANDARD_INPUT, 1 << 16)
        if not chunk:
            return b""
        line += chunk
    return line


def watch_parent() -> None:
    """Interrupts this process's group when the parent's end of standard input closes, as Ctrl-C would, then
    ends it.
    """

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
