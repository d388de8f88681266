"""Ticks of schedules, and the runs that they request."""

import datetime

import dagster as dg
import pytest

from dbt_component.definitions.job_selection import JobSelection
from dbt_component.definitions.schedules import build_schedule
from dbt_component.errors import DefinitionError
from dbt_component.selection.criteria import SelectionCriteria
from tests.dg_project import DgProject

TICK = datetime.datetime(2024, 3, 5, 5, tzinfo=datetime.timezone.utc)
DAILY = dg.DailyPartitionsDefinition("2024-01-01")
COLOURS = dg.StaticPartitionsDefinition(["red", "blue"])


def definitions(
    *partitions_defs: dg.PartitionsDefinition | None,
    known: list[dg.PartitionsDefinition | None] | None = None,
) -> dg.Definitions:
    """A schedule over an asset for each partitions definition; ``known`` are those that it is built with."""
    made = [_asset(name, found) for name, found in zip("abc", partitions_defs, strict=False)]
    schedule = build_schedule(
        "nightly",
        JobSelection(
            [asset.key for asset in made],
            partitions={
                asset.key: found
                for asset, found in zip(
                    made, partitions_defs if known is None else known, strict=False
                )
            },
        ),
        criteria=SelectionCriteria(),
        cron_schedule="0 5 * * *",
        tags={"team": "x"},
    )
    return dg.Definitions(assets=made, schedules=[schedule])


def _asset(name: str, partitions_def: dg.PartitionsDefinition | None) -> dg.AssetsDefinition:
    @dg.asset(name=name, partitions_def=partitions_def)
    def asset() -> None: ...

    return asset


def tick(
    defs: dg.Definitions, instance: dg.DagsterInstance, *, at: datetime.datetime = TICK
) -> list[dg.RunRequest]:
    """The requests of a tick of the schedule `nightly`."""
    repository = defs.get_repository_def()
    context = dg.build_schedule_context(
        instance=instance, repository_def=repository, scheduled_execution_time=at
    )
    return list(repository.get_schedule_def("nightly").evaluate_tick(context).run_requests or [])


def launch(
    defs: dg.Definitions, instance: dg.DagsterInstance, request: dg.RunRequest
) -> dg.ExecuteInProcessResult:
    """Runs the schedule's job as a tick requests it."""
    job = defs.get_repository_def().get_job("nightly_job")
    return job.execute_in_process(
        instance=instance,
        partition_key=request.partition_key,
        tags=dict(request.tags),
        run_config=dict(request.run_config),
        raise_on_error=False,
    )


def partitions_of(result: dg.ExecuteInProcessResult) -> dict[str, str | None]:
    return {
        e.asset_key.to_user_string(): e.partition
        for e in result.all_events
        if e.is_step_materialization and e.asset_key
    }


def observed(result: dg.ExecuteInProcessResult) -> str:
    return " ".join(
        e.asset_observation_data.asset_observation.description or ""
        for e in result.all_events
        if e.is_asset_observation
    )


@pytest.fixture
def instance() -> dg.DagsterInstance:
    return dg.DagsterInstance.ephemeral()


@pytest.mark.parametrize(
    ("partitions_def", "at", "expected"),
    [
        (None, TICK, [None]),
        (DAILY, TICK, ["2024-03-04"]),
        (DAILY, datetime.datetime(2024, 1, 1, 5, tzinfo=datetime.timezone.utc), []),
        (dg.HourlyPartitionsDefinition("2024-01-01-00:00"), TICK, ["2024-03-05-04:00"]),
        (dg.MonthlyPartitionsDefinition("2024-01-01"), TICK, ["2024-02-01"]),
        (dg.DailyPartitionsDefinition("2024-01-01", timezone="Asia/Tokyo"), TICK, ["2024-03-04"]),
        (
            dg.DailyPartitionsDefinition("2024-01-01", timezone="America/Los_Angeles"),
            TICK,
            ["2024-03-03"],
        ),
        (dg.DailyPartitionsDefinition("2024-01-01", end_offset=1), TICK, ["2024-03-05"]),
        (
            dg.MultiPartitionsDefinition({"day": DAILY, "colour": COLOURS}),
            TICK,
            ["red|2024-03-04", "blue|2024-03-04"],
        ),
    ],
)
def test_a_tick_requests_the_latest_partition_at_its_own_time(
    instance: dg.DagsterInstance,
    partitions_def: dg.PartitionsDefinition | None,
    at: datetime.datetime,
    expected: list[str | None],
) -> None:
    defs = definitions(partitions_def)
    requests = tick(defs, instance, at=at)
    assert [request.partition_key for request in requests] == expected
    for request in requests:
        assert request.tags["team"] == "x"
        result = launch(defs, instance, request)
        assert result.success
        assert partitions_of(result) == {"a": request.partition_key}


