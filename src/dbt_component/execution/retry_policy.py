"""``DbtRetryPolicy``: which failed nodes run again in the same step, how often and when."""

import random
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from dbt_component.errors import DefinitionError
from dbt_component.execution.error_class import TRANSIENT, ErrorClass

Backoff = Literal["constant", "linear", "exponential"]
"""How the delay grows from one attempt to the next: not, by itself, or twofold."""
Jitter = Literal["none", "full", "plus_minus"]
"""What is random about the delay: nothing, up to all of it less, or up to all of it more or less."""


@dataclass(frozen=True)
class DbtRetryPolicy:
    """When nodes that failed run again, with those that dbt skipped because of them, in the same step.

    Everything else has been reported by then and does not run again. Each output and check is yielded once: for a
    node that runs again its last result, with the number of attempts and the earlier errors in the metadata. Hooks of
    the run (`on-run-start`, `on-run-end`) run in each attempt.

    Args:
        attempts: How often a node runs at most, the first time included.
        delay_seconds: Time before the second attempt.
        backoff: How that time grows from one attempt to the next: not, by itself, or twofold.
        jitter: What is added at random: nothing, up to the whole time less (``full``), or up to the time more or
            less (``plus_minus``).
        on: Kinds of errors that nodes are run again after, by the values of ``ErrorClass``. By default those that pass
            by themselves: connection, timeout, deadlock, throttle.

    Raises:
        DefinitionError: A value is out of range, or no kind of error.
    """

    attempts: int = 3
    delay_seconds: float = 5.0
    backoff: Backoff = "exponential"
    jitter: Jitter = "none"
    on: Sequence[str | ErrorClass] = TRANSIENT

    def __post_init__(self) -> None:
        if self.attempts < 1:
            raise _invalid(
                "attempts", self.attempts, "It counts the first time too, so it is at least 1."
            )
        if self.delay_seconds < 0:
            raise _invalid(
                "delay_seconds", self.delay_seconds, "It is a number of seconds, at least 0."
            )
        for name, allowed in (
            ("backoff", ("constant", "linear", "exponential")),
            ("jitter", ("none", "full", "plus_minus")),
        ):
            if getattr(self, name) not in allowed:
                raise _invalid(name, getattr(self, name), f"Use one of {', '.join(allowed)}.")
        known = [error_class.value for error_class in ErrorClass]
        names = [self.on] if isinstance(self.on, str) else self.on
        for name in names:
            if name not in known:
                raise _invalid("on", name, f"Use some of {', '.join(known)}.")

    @property
    def kinds(self) -> frozenset[ErrorClass]:
        """The kinds of errors in ``on``."""
        return frozenset(map(ErrorClass, [self.on] if isinstance(self.on, str) else self.on))

    def delay_before(self, attempt: int) -> float:
        """Seconds to wait before an attempt, with the jitter.

        Args:
            attempt: Its number; the first attempt is 1, so this is at least 2.
        """
        factors: dict[Backoff, float] = {
            "constant": 1.0,
            "linear": attempt - 1.0,
            "exponential": 2.0 ** (attempt - 2),
        }
        delay = self.delay_seconds * factors[self.backoff]
        if self.jitter == "full":
            return delay * random.random()  # noqa: S311
        if self.jitter == "plus_minus":
            return delay * 2 * random.random()  # noqa: S311
        return delay


def _invalid(name: str, value: object, hint: str) -> DefinitionError:
    return DefinitionError(
        f"`{name}` of the retry policy is {value!r}.", key=f"retry.{name}", hint=hint
    )
