"""build_schedule_from_dbt_selection: its job, and the runs that its ticks request."""

import datetime
from collections.abc import Iterator
from typing import Any

import dagster as dg
import pytest

from dbt_component import (
    DbtCliResource,
    DbtProject,
    build_schedule_from_dbt_selection,
    dbt_assets,
)
from dbt_component.errors import DefinitionError, SelectionError
from tests.api.test_assets_selection import moved
from tests.api.test_dbt_assets import FullRefresh, definitions, make
from tests.api.test_manifest_selection import STAGING, names

TICK = datetime.datetime(2024, 3, 5, 5, tzinfo=datetime.timezone.utc)
DAILY = dg.DailyPartitionsDefinition("2024-01-01")
COLOURS = dg.StaticPartitionsDefinition(["red", "blue"])


def scheduled(
    shop: DbtProject, schedule: dg.ScheduleDefinition, *assets: dg.AssetsDefinition
) -> dg.RepositoryDefinition:
    defs = dg.Definitions.merge(definitions(shop, *assets), dg.Definitions(schedules=[schedule]))
    return defs.get_repository_def()


def tick(repository: dg.RepositoryDefinition, name: str) -> list[dg.RunRequest]:
    context = dg.build_schedule_context(
        instance=dg.DagsterInstance.ephemeral(),
        repository_def=repository,
        scheduled_execution_time=TICK,
    )
    return list(repository.get_schedule_def(name).evaluate_tick(context).run_requests or [])


def test_its_job_has_what_dbt_selects(shop: DbtProject) -> None:
    made = make(shop, exclude="stg_customers")
    schedule = build_schedule_from_dbt_selection(
        [made],
        job_name="staging",
        cron_schedule="0 5 * * *",
        dbt_select="tag:staging",
        tags={"team": "x", "more": {"a": 1}},
        execution_timezone="Europe/Berlin",
        default_status=dg.DefaultScheduleStatus.RUNNING,
    )
    assert schedule.name == "staging_schedule"
    assert schedule.job_name == "staging"
    assert schedule.cron_schedule == "0 5 * * *"
    assert schedule.execution_timezone == "Europe/Berlin"
    assert schedule.default_status == dg.DefaultScheduleStatus.RUNNING
    repository = scheduled(shop, schedule, made)
    job = repository.get_job("staging")
    assert names(job.asset_layer.selected_asset_keys) == STAGING - {"stg_customers"}
    assert job.run_tags["team"] == "x"
    assert job.run_tags["more"] == '{"a": 1}'
    (request,) = tick(repository, "staging_schedule")
    assert request.partition_key is None


def test_its_defaults_are_everything_and_stopped(shop: DbtProject) -> None:
    made = make(shop)
    schedule = build_schedule_from_dbt_selection([made], "all", "@daily", schedule_name="nightly")
    assert schedule.default_status == dg.DefaultScheduleStatus.STOPPED
    layer = scheduled(shop, schedule, made).get_job("all").asset_layer
    assert layer.selected_asset_keys == made.keys
    assert schedule.name == "nightly"


def test_assets_that_were_renamed_afterwards_are_scheduled(shop: DbtProject) -> None:
    made = make(shop)
    schedule = build_schedule_from_dbt_selection([made], "seeds", "@daily", "resource_type:seed")
    layer = scheduled(shop, schedule, moved(made)).get_job("seeds").asset_layer
    assert names(layer.selected_asset_keys) == {"moved/raw_orders", "moved/raw_customers"}


@pytest.mark.parametrize(
    ("partitions_def", "expected"),
    [
        (DAILY, ["2024-03-04"]),
        (COLOURS, ["red", "blue"]),
        (
            dg.MultiPartitionsDefinition({"day": DAILY, "colour": COLOURS}),
            ["red|2024-03-04", "blue|2024-03-04"],
        ),
    ],
)
def test_ticks_request_partitions_as_dagsters_own_partitioned_schedules_do(
    shop: DbtProject, partitions_def: dg.PartitionsDefinition, expected: list[str]
) -> None:
    made = make(shop, partitions_def=partitions_def)
    schedule = build_schedule_from_dbt_selection([made], "job", "0 5 * * *")
    repository = scheduled(shop, schedule, made)
    assert [request.partition_key for request in tick(repository, "job_schedule")] == expected
    own = dg.build_schedule_from_partitioned_job(
        dg.define_asset_job("own", [made], partitions_def=partitions_def),
        **({"cron_schedule": "0 5 * * *"} if partitions_def is COLOURS else {}),  # type: ignore[arg-type]
    )
    theirs = tick(scheduled(shop, own, made), "own_schedule")  # type: ignore[arg-type]
    assert [request.partition_key for request in theirs] == expected


@pytest.mark.server
def test_a_scheduled_run_uses_the_config_and_runs_tests_that_are_no_checks(
    shop: DbtProject,
) -> None:
    seen: list[bool] = []

    @dbt_assets(manifest=shop)
    def body(
        context: dg.AssetExecutionContext, config: FullRefresh, dbt: DbtCliResource
    ) -> Iterator[Any]:
        seen.append(config.full_refresh)
        yield from dbt.cli(["build"], context=context).stream()

    schedule = build_schedule_from_dbt_selection(
        [body],
        "job",
        "@daily",
        dbt_select="resource_type:seed stg_orders stg_customers customers loose_test",
        dbt_exclude="test_type:unit test_name:relationships totals_match",
        config=dg.RunConfig(ops={"body": FullRefresh(full_refresh=True)}),
    )
    repository = scheduled(shop, schedule, body)
    (request,) = tick(repository, "job_schedule")
    result = repository.get_job("job").execute_in_process(run_config=request.run_config)
    assert result.success
    assert repository.get_job("job").execute_in_process().success  # the job itself has it too
    assert seen == [True, True]
    observed = [
        e.asset_observation_data.asset_observation.description or ""
        for e in result.all_events
        if e.is_asset_observation
    ]
    assert any("loose_test" in text for text in observed), observed


def test_a_schedule_that_could_run_nothing_is_refused(shop: DbtProject) -> None:
    made = make(shop, exclude="stg_orders")
    with pytest.raises(
        DefinitionError, match=r"'job_schedule' selects nothing: --select 'stg_orders,"
    ):
        build_schedule_from_dbt_selection([made], "job", "@daily", "stg_orders,resource_type:model")
    with pytest.raises(SelectionError, match="nonsense"):
        build_schedule_from_dbt_selection([made], "job", "@daily", "nonsense:x")
    dynamic = make(shop, partitions_def=dg.DynamicPartitionsDefinition(name="days"))
    with pytest.raises(DefinitionError, match="no latest one"):
        build_schedule_from_dbt_selection([dynamic], "job", "@daily")
    with pytest.raises(dg.DagsterInvariantViolationError, match="Exactly one"):
        build_schedule_from_dbt_selection([made, made], "job", "@daily")
