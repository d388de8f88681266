"""How often and when nodes run again."""

import pytest

from dbt_component import DbtRetryPolicy
from dbt_component.errors import DefinitionError
from dbt_component.execution.error_class import ErrorClass


@pytest.mark.parametrize(
    ("backoff", "expected"),
    [("constant", [2, 2, 2]), ("linear", [2, 4, 6]), ("exponential", [2, 4, 8])],
)
def test_the_delay_grows_as_the_backoff_says(backoff: str, expected: list[float]) -> None:
    policy = DbtRetryPolicy(delay_seconds=2, backoff=backoff)  # type: ignore[arg-type]
    assert [policy.delay_before(attempt) for attempt in (2, 3, 4)] == expected


@pytest.mark.parametrize(("jitter", "most"), [("full", 10), ("plus_minus", 20)])
def test_jitter_spreads_the_delay(jitter: str, most: float) -> None:
    policy = DbtRetryPolicy(delay_seconds=10, jitter=jitter)  # type: ignore[arg-type]
    delays = {policy.delay_before(2) for _ in range(200)}
    assert len(delays) > 100 and 0 <= min(delays) < most / 4 and most * 3 / 4 < max(delays) <= most


def test_one_kind_of_error_may_be_given_as_text() -> None:
    assert DbtRetryPolicy(on="crash").kinds == {ErrorClass.CRASH}
    assert DbtRetryPolicy().kinds == {"connection", "timeout", "deadlock", "throttle"}


@pytest.mark.parametrize(
    "values",
    [
        {"attempts": 0},
        {"delay_seconds": -1},
        {"backoff": "cubic"},
        {"jitter": "much"},
        {"on": ["connection", "bad_luck"]},
    ],
)
def test_values_out_of_range_are_named_with_the_remedy(values: dict[str, object]) -> None:
    with pytest.raises(DefinitionError) as caught:
        DbtRetryPolicy(**values)  # type: ignore[arg-type]
    (name,) = values
    assert f"`{name}`" in str(caught.value) and "hint:" in str(caught.value)
