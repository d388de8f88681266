"""docs/python.md: every file of the page is executed, and does what the text says."""

import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from dbt_component import DagsterDbtCliRuntimeError, DbtManifestAssetSelection, DbtProject
from dbt_component.execution.resource import DbtCliResource
from tests.dg_project import RunOutcome, checks_of, run, specs_of
from tests.equivalence.databases import DuckDatabase
from tests.python_page import PythonPage, python_files

STAGING = {"stg_customers", "stg_orders", "stg_contacts"}
MARTS = {"customers", "orders_by_day"}
CHECKS = {
    "stg_orders:unique_stg_orders_order_id",
    "stg_customers:unique_stg_customers_customer_id",
    "customers:unique_customers_customer_id",
    "customers:not_null_customers_customer_id",
    "orders_by_day:not_null_orders_by_day_ordered_on",
}

pytestmark = pytest.mark.server

DAYS = [("2024-01-03", 1), ("2024-01-04", 2)]

_claims: dict[str, Callable[[PythonPage, Any], None]] = {}


def claim(file: str) -> Callable[[Callable[[PythonPage, Any], None]], Any]:
    """The function checks what the page says about a file; it gets the page and the imported module."""

    def keep(function: Callable[[PythonPage, Any], None]) -> Callable[[PythonPage, Any], None]:
        _claims[file] = function
        return function

    return keep


