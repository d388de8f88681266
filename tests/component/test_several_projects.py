"""Two projects on one PostgreSQL: a source of one is a model of the other, by the name of its table."""

import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
import yaml
from click.testing import CliRunner

from dbt_component.cli import main
from tests.dg_project import DgProject, run
from tests.equivalence.databases import PostgresDatabase

pytestmark = [pytest.mark.usefixtures("in_dev", "shared_states"), pytest.mark.server]

SHOP = {
    "dbt_project.yml": "{name: shop, version: '1.0', profile: p, flags: {send_anonymous_usage_stats: false}}",
    "seeds/raw_orders.csv": "id,amount\n1,10\n2,20\n",
    "models/orders.sql": "{{ config(materialized='table') }} select * from {{ ref('raw_orders') }}",
    "models/open_orders.sql": "{{ config(materialized='view') }} select * from {{ ref('orders') }}",
    "models/folded.sql": "{{ config(materialized='table', alias='Folded') }} select 1 as id",
    "snapshots/orders_history.yml": yaml.safe_dump(
        {
            "snapshots": [
                {
                    "name": "orders_history",
                    "relation": "ref('orders')",
                    "config": {"unique_key": "id", "strategy": "check", "check_cols": "all"},
                }
            ]
        }
    ),
}
SOURCES = {
    "version": 2,
    "sources": [
        {
            "name": "shop",
            "schema": "shop",
            "tables": [
                {
                    "name": "purchases",
                    "identifier": "orders",
                    "columns": [{"name": "id", "data_tests": ["not_null", "unique"]}],
                },
                {"name": "raw_orders"},
                {"name": "open_orders"},
                {"name": "orders_history"},
            ],
        },
        {"name": "other", "schema": "other", "tables": [{"name": "orders"}]},
    ],
}
FINANCE = {
    "dbt_project.yml": "{name: finance, version: '1.0', profile: p, flags: {send_anonymous_usage_stats: false}}",
    "models/sources.yml": yaml.safe_dump(SOURCES),
    "models/revenue.sql": "{{ config(materialized='table') }} select sum(amount) as total from {{ source('shop', 'purchases') }}",
    "models/counts.sql": "{{ config(materialized='table') }} select (select count(*) from {{ source('shop', 'raw_orders') }}) as a,"
    " (select count(*) from {{ source('shop', 'open_orders') }}) as b, (select count(*) from {{ source('shop', 'orders_history') }}) as c",
    "models/elsewhere.sql": "{{ config(enabled=true) }} select 1 as one -- {{ source('other', 'orders') }}",
}


def write(folder: Path, files: Mapping[str, str]) -> None:
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


def add_project(
    project: DgProject,
    database: PostgresDatabase,
    name: str,
    files: Mapping[str, str],
    **attributes: Any,
) -> None:
    """Writes a dbt project, whose schema has its name, and its component."""
    write(project.root / name, files)
    output = {**database.output(), "schema": name, "threads": 2}
    write(
        project.root / name,
        {"profiles.yml": yaml.safe_dump({"p": {"target": "dev", "outputs": {"dev": output}}})},
    )
    project.write_component(name, project=f"{{{{ context.project_root }}}}/{name}", **attributes)


@pytest.fixture
def project(tmp_path: Path, postgres: PostgresDatabase) -> DgProject:
    postgres.clear()
    return DgProject(tmp_path / "dg")


def deps_of(defs: dg.Definitions, key: str) -> set[str]:
    graph = defs.resolve_asset_graph()
    return {parent.to_user_string() for parent in graph.get(dg.AssetKey(key)).parent_keys}


def key(name: str) -> dg.AssetKey:
    return dg.AssetKey.from_user_string(name)


def test_models_seeds_and_snapshots_of_one_project_are_parents_in_the_other(
    project: DgProject, postgres: PostgresDatabase
) -> None:
    add_project(project, postgres, "finance", FINANCE)
    add_project(project, postgres, "shop", SHOP)
    defs = project.load()
    assert deps_of(defs, "revenue") == {"orders"}
    assert deps_of(defs, "counts") == {"raw_orders", "open_orders", "orders_history"}
    assert deps_of(defs, "elsewhere") == {"other/orders"}
    outcome = run(defs)
    assert outcome.success, outcome.failure
    order = outcome.materialized.index
    assert order("orders") < order("revenue") and order("orders_history") < order("counts")
    assert postgres.rows("select total from finance.revenue") == [(30,)]
    assert outcome.observations.keys() == {"orders"}  # tests of the source


