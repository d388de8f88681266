"""Reads the output of a command until the command has ended."""

from __future__ import annotations

import os
import select
import subprocess
import time
from typing import Iterator

SILENCE_SECONDS = 1.0
"""How long the pipe of a process that has ended may be held open, without a word, by another process."""
LINGER_SECONDS = 10.0


def read_lines(process: subprocess.Popen[bytes]) -> Iterator[bytes]:
    """Yields the lines of a command's standard output, each with its line end.

    A process that the command left behind may hold the pipe for as long as it lives. So the end is also when
    the command has ended and the pipe has been silent for ``SILENCE_SECONDS``, or ``LINGER_SECONDS`` after.
    """
    assert process.stdout is not None
    descriptor = process.stdout.fileno()
    pending: list[bytes] = []  # the parts of a line; one line may have many megabytes
    ended_at = None
    while ended_at is None or time.monotonic() < ended_at + LINGER_SECONDS:
        if ended_at is None and process.poll() is not None:
            ended_at = time.monotonic()
        if select.select([descriptor], [], [], SILENCE_SECONDS)[0]:
            chunk = os.read(descriptor, 1 << 16)
            if not chunk:
                break
            first, *others = chunk.split(b"\n")
            pending.append(first)
            for part in others:
                yield b"".join(pending) + b"\n"
                pending = [part]
        elif ended_at is not None:
            break
    if rest := b"".join(pending):
        yield rest
