"""Automation conditions, views and freshness policies in YAML and in dbt's meta, over real dbt."""

import datetime
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from dbt_component.errors import DagsterDbtError
from tests.dg_project import DgProject, run, specs_of

pytestmark = [pytest.mark.usefixtures("in_dev", "shared_states"), pytest.mark.server]
ON_CODE_CHANGE = {"automation_condition": "on_code_change"}


@pytest.fixture
def instance() -> Iterator[dg.DagsterInstance]:
    with dg.DagsterInstance.ephemeral() as made:
        yield made


class Ticks:
    """Evaluations of all conditions of a project, one after the other."""

    def __init__(self, project: DgProject, instance: dg.DagsterInstance) -> None:
        self.project = project
        self.instance = instance
        self.cursor: Any = None
        self.time = datetime.datetime(2024, 3, 1, 4, tzinfo=datetime.timezone.utc)

    def tick(self, hours: float = 0.1, *, only: dg.AssetSelection | None = None) -> list[str]:
        """The assets that are requested, after reloading the definitions."""
        self.time += datetime.timedelta(hours=hours)
        result = dg.evaluate_automation_conditions(
            self.project.load(),
            self.instance,
            asset_selection=only,
            cursor=self.cursor,
            evaluation_time=self.time,
        )
        self.cursor = result.cursor
        return sorted(
            subset.key.to_user_string()
            for subset in result._requested_subsets
            if not subset.is_empty
        )

    def run(self, *keys: str) -> None:
        selection = dg.AssetSelection.assets(*keys) if keys else dg.AssetSelection.all()
        outcome = run(self.project.load(), selection, instance=self.instance)
        assert outcome.success, outcome.failure

    def forget(self) -> None:
        """Resets the cursor, as a user may do on the sensor's page."""
        self.cursor = None


@pytest.fixture
def ticks(dg_project: DgProject, instance: dg.DagsterInstance) -> Ticks:
    return Ticks(dg_project, instance)


def edit(project: DgProject, path: str, old: str, new: str) -> None:
    file = project.dbt_folder / path
    text = file.read_text()
    assert old in text
    file.write_text(text.replace(old, new))


# -- on_code_change ------------------------------------------------------------------------------------


def test_a_changed_model_is_requested_once(ticks: Ticks, dg_project: DgProject) -> None:
    dg_project.write_component(translation=ON_CODE_CHANGE)
    assert ticks.tick() == []  # nothing was ever materialized
    ticks.run()
    assert ticks.tick() == []
    edit(dg_project, "models/marts/report.sql", "name, orders", "name, orders, 1 as one")
    assert ticks.tick() == ["reporting/report"]
    assert ticks.tick() == []
    ticks.run("reporting/report")
    assert ticks.tick() == []


def test_a_changed_macro_and_a_changed_variable_change_the_models_that_use_them(
    ticks: Ticks, dg_project: DgProject
) -> None:
    dg_project.write_component(translation=ON_CODE_CHANGE)
    ticks.run()
    edit(dg_project, "macros/shout.sql", "upper", "lower")
    assert ticks.tick() == ["customers"]
    edit(dg_project, "dbt_project.yml", "minimum_amount: 0", "minimum_amount: 1")
    assert ticks.tick() == ["stg_orders"]


@pytest.mark.slow
def test_a_change_is_found_after_a_reset_and_if_it_was_deployed_before_the_first_tick(
    ticks: Ticks, dg_project: DgProject
) -> None:
    dg_project.write_component(translation=ON_CODE_CHANGE)
    ticks.run()
    edit(dg_project, "macros/shout.sql", "upper", "lower")
    assert ticks.tick() == ["customers"]
    ticks.forget()
    assert ticks.tick() == ["customers"]
    ticks.run("customers")
    ticks.forget()
    assert ticks.tick() == []


@pytest.mark.slow
def test_after_a_failed_run_a_model_waits_for_the_next_change(
    ticks: Ticks, dg_project: DgProject
) -> None:
    dg_project.write_component(translation=ON_CODE_CHANGE)
    ticks.run()
    edit(dg_project, "models/marts/report.sql", "name, orders", "nmae, orders")
    assert ticks.tick() == ["reporting/report"]
    failed = run(
        dg_project.load(), dg.AssetSelection.assets("reporting/report"), instance=ticks.instance
    )
    assert not failed.success
    assert [ticks.tick(), ticks.tick()] == [[], []]
    edit(dg_project, "models/marts/report.sql", "nmae", "name")  # as it was built at last
    assert ticks.tick() == []
    edit(dg_project, "models/marts/report.sql", "name, orders", "orders, name")
    assert ticks.tick() == ["reporting/report"]


