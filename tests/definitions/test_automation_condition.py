"""Automation conditions by name."""

from typing import Any

import dagster as dg
import pytest

from dbt_component.definitions.automation_condition import (
    eager,
    on_code_change,
    on_cron,
    on_missing,
    parse_automation_condition,
)
from dbt_component.errors import DefinitionError


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("eager", eager()),
        (" eager() ", eager()),
        ("on_missing", on_missing()),
        ("on_code_change", on_code_change()),
        ('on_cron("0 5 * * *")', on_cron("0 5 * * *")),
        ("on_cron('0 5 * * *', \"Europe/Berlin\")", on_cron("0 5 * * *", "Europe/Berlin")),
        ({"type": "eager"}, eager()),
        (
            {"type": "on_cron", "cron_schedule": "0 5 * * *", "timezone": "Europe/Berlin"},
            on_cron("0 5 * * *", "Europe/Berlin"),
        ),
        (["eager", {"type": "on_missing"}], eager() | on_missing()),
        (["eager"], eager()),
        (dg.AutomationCondition.missing(), dg.AutomationCondition.missing()),
        (None, None),
    ],
)
def test_a_name_a_mapping_and_a_list_are_conditions(value: Any, expected: Any) -> None:
    assert parse_automation_condition(value) == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("eagr", "there is no automation condition 'eagr'. Did you mean 'eager'?"),
        ("on_cron", "has no cron schedule"),
        ('on_cron("every day")', "'every day' is not a cron schedule"),
        ('on_cron("0 5 * * *", "Europe/Berln")', "'Europe/Berln' is not a time zone"),
        ('on_cron("0 5 * * *", "")', "'' is not a time zone"),
        ("on_cron(0 5 * * *)", "is not an automation condition"),
        ('on_cron("0 5 * * *"', "is not an automation condition"),
        ('on_cron("0 5 * * *" "UTC")', "is not an automation condition"),
        ('eager("x")', "eager takes no arguments"),
        ('on_cron("a", "b", "c")', "on_cron takes at most 2 arguments"),
        ('__import__("os")', "there is no automation condition '__import__'"),
        ("", "is not an automation condition"),
        (3, "3 is not an automation condition"),
        ([], "[] is not an automation condition"),
        (["eager", None], "is not an automation condition"),
        ({"cron_schedule": "0 5 * * *"}, "has no `type`"),
        ({"type": ["eager"]}, "`type` is not text"),
        ({"type": "on_cron", "cron_shedule": "0 5 * * *"}, "Did you mean 'cron_schedule'?"),
        ({"type": "on_cron", "cron_schedule": 5}, "5 is not a cron schedule"),
        ({"type": "eager", "timezone": "UTC"}, "eager has no 'timezone'"),
    ],
)
def test_anything_else_is_refused(value: Any, expected: str) -> None:
    with pytest.raises(DefinitionError) as caught:
        parse_automation_condition(value)
    assert expected in str(caught.value)


def test_only_code_changes_need_the_code_server() -> None:
    assert eager().is_serializable
    assert on_missing().is_serializable
    assert on_cron("0 5 * * *").is_serializable
    assert not on_code_change().is_serializable
