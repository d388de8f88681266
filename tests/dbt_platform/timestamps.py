"""Times and durations in the API's spelling."""

from datetime import datetime, timedelta, timezone


def now() -> datetime:
    return datetime.now(timezone.utc)


def show_time(time: datetime | None) -> str | None:
    """``2024-01-02 03:04:05.123456+00:00``."""
    if time is None:
        return None
    return time.astimezone(timezone.utc).isoformat(sep=" ", timespec="microseconds")


def read_time(text: str) -> datetime:
    """Reads ISO 8601; a time without an offset is UTC.

    Raises:
        ValueError: The text is no time.
    """
    time = datetime.fromisoformat(text.strip().replace("Z", "+00:00"))
    return time if time.tzinfo else time.replace(tzinfo=timezone.utc)


def show_duration(duration: timedelta) -> str:
    """``01:02:03``, without fractions."""
    minutes, seconds = divmod(max(0, int(duration.total_seconds())), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours:02}:{minutes:02}:{seconds:02}"


def humanize_duration(duration: timedelta) -> str:
    """``1 minute, 42 seconds``."""
    minutes, seconds = divmod(max(0, int(duration.total_seconds())), 60)
    hours, minutes = divmod(minutes, 60)
    parts = [(hours, "hour"), (minutes, "minute"), (seconds, "second")]
    shown = [f"{count} {unit}{'s' * (count != 1)}" for count, unit in parts if count]
    return ", ".join(shown) or "0 seconds"
