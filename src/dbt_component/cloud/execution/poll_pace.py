"""The time between two questions to the platform about a run."""

import random
from dataclasses import dataclass


@dataclass
class PollPace:
    """Short while something happens, longer while nothing does, with jitter so that steps do not ask in step.

    Args:
        shortest_seconds: The first interval, and the shortest.
        longest_seconds: The longest interval.
    """

    shortest_seconds: float = 1.0
    longest_seconds: float = 10.0

    def __post_init__(self) -> None:
        self._seconds = self.shortest_seconds

    def next_interval(self, *, is_anything_new: bool) -> float:
        """Seconds to wait, up to a tenth more or less than planned.

        Args:
            is_anything_new: Whether the last answer differed from the one before.
        """
        factor = 0.5 if is_anything_new else 1.3
        self._seconds = min(
            self.longest_seconds, max(self.shortest_seconds, self._seconds * factor)
        )
        return self._seconds * random.uniform(0.9, 1.1)  # noqa: S311
