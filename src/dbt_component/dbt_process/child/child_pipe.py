"""Writes events as lines of JSON to a descriptor that the parent reads."""

from __future__ import annotations

import json
import os
import re
import threading
from typing import Any, Optional

TERMINAL_CODE = re.compile("\x1b\\[[0-?]*[ -/]*[@-~]")
_PADDING = re.compile(r" \.{3,} ?(?=\[[^\[\]\n]*\]$)", re.MULTILINE)


def plain(text: str) -> str:
    """Removes terminal colours, and the dots that align dbt's messages in a console."""
    return _PADDING.sub(" ", TERMINAL_CODE.sub("", text))


def plain_message(text: Optional[str]) -> Optional[str]:
    """A node's message without terminal colours; ``None`` if it is empty."""
    return TERMINAL_CODE.sub("", text).strip() or None if text else None


class EventPipe:
    """Writes events from all of dbt's threads to one descriptor, in the order they are emitted."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._lock = threading.Lock()

    def emit(self, kind: str, **fields: Any) -> None:
        line = json.dumps({"kind": kind, **fields}, default=str).encode() + b"\n"
        with self._lock:
            view = memoryview(line)
            try:
                while view:
                    view = view[os.write(self._descriptor, view) :]
            except BrokenPipeError:
                pass  # the parent is gone; watch_parent ends this process

    def close(self) -> None:
        with self._lock:
            os.close(self._descriptor)