@pytest.mark.slow
def test_the_last_partition_is_requested_if_its_own_code_is_old(
    ticks: Ticks, dg_project: DgProject, instance: dg.DagsterInstance
) -> None:
    dg_project.write_component(
        translation={
            **ON_CODE_CHANGE,
            "partitions_def": {"type": "daily", "start_date": "2024-02-20"},
        }
    )

    def build(day: str) -> None:
        outcome = run(dg_project.load(), partition_key=day, instance=instance)
        assert outcome.success, outcome.failure

    build("2024-02-28")
    edit(dg_project, "macros/shout.sql", "upper", "lower")
    assert ticks.tick() == []  # the last partition, of 29 February, was never materialized
    build("2024-02-29")
    assert ticks.tick() == []
    edit(dg_project, "macros/shout.sql", "lower", "trim")
    assert ticks.tick() == ["customers"]
    assert ticks.tick() == []


# -- names ---------------------------------------------------------------------------------------------


def test_eager_ignores_sources_that_dagster_knows_nothing_of(
    ticks: Ticks, dg_project: DgProject
) -> None:
    dg_project.write_component(translation={"automation_condition": "eager"})
    ticks.run()
    assert ticks.tick() == []
    ticks.run("raw_orders")
    assert "from_source" in ticks.tick()


def test_on_cron_waits_for_tables_and_not_for_unknown_sources(
    ticks: Ticks, dg_project: DgProject
) -> None:
    dg_project.write_component(
        translation={"automation_condition": 'on_cron("0 5 * * *", "Europe/Berlin")'}
    )
    ticks.run()
    ticks.time = datetime.datetime(2024, 3, 1, 3, 30, tzinfo=datetime.timezone.utc)
    assert ticks.tick() == []
    requested = ticks.tick(hours=0.5)  # five o'clock in Berlin has passed
    assert {"raw_orders", "stg_orders", "from_source", "customers"} <= set(requested)


def test_the_condition_of_dbt_is_the_default_and_yaml_wins(dg_project: DgProject) -> None:
    edit(
        dg_project,
        "models/marts/customers.sql",
        "select c.",
        "{{ config(meta={'dagster': {'automation_condition': 'eager',"
        " 'freshness_policy': {'maximum_lag_minutes': 1440, 'cron_schedule': '0 9 * * *'}}}) }}\nselect c.",
    )
    dg_project.write_component()
    spec = specs_of(dg_project.load())["customers"]
    assert spec.automation_condition is not None
    assert spec.automation_condition.get_label() == "eager"
    assert spec.freshness_policy == dg.FreshnessPolicy.cron(
        deadline_cron="0 9 * * *", lower_bound_delta=datetime.timedelta(days=1)
    )
    dg_project.write_component(
        translation={
            "automation_condition": {"type": "on_cron", "cron_schedule": "0 5 * * *"},
            "freshness_policy": {"type": "time_window", "fail_window_hours": "{{ 12 * 2 }}"},
        }
    )
    spec = specs_of(dg_project.load())["customers"]
    assert spec.automation_condition is not None
    assert spec.automation_condition.get_label() == "on_cron(0 5 * * *, UTC)"
    assert spec.freshness_policy == dg.FreshnessPolicy.time_window(
        fail_window=datetime.timedelta(days=1)
    )


def test_errors_name_the_node_and_its_file_or_the_key_and_its_line(dg_project: DgProject) -> None:
    dg_project.write_component(translation={"automation_condition": "eagr"})
    with pytest.raises(DagsterDbtError) as caught:
        dg_project.load()
    assert "translation.automation_condition" in str(caught.value)
    assert "Did you mean 'eager'?" in str(caught.value)
    assert "defs.yaml:" in str(caught.value)
    dg_project.write_component()
    edit(
        dg_project,
        "models/marts/customers.sql",
        "select c.",
        "{{ config(meta={'dagster': {'automation_condition': '__import__(\"os\")'}}) }}\nselect c.",
    )
    with pytest.raises(DagsterDbtError) as caught:
        dg_project.load()
    assert "meta.dagster.automation_condition of model.shop.customers" in str(caught.value)
    assert "there is no automation condition '__import__'" in str(caught.value)
    assert "models/marts/customers.sql" in str(caught.value)


# -- views ---------------------------------------------------------------------------------------------


def test_views_are_built_if_missing_or_changed_and_automation_looks_through_them(
    ticks: Ticks, dg_project: DgProject
) -> None:
    dg_project.write_component(
        views="on_code_change", translation={"automation_condition": "eager"}
    )
    ticks.run("raw_orders", "raw_customers")
    assert ticks.tick() == ["from_source", "stg_customers", "stg_orders"]
    ticks.run()
    assert ticks.tick() == []
    ticks.run("raw_orders")  # the tables on views of it follow, the views don't
    assert ticks.tick() == ["customers", "daily_orders", "reporting/report"]
    ticks.run("customers", "daily_orders", "reporting/report")
    assert ticks.tick() == []
    edit(dg_project, "models/staging/stg_customers.sql", "name", "name, 1 as one")
    assert ticks.tick() == ["customers", "customers_snapshot", "reporting/report", "stg_customers"]


