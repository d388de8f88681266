"""Measured values, and the loop that collects them."""

import statistics
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

_Subject = TypeVar("_Subject")


@dataclass(frozen=True)
class Result:
    """All samples of one metric for one side.

    Attributes:
        case: A key of ``cases.CASES``.
        metric: Name of the metric, as shown in the tables.
        side: A side of ``projects``.
        shape: Shape of the dbt project.
        models: Number of models in the dbt project.
        unit: ``s`` or ``MB``.
        samples: In the order of measurement.
    """

    case: str
    metric: str
    side: str
    shape: str
    models: int
    unit: str
    samples: list[float] = field(default_factory=list)

    @property
    def median(self) -> float:
        return statistics.median(self.samples)


Measured = Mapping[str, float]
"""Metric -> value, in the unit that ``unit_of`` gives."""


def unit_of(metric: str) -> str:
    return "MB" if "memory" in metric or "size" in metric else "s"


def alternate(
    subjects: Sequence[tuple[str, _Subject]],
    measure: Callable[[_Subject], Measured],
    *,
    repeat: int,
) -> dict[tuple[str, str], list[float]]:
    """Measures all subjects in turn, in several rounds, so that other load affects all of them alike.

    Args:
        subjects: (side, subject to measure).
        measure: Measures one subject once.
        repeat: Number of rounds; every second round is in reverse order.

    Returns:
        Samples by metric and side.
    """
    samples: dict[tuple[str, str], list[float]] = {}
    for round_number in range(repeat):
        ordered: Iterable[tuple[str, _Subject]] = (
            subjects if round_number % 2 == 0 else reversed(subjects)
        )
        for side, subject in ordered:
            for metric, value in measure(subject).items():
                samples.setdefault((metric, side), []).append(value)
    return samples