def test_assets_without_partitions_run_with_the_others(instance: dg.DagsterInstance) -> None:
    defs = definitions(DAILY, None)
    (request,) = tick(defs, instance)
    result = launch(defs, instance, request)
    assert partitions_of(result) == {"a": "2024-03-04", "b": None}


def test_partitions_that_change_after_the_schedule_is_built_count(
    instance: dg.DagsterInstance,
) -> None:
    (request,) = tick(definitions(DAILY, known=[None]), instance)
    assert request.partition_key == "2024-03-04"
    with pytest.raises(DefinitionError, match=r"'nightly' .* no latest one"):
        tick(definitions(COLOURS, known=[None]), instance)


@pytest.mark.reliability(
    "Schedules",
    tried="schedule assets with static or dynamic partitions, or with two different ones",
    outcome="definitions do not load; the error names the schedule and what to do instead",
)
@pytest.mark.parametrize(
    ("partitions_defs", "expected", "hint"),
    [
        ([COLOURS], "no latest one", "`exclude`"),
        ([dg.DynamicPartitionsDefinition(name="x")], "no latest one", "`exclude`"),
        ([dg.MultiPartitionsDefinition({"x": COLOURS, "y": COLOURS})], "no latest", "`exclude`"),
        ([DAILY, None, COLOURS], "different partitions", "one schedule for each"),
    ],
)
def test_partitions_without_a_latest_one_are_refused_with_the_name_of_the_schedule(
    partitions_defs: list[dg.PartitionsDefinition | None], expected: str, hint: str
) -> None:
    with pytest.raises(DefinitionError, match=rf"(?s)Schedule 'nightly' .*{expected}") as caught:
        definitions(*partitions_defs)
    assert hint in (caught.value.hint or "")


@pytest.mark.server
@pytest.mark.usefixtures("in_dev")
@pytest.mark.reliability(
    "Schedules",
    tried="schedule models of which some have partitions, and execute what a tick requests",
    outcome="the run succeeds; models with partitions are built for the latest complete partition",
)
def test_a_schedule_over_models_with_and_without_partitions_runs(
    dg_project: DgProject, instance: dg.DagsterInstance
) -> None:
    dg_project.write_component(
        cli_args=[
            "build",
            {"--vars": {"day": "{{ partition_key }}"}},
            {"--threads": "{{ partition_time_window.start.month }}"},
        ],
        translation={
            "partitions_def": "{{ dg.DailyPartitionsDefinition('2024-01-01')"
            " if node.name in ('customers', 'daily_orders') else none }}"
        },
        schedules=[{"name": "nightly", "cron_schedule": "0 5 * * *"}],
    )
    defs = dg_project.load()
    (request,) = tick(defs, instance)
    result = launch(defs, instance, request)
    assert result.success
    partitions = partitions_of(result)
    assert len(partitions) == 9
    dated = {"customers": "2024-03-04", "daily_orders": "2024-03-04"}
    assert {key: found for key, found in partitions.items() if found} == dated
    assert "loose_test" in observed(result)


@pytest.mark.server
@pytest.mark.usefixtures("in_dev")
@pytest.mark.reliability(
    "Schedules",
    tried="schedule one of the models that a test over several models depends on, or exclude that test",
    outcome="the test runs exactly if dbt selects it",
)
@pytest.mark.parametrize("has_two_ops", [pytest.param(False, marks=pytest.mark.slow), True])
@pytest.mark.parametrize(
    ("selection", "runs"),
    [
        ({"select": "customers"}, True),
        ({"select": "stg_orders", "exclude": "unique_stg_orders_order_id"}, True),
        ({"select": "test_type:singular"}, True),
        ({"exclude": "loose_test"}, False),
    ],
    ids=["one parent", "without a check", "tests only", "excluded"],
)
def test_a_test_over_several_models_runs_exactly_if_dbt_selects_it(
    dg_project: DgProject,
    instance: dg.DagsterInstance,
    selection: dict[str, str],
    runs: bool,
    has_two_ops: bool,
) -> None:
    partitions = (
        "{{ dg.DailyPartitionsDefinition('2024-01-01') if node.name == 'customers' else none }}"
    )
    dg_project.write_component(
        schedules=[
            {"name": "nightly", "cron_schedule": "0 5 * * *", **selection},
            {"name": "everything", "cron_schedule": "0 5 * * *"},
        ],
        **({"translation": {"partitions_def": partitions}} if has_two_ops else {}),
    )
    defs = dg_project.load()
    everything = defs.get_repository_def().get_job("everything_job")
    partition_key = "2024-03-04" if has_two_ops else None
    assert everything.execute_in_process(instance=instance, partition_key=partition_key).success
    (request,) = tick(defs, instance)
    result = launch(defs, instance, request)
    assert result.success
    assert ("loose_test" in observed(result)) is runs