@pytest.fixture(scope="module", params=[pytest.param("duckdb", marks=pytest.mark.slow), "postgres"])
def page(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[PythonPage]:
    root = tmp_path_factory.mktemp("python-page")
    if request.param == "duckdb":
        database: Any = DuckDatabase(root / "database")
    else:
        database = request.getfixturevalue("postgres")
    yield PythonPage(root, database)


@pytest.mark.parametrize("file", python_files())
def test_every_file_does_what_the_page_says(file: str, page: PythonPage, in_dev: None) -> None:
    page.create_raw_tables()
    with page.importable():
        _claims[file](page, page.module(file))


def built(outcome: RunOutcome) -> set[str]:
    assert outcome.success, outcome.failure
    return set(outcome.materialized)


def build(module: Any, *names: str, **options: Any) -> RunOutcome:
    selection = dg.AssetSelection.assets(*names) if names else None
    return run(module.defs, selection, **options)


def orders_by_day(page: PythonPage) -> list[tuple[str, int]]:
    query = "select cast(ordered_on as varchar), orders from dev.orders_by_day order by 1"
    return [(day, orders) for day, orders in page.database.rows(query)]


@claim("project.py")
def _(page: PythonPage, module: Any) -> None:
    manifest = module.project.manifest_path
    assert manifest == page.dbt_folder / "target" / "manifest.json"
    before = manifest.stat().st_mtime_ns
    module.project.prepare_if_dev()
    assert manifest.stat().st_mtime_ns == before


@claim("assets.py")
def _(page: PythonPage, module: Any) -> None:
    outcome = build(module)
    assert built(outcome) == STAGING | MARTS
    assert outcome.checks.keys() == CHECKS and all(outcome.checks.values())
    some = build(module, "stg_orders")
    assert built(some) == {"stg_orders"}
    assert some.checks.keys() == {"stg_orders:unique_stg_orders_order_id"}


@claim("steps.py")
def _(page: PythonPage, module: Any) -> None:
    outcome = build(module)
    assert built(outcome) == STAGING | MARTS and outcome.checks.keys() == CHECKS


@claim("full_refresh.py")
def _(page: PythonPage, module: Any) -> None:
    assert built(build(module)) == STAGING | MARTS
    page.database.run(["update dev.orders_by_day set orders = 99"])
    page.database.run(["insert into dev.orders_by_day values (date '2000-01-01', 1)"])
    assert built(build(module)) >= MARTS
    assert orders_by_day(page)[0] == ("2000-01-01", 1)  # an incremental run keeps it
    assert module.defs.resolve_job_def("rebuild").execute_in_process().success
    assert orders_by_day(page) == DAYS


@claim("partitions.py")
def _(page: PythonPage, module: Any) -> None:
    built(build(page.module("assets"), "stg_orders"))
    assert built(build(module, "orders_by_day", partition_key="2024-01-04")) == {"orders_by_day"}
    assert orders_by_day(page) == DAYS[1:]
    policy = module.daily.backfill_policy
    assert policy == dg.BackfillPolicy.single_run()
    window = {
        "dagster/asset_partition_range_start": "2024-01-01",
        "dagster/asset_partition_range_end": "2024-01-31",
    }
    assert build(module, "orders_by_day", tags=window).success
    assert orders_by_day(page) == DAYS


@claim("several.py")
def _(page: PythonPage, module: Any) -> None:
    keys = {key.to_user_string() for key in module.the_rest.keys}
    assert keys == STAGING | {"customers"}
    assert {key.to_user_string() for key in module.daily.keys} == {"orders_by_day"}
    selection = DbtManifestAssetSelection.build(
        manifest=page.module("project").project, select="path:models/marts"
    )
    graph = module.defs.get_repository_def().asset_graph
    assert {key.to_user_string() for key in selection.resolve(graph)} == MARTS


@claim("schedules.py")
def _(page: PythonPage, module: Any) -> None:
    job = module.defs.resolve_job_def("nightly_marts")
    result = job.execute_in_process()
    assert result.success
    launched = {
        event.asset_key.to_user_string()
        for event in result.all_events
        if event.is_step_materialization and event.asset_key
    } | {check.check_name for check in result.get_asset_check_evaluations()}
    argv = ["dbt", "ls", "--quiet", "--select", "+path:models/marts", "--output", "name"]
    argv += ["--exclude", "resource_type:source"]
    done = subprocess.run(argv, cwd=page.dbt_folder, capture_output=True, text=True, check=True)
    assert launched == set(done.stdout.split())
    assert module.nightly.name == "nightly_marts_schedule"


@claim("downstream.py")
def _(page: PythonPage, module: Any) -> None:
    (dep,) = specs_of(module.defs)["newsletter"].deps
    assert dep.asset_key == dg.AssetKey("customers")


@claim("upstream.py")
def _(page: PythonPage, module: Any) -> None:
    assets = page.module("assets")
    defs = dg.Definitions.merge(module.defs, assets.defs)
    outcome = run(defs)
    feeding = {"raw/customers", "raw/orders", "crm/contacts_of_today"}
    assert built(outcome) == feeding | STAGING | MARTS
    order = outcome.materialized
    assert max(map(order.index, feeding)) < min(map(order.index, STAGING))


@claim("frames.py")
def _(page: PythonPage, module: Any) -> None:
    outcome = build(module)
    assert {"best_customer", "busiest"} <= built(outcome)


@claim("translator.py")
def _(page: PythonPage, module: Any) -> None:
    spec = specs_of(module.defs)["warehouse/customers"]
    assert spec.group_name == "marts"
    assert spec.description == "One row for each customer."
    assert specs_of(module.defs)["warehouse/stg_orders"].description == "Not described."
    assert spec.owners == ["team:jaffle"]
    assert spec.tags["layer"] == "marts"
    assert spec.metadata["path"] == "models/marts/customers.sql"
    assert spec.automation_condition == dg.AutomationCondition.eager()
    assert spec.freshness_policy is not None
    assert {dep.asset_key.to_user_string() for dep in spec.deps} == {
        f"warehouse/{name}" for name in STAGING
    }
    outcome = build(module)
    assert built(outcome) == {f"warehouse/{name}" for name in STAGING | MARTS}
    assert outcome.checks.keys() == {f"warehouse/{name}" for name in CHECKS}


@claim("partition_mapping.py")
def _(page: PythonPage, module: Any) -> None:
    (dep,) = specs_of(module.defs)["orders_by_day"].deps
    assert dep.partition_mapping == dg.TimeWindowPartitionMapping(start_offset=-1, end_offset=-1)


@claim("settings.py")
def _(page: PythonPage, module: Any) -> None:
    names = {check.partition(":")[2] for check in checks_of(module.defs)}
    assert names == {"unique_stg_orders_order_id", "unique_stg_customers_customer_id"}
    reference = specs_of(module.defs)["stg_orders"].metadata["dagster/code_references"]
    assert str(reference.code_references[0].file_path).endswith("models/staging/stg_orders.sql")
    outcome = build(module)
    assert built(outcome) == STAGING | MARTS
    observed = {
        event.asset_observation_data.asset_observation.metadata.get("unique_id")
        for event in outcome.events
        if event.is_asset_observation
    }
    assert len(observed) >= 1 and "customers" in outcome.observations


@claim("fetched.py")
def _(page: PythonPage, module: Any) -> None:
    metadata = build(module).metadata
    assert metadata["customers"]["dagster/row_count"] == 2
    assert "dagster/row_count" not in metadata["stg_orders"]
    columns = metadata["stg_orders"]["dagster/column_schema"].columns
    assert [column.name for column in columns] == [
        "order_id",
        "customer_id",
        "amount",
        "ordered_on",
    ]


@claim("retries.py")
def _(page: PythonPage, module: Any) -> None:
    outcome = build(module)  # tests/execution/test_node_retry.py has the failures
    assert built(outcome) == STAGING | MARTS and outcome.checks.keys() == CHECKS
    assert not any("attempts" in metadata for metadata in outcome.metadata.values())


@claim("anywhere.py")
def _(page: PythonPage, module: Any) -> None:
    result = module.defs.resolve_job_def("rebuild_job").execute_in_process()
    materialized = {
        event.asset_key.to_user_string()
        for event in result.all_events
        if event.is_step_materialization and event.asset_key
    }
    assert materialized == {"stg_orders", "orders_by_day"}
    names = {name.rpartition(".")[2] for name in module.table_names()}
    assert names >= STAGING | MARTS


@claim("deferred.py")
def _(page: PythonPage, module: Any) -> None:
    assert DbtCliResource(project_dir=module.project).get_defer_args() == []
    production = DbtProject(page.dbt_folder, target="production", target_path=Path("target/prod"))
    dbt = DbtCliResource(project_dir=production)
    dbt.cli(["build"]).wait()
    production.preparer.prepare(production)
    (page.root / "production").mkdir()
    shutil.copy(production.manifest_path, page.root / "production")
    try:
        outcome = build(module, "orders_by_day")
        assert built(outcome) == {"orders_by_day"}
        relations = page.database.read_relations()
        assert "dev.orders_by_day" in relations and "dev.stg_orders" not in relations
    finally:
        shutil.rmtree(page.root / "production")


@claim("environments.py")
def _(page: PythonPage, module: Any) -> None:
    assert module.project.target == "dev"
    assert module.project.manifest_path == page.dbt_folder / "target" / "dev" / "manifest.json"
    assert built(build(module)) == STAGING | MARTS


@claim("test_jaffle.py")
def _(page: PythonPage, module: Any) -> None:
    module.test_staging_builds()
    page.database.clear()
    with pytest.raises(DagsterDbtCliRuntimeError, match="stg_orders"):
        module.test_staging_builds()


def test_every_file_has_a_claim() -> None:
    assert _claims.keys() == set(python_files())
