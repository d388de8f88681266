import dagster as dg
import pytest
from pydantic import ValidationError

from dbt_component.component.yaml.schedule import Schedule
from dbt_component.definitions.job_selection import JobSelection
from dbt_component.errors import DefinitionError, SelectionError
from dbt_component.selection.criteria import SelectionCriteria

ORDERS = JobSelection([dg.AssetKey("orders")])


def test_name_and_cron_are_enough() -> None:
    schedule = Schedule(name="nightly", cron_schedule="0 5 * * *")
    assert schedule.criteria == SelectionCriteria()
    built = schedule.build(ORDERS)
    assert (built.name, built.job_name, built.cron_schedule) == (
        "nightly",
        "nightly_job",
        "0 5 * * *",
    )
    assert built.default_status is dg.DefaultScheduleStatus.STOPPED
    assert built.execution_timezone is None


def test_every_setting_reaches_the_schedule() -> None:
    schedule = Schedule.resolve_from_yaml(
        """
        name: nightly
        cron_schedule: ["0 5 * * *", "0 6 * * *"]
        select: "tag:{{ 'daily' }}"
        exclude: tag:slow
        execution_timezone: Europe/Berlin
        default_status: RUNNING
        tags: {team: analytics}
        job_name: night
        description: Runs at night.
        run_config: {execution: {config: {}}}
        """
    )
    assert schedule.criteria == SelectionCriteria(select="tag:daily", exclude="tag:slow")
    built = schedule.build(ORDERS)
    assert built.cron_schedule == ["0 5 * * *", "0 6 * * *"]
    assert built.execution_timezone == "Europe/Berlin"
    assert built.default_status is dg.DefaultScheduleStatus.RUNNING
    assert built.tags["team"] == "analytics"
    assert built.job_name == "night"
    assert built.description == "Runs at night."


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("cron_schedule: '* * * * *'", "name"),
        ("name: a", "cron_schedule"),
        ("{name: a, cron: '* * * * *'}", "Unknown key 'cron'; the key is `cron_schedule`"),
        ("{name: a, cron_schedule: x, status: RUNNING}", "the key is `default_status`"),
        ("{name: a, cron_schedule: x, timezone: UTC}", "the key is `execution_timezone`"),
        ("{name: a, cron_schedule: x, selekt: b}", "Did you mean 'select'"),
        ("{name: a, cron_schedule: x, default_status: ON}", "default_status.*'RUNNING'"),
        ("{name: a, cron_schedule: x, tags: [b]}", "tags"),
    ],
)
def test_bad_values_are_named(text: str, expected: str) -> None:
    with pytest.raises(ValidationError, match=f"(?s){expected}"):
        Schedule.resolve_from_yaml(text)


def test_a_selector_is_not_combined_with_select() -> None:
    schedule = Schedule(name="a", cron_schedule="* * * * *", select="b", selector="c")
    with pytest.raises(SelectionError, match="can't be combined"):
        _ = schedule.criteria


def test_a_selection_of_nothing_is_refused_by_name() -> None:
    schedule = Schedule(name="nightly", cron_schedule="* * * * *", select="tag:none")
    with pytest.raises(DefinitionError, match=r"Schedule 'nightly' selects nothing: .*tag:none"):
        schedule.build(JobSelection())


def test_it_is_frozen() -> None:
    with pytest.raises(ValidationError, match="frozen"):
        Schedule(name="a", cron_schedule="x").name = "b"
