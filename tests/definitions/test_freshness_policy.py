"""Freshness policies from plain values."""

from datetime import timedelta
from typing import Any

import dagster as dg
import pytest

from dbt_component.definitions.freshness_policy import parse_freshness_policy
from dbt_component.errors import DefinitionError

DAY = timedelta(days=1)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ({"maximum_lag_minutes": 1440}, dg.FreshnessPolicy.time_window(fail_window=DAY)),
        (
            {
                "maximum_lag_minutes": 1440,
                "cron_schedule": "0 9 * * *",
                "cron_schedule_timezone": "Europe/Berlin",
            },
            dg.FreshnessPolicy.cron("0 9 * * *", DAY, "Europe/Berlin"),
        ),
        (
            {"type": "time_window", "fail_window_hours": 24, "warn_window_minutes": 90},
            dg.FreshnessPolicy.time_window(DAY, timedelta(minutes=90)),
        ),
        (
            {"type": "cron", "deadline_cron": "0 9 * * *", "lower_bound_delta_hours": 1.5},
            dg.FreshnessPolicy.cron("0 9 * * *", timedelta(minutes=90)),
        ),
        (dg.FreshnessPolicy.time_window(DAY), dg.FreshnessPolicy.time_window(DAY)),
        (None, None),
    ],
)
def test_a_mapping_is_a_policy(value: Any, expected: Any) -> None:
    assert parse_freshness_policy(value) == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("daily", "'daily' is not a freshness policy"),
        ({}, "has no `type`"),
        ({"type": "window"}, "has an unknown `type`, 'window'"),
        ({"type": "time_window"}, "has none of `fail_window_seconds`, `fail_window_minutes`"),
        ({"type": "time_window", "fail_window_hour": 1}, "Did you mean 'fail_window_hours'?"),
        (
            {"type": "time_window", "fail_window_hours": "x"},
            "fail_window_hours: 'x' is not a duration",
        ),
        ({"type": "time_window", "fail_window_seconds": 5}, "cannot be less than 1 minute"),
        ({"type": "cron", "lower_bound_delta_hours": 1}, "has no `deadline_cron`"),
        (
            {"type": "cron", "deadline_cron": "0 9 * * *", "lower_bound_delta_days": 2},
            "less than or equal to the smallest cron interval",
        ),
        ({"maximum_lag_minutes": 60, "cron_shedule": "0 9 * * *"}, "Did you mean 'cron_schedule'?"),
        (
            {"maximum_lag_minutes": 60, "cron_schedule_timezone": "UTC"},
            "`cron_schedule_timezone` without `cron_schedule`",
        ),
        ({"maximum_lag_minutes": 60, "cron_schedule": 7}, "is not a freshness policy"),
    ],
)
def test_anything_else_is_refused(value: Any, expected: str) -> None:
    with pytest.raises(DefinitionError) as caught:
        parse_freshness_policy(value)
    assert expected in str(caught.value)
