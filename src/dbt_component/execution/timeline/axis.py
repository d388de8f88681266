"""The time axis of a timeline: round times, a few of them."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain

_DAY = 86400


@dataclass(frozen=True)
class Tick:
    """A time since the start, and its label."""

    seconds: float
    label: str


def ticks(seconds: float, *, at_most: int) -> list[Tick]:
    """Round times from 0 up to ``seconds``, ``at_most`` besides 0; they are at least a millisecond apart."""
    step = next(step for step in _steps() if seconds / step < at_most + 1)
    return [Tick(n * step, _label(n * step, step, seconds)) for n in range(int(seconds / step) + 1)]


def _steps() -> Iterator[float]:
    below_minute = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30)
    minutes = (60, 120, 300, 600, 900, 1800)
    hours = (3600, 7200, 6 * 3600, 12 * 3600)
    return chain(below_minute, minutes, hours, (_DAY * 2**power for power in range(64)))


def _label(time: float, step: float, longest: float) -> str:
    if not time:
        return "0 s" if longest < 60 else "0:00" if longest < 3600 else "0:00:00"
    if longest < 60:
        decimals = 0 if step >= 1 else 1 if step >= 0.1 else 2 if step >= 0.01 else 3
        return f"{time:.{decimals}f} s"
    minutes, seconds = divmod(round(time), 60)
    if longest < 3600:
        return f"{minutes}:{seconds:02}"
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{seconds:02}"
