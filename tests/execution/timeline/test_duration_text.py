"""Durations are short, and no unit overflows by rounding."""

import pytest

from dbt_component.execution.timeline.duration_text import change_text, duration_text


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [
        (0, "0 ms"),
        (0.0004, "0 ms"),
        (0.25, "250 ms"),
        (0.9994, "999 ms"),
        (0.9996, "1.0 s"),
        (4.21, "4.2 s"),
        (59.94, "59.9 s"),
        (59.96, "1 min 0 s"),
        (185, "3 min 5 s"),
        (3599.4, "59 min 59 s"),
        (3599.6, "1 h 0 min"),
        (86_400 * 3, "72 h 0 min"),
    ],
)
def test_a_duration_has_the_units_that_people_would_say(seconds: float, expected: str) -> None:
    assert duration_text(seconds) == expected


@pytest.mark.parametrize(
    ("seconds", "usual_seconds", "expected"),
    [
        (1.45, 1.0, "+45 %"),
        (0.7, 1.0, "-30 %"),
        (1.001, 1.0, "0 %"),
        (4.0, 1.0, "4.0 x"),
        (4000.0, 1.0, "4,000 x"),
        (4.0, 0.0, ""),
    ],
)
def test_a_change_is_in_percent_or_in_multiples(
    seconds: float, usual_seconds: float, expected: str
) -> None:
    assert change_text(seconds, usual_seconds) == expected
