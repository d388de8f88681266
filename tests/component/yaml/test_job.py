import dagster as dg
import pytest
from pydantic import ValidationError

from dbt_component.component.yaml.job import Job
from dbt_component.definitions.job_selection import JobSelection
from dbt_component.errors import DefinitionError
from dbt_component.selection.criteria import SelectionCriteria


@dg.asset
def orders() -> None: ...


def test_every_setting_reaches_the_job() -> None:
    job = Job.resolve_from_yaml(
        """
        name: marts
        select: "tag:{{ 'daily' }}"
        exclude: tag:slow
        description: All marts.
        tags: {team: analytics, dagster/max_retries: "2"}
        run_config: {execution: {config: {in_process: {}}}}
        """
    )
    assert job.criteria == SelectionCriteria(select="tag:daily", exclude="tag:slow")
    assert job.include_downstream is False
    built = job.build(JobSelection([orders.key]))
    resolved = dg.Definitions([orders], jobs=[built]).resolve_job_def("marts")
    assert resolved.description == "All marts."
    assert resolved.tags["team"] == "analytics"
    assert resolved.run_config == {"execution": {"config": {"in_process": {}}}}
    assert resolved.run_tags == {
        "team": "analytics",
        "dagster/max_retries": "2",
        "dagster/retry_strategy": "FROM_ASSET_FAILURE",
    }
    assert "dagster/retry_strategy" not in resolved.tags


def test_a_retry_strategy_of_the_users_own_stays() -> None:
    job = Job(name="marts", tags={"dagster/retry_strategy": "ALL_STEPS"})
    built = job.build(JobSelection([orders.key]))
    resolved = dg.Definitions([orders], jobs=[built]).resolve_job_def("marts")
    assert resolved.run_tags == {"dagster/retry_strategy": "ALL_STEPS"}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("select: a", "name"),
        ("{name: a, selekt: b}", "Did you mean 'select'"),
        ("{name: a, cron_schedule: '* * * * *'}", "Unknown key 'cron_schedule'"),
        ("{name: a, include_downstream: perhaps}", "include_downstream"),
    ],
)
def test_bad_values_are_named(text: str, expected: str) -> None:
    with pytest.raises(ValidationError, match=f"(?s){expected}"):
        Job.resolve_from_yaml(text)


def test_a_job_of_nothing_or_of_a_bad_name_is_refused_with_its_key() -> None:
    job = Job(name="marts", select="tag:none")
    with (
        pytest.raises(DefinitionError, match=r"Job 'marts' selects nothing: .*tag:none") as caught,
        job.named(2),
    ):
        job.build(JobSelection())
    assert caught.value.key == "jobs[2].select"
    job = Job(name="my marts")
    with (
        pytest.raises(DefinitionError, match=r"Job 'my marts': .*not a valid name") as caught,
        job.named(0),
    ):
        job.build(JobSelection([orders.key]))
    assert caught.value.key == "jobs[0]"
