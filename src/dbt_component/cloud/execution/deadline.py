"""A limit of time that starts when it is first asked about."""

import time


class Deadline:
    """Says whether a time has passed since it was first asked.

    Args:
        seconds: The limit.
    """

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._since: float | None = None

    @property
    def is_over(self) -> bool:
        """Whether the time has passed since the first call."""
        if self._since is None:
            self._since = time.monotonic()
        return time.monotonic() - self._since >= self._seconds
