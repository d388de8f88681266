"""The freshness of a source in words."""

import pytest

from dbt_component.dbt_process.events import NodeFinished, SourceAge
from dbt_component.execution.measurement import Measurement, is_stale, readable
from dbt_component.manifest.node import Node
from dbt_component.manifest.parse import parse_entry
from tests.manifest_entries import source


def node() -> Node:
    parsed = parse_entry(source("orders"))
    assert isinstance(parsed, Node)
    return parsed


def measured(status: str, age: SourceAge | None, message: str | None = None) -> Measurement:
    finished = NodeFinished("source.shop.raw.orders", status, message=message, freshness=age)
    return Measurement.of(node(), finished)


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [
        (-5, "0 seconds"),
        (0.4, "0 seconds"),
        (61, "1 minute 1 second"),
        (7200, "2 hours"),
        (90_061, "1 day 1 hour"),
        (86_400 * 3 + 59, "3 days 59 seconds"),
    ],
)
def test_an_age_is_shown_by_its_two_largest_units(seconds: float, expected: str) -> None:
    assert readable(seconds) == expected


@pytest.mark.parametrize(
    ("status", "passed", "is_warning", "summary"),
    [
        ("pass", True, False, "is fresh: the last row was loaded 1 hour ago (warn_after: 2 hours)"),
        ("warn", False, True, "is old: the last row was loaded 1 hour ago (warn_after: 2 hours)"),
        (
            "error",
            False,
            False,
            "is stale: the last row was loaded 1 hour ago (warn_after: 2 hours)",
        ),
    ],
)
def test_a_measured_source_is_fresh_old_or_stale(
    status: str, passed: bool, is_warning: bool, summary: str
) -> None:
    age = SourceAge("2024-01-01T00:00:00+00:00", "2024-01-01T01:00:00+00:00", 3600, "2 hours")
    found = measured(status, age)
    assert (found.passed, found.is_warning, found.error) == (passed, is_warning, None)
    assert found.summary == summary
    assert found.finished is not None and is_stale(found.finished) is (status == "error")


def test_a_source_without_a_row_has_no_age() -> None:
    age = SourceAge("0001-01-01T00:00:00+00:00", "2024-01-01T01:00:00+00:00", 6e10, None, "1 day")
    found = measured("error", age)
    assert found.age is None
    assert found.summary == "is stale: no row has a time (error_after: 1 day)"


@pytest.mark.parametrize(
    ("status", "message", "error"),
    [
        ("runtime error", "no such column", "no such column"),
        ("error", None, "dbt reported 'error'"),  # what dbt could not measure is not stale
    ],
)
def test_a_source_that_was_not_measured_has_an_unknown_age(
    status: str, message: str | None, error: str
) -> None:
    found = measured(status, None, message)
    assert not found.passed and not found.is_warning and found.error == error
    assert found.summary == f"has an unknown age: {error}"
    assert found.finished is not None and not is_stale(found.finished)