def test_tests_of_such_a_source_are_checks_of_the_model(
    project: DgProject, postgres: PostgresDatabase
) -> None:
    add_project(
        project,
        postgres,
        "finance",
        FINANCE,
        translation_settings={"enable_source_tests_as_checks": True},
        schedules=[{"name": "nightly", "cron_schedule": "0 5 * * *", "select": "+revenue"}],
    )
    add_project(project, postgres, "shop", SHOP)
    defs = project.load()
    names = {"source_not_null_shop_purchases_id", "source_unique_shop_purchases_id"}
    checks = {dg.AssetCheckKey(key("orders"), name) for name in names}
    assert checks <= defs.resolve_asset_graph().asset_check_keys
    outcome = run(defs)
    assert outcome.success, outcome.failure
    assert outcome.checks == {f"orders:{name}": True for name in names}
    outcome = run(
        defs, dg.AssetSelection.assets("revenue")
    )  # the step runs the tests of what it reads
    assert outcome.success, outcome.failure
    assert outcome.checks == {f"orders:{name}": True for name in names}
    job = defs.get_repository_def().get_job("nightly_job")
    result = job.execute_in_process()
    assert {e.asset_check_key for e in result.get_asset_check_evaluations()} == checks


@pytest.mark.slow
def test_two_sources_with_one_table_are_one_parent(
    project: DgProject, postgres: PostgresDatabase
) -> None:
    twice = yaml.safe_load(FINANCE["models/sources.yml"])
    twice["sources"].append({"name": "again", "schema": "shop", "tables": [{"name": "orders"}]})
    model = "{{ config(materialized='table') }} select count(*) as n from {{ source('again', 'orders') }}"
    files = {**FINANCE, "models/sources.yml": yaml.safe_dump(twice), "models/number.sql": model}
    add_project(project, postgres, "finance", files)
    add_project(project, postgres, "shop", SHOP)
    defs = project.load()
    assert deps_of(defs, "number") == deps_of(defs, "revenue") == {"orders"}
    outcome = run(defs)
    assert outcome.success, outcome.failure


def test_two_projects_may_describe_one_raw_table_differently(
    project: DgProject, postgres: PostgresDatabase
) -> None:
    def raw(description: str, data_type: str) -> dict[str, Any]:
        column = {"name": "id", "description": description, "data_type": data_type}
        table = {"name": "orders", "columns": [column], "description": description}
        return {"version": 2, "sources": [{"name": "raw", "tables": [table]}]}

    for name, data_type in (("first", "integer"), ("second", "bigint")):
        files = {
            "dbt_project.yml": FINANCE["dbt_project.yml"].replace("finance", name),
            "models/sources.yml": yaml.safe_dump(raw(name, data_type)).replace(
                "name: raw", "name: raw\n  schema: raw"
            ),
            f"models/of_{name}.sql": "select 1 as one -- {{ source('raw', 'orders') }}",
        }
        add_project(project, postgres, name, files)
    defs = project.load()
    assert deps_of(defs, "of_first") == deps_of(defs, "of_second") == {"raw/orders"}


@pytest.mark.slow
def test_names_without_quotes_match_in_any_case(
    project: DgProject, postgres: PostgresDatabase
) -> None:
    sources = {
        "version": 2,
        "sources": [
            {
                "name": "shop",
                "schema": "SHOP",
                "quoting": {"schema": False, "identifier": False},
                "tables": [{"name": "ORDERS"}],
            },
            {"name": "quoted", "schema": "shop", "tables": [{"name": "ORDERS"}]},
        ],
    }
    files = {
        "dbt_project.yml": FINANCE["dbt_project.yml"],
        "models/sources.yml": yaml.safe_dump(sources),
        "models/n.sql": "{{ config(materialized='table') }} select count(*) as n from {{ source('shop', 'ORDERS') }}",
        "models/q.sql": "select 1 as one -- {{ source('quoted', 'ORDERS') }}",
    }
    add_project(project, postgres, "finance", files)
    add_project(project, postgres, "shop", SHOP)
    defs = project.load()
    assert deps_of(defs, "n") == {"orders"}
    assert deps_of(defs, "q") == {"quoted/ORDERS"}
    outcome = run(defs)
    assert outcome.success, outcome.failure


def test_doctor_says_which_sources_are_assets_and_which_almost_are(
    project: DgProject, postgres: PostgresDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    add_project(project, postgres, "finance", FINANCE)
    add_project(project, postgres, "shop", SHOP)
    project.load()
    postgres.clear()

    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("a process was started")

    monkeypatch.setattr(subprocess, "Popen", refuse)
    shown = CliRunner().invoke(main, ["doctor", "--project", str(project.root)]).output
    table = '"eq_work"."shop"."orders"'
    assert f"source shop.purchases (table {table}) is made by asset orders of " in shown
    assert "source shop.raw_orders" in shown and "is made by asset raw_orders of" in shown
    assert (
        'source other.orders (table "eq_work"."other"."orders") is made by no dbt asset. Of the same name:'
        " eq_work.shop.orders by asset orders of "
    ) in shown


def test_a_project_that_is_loaded_anew_finds_a_table_that_has_moved(
    project: DgProject, postgres: PostgresDatabase
) -> None:
    add_project(project, postgres, "finance", FINANCE)
    add_project(project, postgres, "shop", SHOP)
    assert deps_of(project.load(), "revenue") == {"orders"}
    write(
        project.root / "shop",
        {"models/orders.sql": "{{ config(materialized='table', alias='o') }} select 1 as id"},
    )
    assert deps_of(project.load(), "revenue") == {"shop/purchases"}
