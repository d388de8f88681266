"""Every recipe of docs/recipes.md, loaded from the page and run."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import dagster as dg
import duckdb
import pytest

from tests.dg_project import DgProject, checks_of, run, specs_of

PAGE = Path(__file__).parents[1] / "docs" / "recipes.md"

pytestmark = [pytest.mark.server, pytest.mark.usefixtures("in_dev")]


class Recipe(NamedTuple):
    """The blocks of a recipe, by language."""

    yaml: str
    sql: str


def recipes() -> dict[str, Recipe]:
    found = {}
    for section in PAGE.read_text().split("\n## ")[1:]:
        blocks = dict(re.findall(r"```(\w+)\n(.*?)```", section, flags=re.DOTALL))
        found[section.partition("\n")[0]] = Recipe(blocks["yaml"], blocks.get("sql", ""))
    return found


class Kitchen(NamedTuple):
    """The project that a recipe is tried on."""

    project: DgProject
    recipe: Recipe

    def load(self) -> dg.Definitions:
        self.project.write_yaml(f"type: dbt_component.DbtProjectComponent\n{self.recipe.yaml}")
        return self.project.load()

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        with duckdb.connect(str(self.project.dbt_folder / "shop.duckdb")) as connection:
            return connection.execute(query).fetchall()


def partitions(kitchen: Kitchen) -> None:
    model = kitchen.project.dbt_folder / "models" / "marts" / "daily_orders.sql"
    model.write_text(kitchen.recipe.sql)
    defs = kitchen.load()
    asset = dg.AssetSelection.assets("daily_orders").without_checks()
    parents = dg.AssetSelection.assets("raw_orders", "stg_orders").without_checks()
    assert run(defs, parents).success
    query = "select ordered_on::text, orders from main.daily_orders order by 1"
    for day in ("2024-01-02", "2024-01-01"):
        outcome = run(defs, asset, partition_key=day)
        assert outcome.success, outcome.failure
    assert kitchen.rows(query) == [("2024-01-01", 1), ("2024-01-02", 2)]
    tags = {
        "dagster/asset_partition_range_start": "2024-01-01",
        "dagster/asset_partition_range_end": "2024-01-31",
    }
    outcome = run(defs, asset, tags=tags)
    assert outcome.success, outcome.failure
    in_one_run = kitchen.rows(query)
    assert in_one_run == [("2024-01-01", 1), ("2024-01-02", 2), ("2024-01-03", 1)]


def schedules(kitchen: Kitchen) -> None:
    @dg.asset(deps=[dg.AssetKey(["reporting", "report"])])
    def slides() -> None: ...

    defs = dg.Definitions.merge(kitchen.load(), dg.Definitions(assets=[slides]))
    # One of the tests of `customers` also reads `daily_orders`.
    assert run(defs, dg.AssetSelection.assets("daily_orders").upstream().without_checks()).success
    repository = defs.get_repository_def()
    assert repository.get_schedule_def("morning_reports").job_name == "reports"
    launched = repository.get_job("reports").execute_in_process()
    assert launched.success
    built = {
        event.asset_key.to_user_string()
        for event in launched.get_asset_materialization_events()
        if event.asset_key
    }
    assert {"slides", "reporting/report", "customers"} <= built
    assert "daily_orders" not in built
    staging = repository.get_job("hourly_staging_job").execute_in_process()
    assert staging.success
    built = {
        event.asset_key.to_user_string()
        for event in staging.get_asset_materialization_events()
        if event.asset_key
    }
    assert built == {"stg_orders", "stg_customers", "from_source"}


def pools(kitchen: Kitchen) -> None:
    defs = kitchen.load()
    nodes = defs.get_repository_def().get_job("__ASSET_JOB").all_node_defs
    found = {op.name: op.pool for op in nodes if isinstance(op, dg.OpDefinition)}
    assert found == {"transform": "warehouse", "reports": "reports"}
    outcome = run(defs)
    assert outcome.success, outcome.failure


def freshness(kitchen: Kitchen) -> None:
    schema = kitchen.project.dbt_folder / "models" / "schema.yml"
    text = schema.read_text()
    stale = text.replace(
        "      - name: raw_orders\n        config:",
        "      - name: raw_orders\n        loaded_at_field: \"timestamp '2020-01-01'\"\n"
        "        freshness: {error_after: {count: 1, period: day}}\n        config:",
    )
    assert stale != text
    schema.write_text(stale)
    defs = kitchen.load()
    name = next(each for each in checks_of(defs) if each.endswith(":freshness"))
    outcome = run(defs, dg.AssetSelection.assets("raw_orders", "from_source"))
    assert not outcome.success
    assert outcome.checks[name] is False
    assert outcome.materialized == ["raw_orders"]
    assert "from_source" in outcome.observations
    assert defs.get_repository_def().has_job("shop_source_freshness_job")


def automation(kitchen: Kitchen) -> None:
    defs = kitchen.load()
    instance = dg.DagsterInstance.ephemeral()
    assert run(defs, instance=instance).success
    (sensor,) = defs.get_repository_def().sensor_defs
    assert sensor.default_status is dg.DefaultSensorStatus.RUNNING
    cursor = None
    for _ in range(2):
        result = dg.evaluate_automation_conditions(defs=defs, instance=instance, cursor=cursor)
        cursor = result.cursor
    assert result.total_requested == 0
    model = kitchen.project.dbt_folder / "models" / "marts" / "report.sql"
    model.write_text(model.read_text().replace("name, orders", "orders, name"))
    changed = kitchen.project.load()
    result = dg.evaluate_automation_conditions(defs=changed, instance=instance, cursor=cursor)
    assert result.get_num_requested(dg.AssetKey(["reporting", "report"])) == 1
    assert result.get_num_requested(dg.AssetKey("customers")) == 0


def unchanged(kitchen: Kitchen) -> None:
    defs = kitchen.load()
    instance = dg.DagsterInstance.ephemeral()
    assert run(defs, instance=instance).success
    selection = dg.AssetSelection.assets(
        "raw_customers", "stg_customers", "raw_orders", "stg_orders", "customers"
    )
    again = run(defs, selection, instance=instance)
    assert again.success, again.failure
    assert again.materialized == []
    assert "unchanged" in again.observations["stg_customers"].lower()


def exposures(kitchen: Kitchen) -> None:
    specs = specs_of(kitchen.load())
    spec = specs["exposures/board"]
    assert [dep.asset_key.to_user_string() for dep in spec.deps] == ["reporting/report"]
    assert spec.owners == ["board@example.com"]


TRIED: dict[str, Callable[[Kitchen], None]] = {
    "A day is a partition, and a backfill is one run": partitions,
    "Staging every hour, reports every morning, and what Python makes of them": schedules,
    "Two pools, so that reports never wait for staging": pools,
    "Check the age of sources, and build nothing from stale ones": freshness,
    "Build when parents were built, or when code changed": automation,
    "Build only what changed": unchanged,
    "Dashboards in the asset graph": exposures,
}


def test_every_recipe_is_tried() -> None:
    assert list(recipes()) == list(TRIED)


@pytest.mark.parametrize("title", TRIED)
def test_it_does_what_it_says(dg_project: DgProject, title: str) -> None:
    TRIED[title](Kitchen(dg_project, recipes()[title]))