@pytest.mark.slow
def test_a_table_does_not_run_before_a_view_that_is_missing(
    ticks: Ticks, dg_project: DgProject
) -> None:
    dg_project.write_component(
        views="on_code_change", translation={"automation_condition": "eager"}
    )
    table = dg.AssetSelection.assets("daily_orders")  # as if a sensor of its own evaluated it
    ticks.run()
    ticks.instance.wipe_assets([dg.AssetKey("stg_orders")])
    assert ticks.tick(only=table) == []
    ticks.run("raw_orders")
    assert ticks.tick(only=table) == []
    ticks.run("stg_orders")
    assert ticks.tick(only=table) == ["daily_orders"]


def test_virtual_views_are_what_the_setting_makes_of_them(dg_project: DgProject) -> None:
    dg_project.write_component(views="virtual")
    by_key = specs_of(dg_project.load())
    dg_project.write_component(translation_settings={"enable_dbt_views_as_virtual_assets": True})
    by_setting = specs_of(dg_project.load())
    shown = {key: (spec.is_virtual, spec.kinds) for key, spec in by_key.items()}
    assert shown == {key: (spec.is_virtual, spec.kinds) for key, spec in by_setting.items()}
    assert by_key["stg_orders"].is_virtual and not by_key["customers"].is_virtual


def test_eager_follows_the_parents_of_virtual_views(ticks: Ticks, dg_project: DgProject) -> None:
    dg_project.write_component(views="virtual", translation={"automation_condition": "eager"})
    ticks.run("raw_orders", "raw_customers", "stg_customers", "stg_orders", "daily_orders")
    ticks.instance.wipe_assets([dg.AssetKey("stg_orders")])  # no table needs to know of a view
    assert ticks.tick() == []
    ticks.run("raw_orders")
    assert "daily_orders" in ticks.tick()


def test_a_setting_that_contradicts_views_is_refused(dg_project: DgProject) -> None:
    dg_project.write_component(
        views="always", translation_settings={"enable_dbt_views_as_virtual_assets": True}
    )
    with pytest.raises(DagsterDbtError, match="`views` is 'always', but"):
        dg_project.load()


# -- the sensor ----------------------------------------------------------------------------------------


def sensors_of(defs: dg.Definitions) -> dict[str, Any]:
    return {sensor.name: sensor for sensor in defs.get_repository_def().sensor_defs}


def targets(defs: dg.Definitions, sensor: str) -> set[str]:
    selection = sensors_of(defs)[sensor].asset_selection
    return {key.to_user_string() for key in selection.resolve(defs.resolve_asset_graph())}


def test_the_sensor_takes_what_dagster_can_not_evaluate(dg_project: DgProject) -> None:
    dg_project.write_component(translation={"automation_condition": "eager"})
    assert list(sensors_of(dg_project.load())) == ["default_automation_condition_sensor"]
    dg_project.write_component(
        views="on_code_change", translation={"automation_condition": "eager"}
    )
    defs = dg_project.load()
    assert targets(defs, "shop_automation") == {"stg_orders", "stg_customers", "from_source"}
    others = targets(defs, "default_automation_condition_sensor")
    assert {"customers", "raw_orders"} <= others and "stg_orders" not in others
    dg_project.write_component(
        views="on_code_change",
        translation={"automation_condition": "eager"},
        automation_sensor={"default_status": "RUNNING", "minimum_interval_seconds": 60},
    )
    defs = dg_project.load()
    (sensor,) = sensors_of(defs).values()
    assert targets(defs, "shop_automation") >= {"stg_orders", "customers", "raw_orders"}
    assert sensor.default_status is dg.DefaultSensorStatus.RUNNING
    assert sensor.minimum_interval_seconds == 60
    dg_project.write_component(
        views="on_code_change",
        translation={"automation_condition": "eager"},
        automation_sensor={"enabled": False},
    )
    assert list(sensors_of(dg_project.load())) == ["default_automation_condition_sensor"]


def test_a_tick_of_the_sensor_requests_one_run(
    dg_project: DgProject, ticks: Ticks, tmp_path: Path
) -> None:
    dg_project.write_component(translation=ON_CODE_CHANGE)
    with dg.DagsterInstance.local_temp(str(tmp_path)) as instance:
        ticks.instance = instance
        ticks.run()
        edit(dg_project, "macros/shout.sql", "upper", "lower")
        edit(dg_project, "models/marts/report.sql", "name, orders", "name, orders, 1 as one")
        defs = dg_project.load()
        sensor = sensors_of(defs)["shop_automation"]
        with dg.build_sensor_context(instance, repository_def=defs.get_repository_def()) as context:
            found = sensor.evaluate_tick(context)
        (request,) = found.run_requests
        assert {key.to_user_string() for key in request.asset_selection} == {
            "customers",
            "reporting/report",
        }
        with dg.build_sensor_context(
            instance, repository_def=defs.get_repository_def(), cursor=found.cursor
        ) as context:
            assert sensor.evaluate_tick(context).run_requests == []
