"""A failure of one attempt that another attempt may not have."""

from email.utils import parsedate_to_datetime
from time import time


class PassingError(Exception):
    """A failed attempt that is worth another one. It never leaves the client.

    Args:
        reason: What went wrong, without secrets.
        is_answer: The service answered, but not in the documented form.
        may_have_acted: The service may have done what was asked for.
        is_slow: The service may still be busy with it.
        retry_after_seconds: How long the service asks to wait.
    """

    def __init__(
        self,
        reason: str,
        *,
        is_answer: bool = False,
        may_have_acted: bool = True,
        is_slow: bool = False,
        retry_after_seconds: float | None = None,
    ) -> None:
        super().__init__(reason)
        self.reason = reason
        self.is_answer = is_answer
        self.may_have_acted = may_have_acted
        self.is_slow = is_slow
        self.retry_after_seconds = retry_after_seconds


def read_retry_after(header: str | None) -> float | None:
    """Seconds to wait, from a Retry-After header in seconds or as a date; ``None`` if it is neither."""
    if not header:
        return None
    text = header.strip()
    if text.isdecimal():
        return float(text)
    try:
        return max(0.0, parsedate_to_datetime(text).timestamp() - time())
    except (TypeError, ValueError, OverflowError):
        return None
