"""The axis has a few round times, for a run of any length."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dbt_component.execution.timeline.axis import ticks


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [
        (0.0, ["0 s"]),
        (0.012, ["0 s", "0.005 s", "0.010 s"]),
        (1.2, ["0 s", "0.5 s", "1.0 s"]),
        (9.9, ["0 s", "5 s"]),
        (50.0, ["0 s", "15 s", "30 s", "45 s"]),
        (100.0, ["0:00", "0:30", "1:00", "1:30"]),
        (3599.0, ["0:00", "15:00", "30:00", "45:00"]),
        (7300.0, ["0:00:00", "1:00:00", "2:00:00"]),
    ],
)
def test_labels_suit_the_length_of_the_run(seconds: float, expected: list[str]) -> None:
    assert [tick.label for tick in ticks(seconds, at_most=3)] == expected


@given(seconds=st.floats(0, 1e10), at_most=st.integers(1, 30))
def test_there_are_never_too_many_ticks_and_all_are_within_the_run(
    seconds: float, at_most: int
) -> None:
    found = ticks(seconds, at_most=at_most)
    assert found[0].seconds == 0
    assert len(found) <= at_most + 1
    assert all(tick.seconds <= seconds * 1.000001 for tick in found)
    assert len({tick.label for tick in found}) == len(found)
