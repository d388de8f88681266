"""load_assets_from_dbt_project and load_assets_from_dbt_manifest, as older code bases call them."""

import json
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

import dagster as dg
import duckdb
import pytest

from dbt_component import (
    DagsterDbtTranslator,
    DbtCliResource,
    KeyPrefixDagsterDbtTranslator,
    dbt_cli_resource,
    group_from_dbt_resource_props_fallback_to_directory,
    load_assets_from_dbt_manifest,
    load_assets_from_dbt_project,
)
from dbt_component.errors import (
    DagsterDbtManifestNotFoundError,
    DagsterDbtProjectNotFoundError,
    DefinitionError,
    PrepareError,
    SelectionError,
    UnknownNodeError,
)
from dbt_component.project.state import StateFile
from tests.dg_project import DgProject, run

pytestmark = pytest.mark.filterwarnings("ignore::dagster.SupersessionWarning")
DAILY = dg.DailyPartitionsDefinition("2024-01-01", end_date="2024-01-05")


@pytest.fixture
def folder(dg_project: DgProject, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("SHOP_DATABASE", str(dg_project.root / "shop.duckdb"))
    return dg_project.dbt_folder


@pytest.fixture
def manifest(folder: Path, shop_state: StateFile) -> dict[str, Any]:
    content: dict[str, Any] = json.loads(shop_state.read_manifest_json())
    return content


def names(assets: Any) -> set[str]:
    return {key.to_user_string() for made in assets for key in made.keys}


def defined(folder: Path, *assets: Any, **resources: Any) -> dg.Definitions:
    dbt = dbt_cli_resource.configured({"project_dir": str(folder)})
    return dg.Definitions(assets=assets, resources={"dbt": dbt, **resources})


def query(folder: Path, sql: str) -> list[tuple[Any, ...]]:
    with duckdb.connect(str(folder.parent / "shop.duckdb"), read_only=True) as connection:
        return connection.execute(sql).fetchall()


def test_both_functions_say_what_supersedes_them(manifest: dict[str, Any], tmp_path: Path) -> None:
    with pytest.warns(
        dg.SupersessionWarning, match="load_assets_from_dbt_manifest.*@dbt_assets"
    ) as shown:
        load_assets_from_dbt_manifest(manifest)
    assert {Path(warning.filename) for warning in shown} == {Path(__file__)}
    with (
        pytest.warns(dg.SupersessionWarning, match="load_assets_from_dbt_project.*@dbt_assets"),
        pytest.raises(DagsterDbtProjectNotFoundError),
    ):
        load_assets_from_dbt_project(str(tmp_path / "none"))


def test_a_manifest_gives_one_multi_asset_with_checks(manifest: dict[str, Any]) -> None:
    (made,) = load_assets_from_dbt_manifest(manifest_json=manifest)
    assert made.op.name == "run_dbt_shop"
    assert made.can_subset
    assert made.required_resource_keys >= {"dbt"}
    assert {"customers", "reporting/report", "raw_orders"} <= names([made])
    assert "unique_customers_customer_id" in {key.name for key in made.check_keys}
    assert made.backfill_policy is None


def test_a_path_and_the_decoded_content_give_the_same(
    manifest: dict[str, Any], tmp_path: Path
) -> None:
    path = tmp_path / "manifest.json"
    path.write_text(json.dumps(manifest))
    assert names(load_assets_from_dbt_manifest(path)) == names(
        load_assets_from_dbt_manifest(manifest)
    )


@pytest.mark.server
def test_a_project_is_prepared_once_and_runs_are_sliced(
    folder: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    (folder / "config").mkdir()
    (folder / "profiles.yml").rename(folder / "config" / "profiles.yml")
    assets = load_assets_from_dbt_project(str(folder))
    assert (folder / "target" / "manifest.json").is_file()
    dbt = dbt_cli_resource.configured(
        {"project_dir": str(folder), "profiles_dir": str(folder / "config")}
    )
    defs = dg.Definitions(assets=dg.with_resources(assets, {"dbt": dbt}))
    outcome = run(defs)
    assert outcome.success, outcome.failure
    assert set(outcome.materialized) == names(assets)
    assert outcome.checks["customers:unique_customers_customer_id"]
    assert ", sliced" in capfd.readouterr().err
    before = (folder / "target" / "dbt_component.state").stat()
    load_assets_from_dbt_project(str(folder))
    assert (folder / "target" / "dbt_component.state").stat() == before


@pytest.mark.server
def test_target_dir_and_profiles_dir_may_lie_elsewhere(folder: Path, tmp_path: Path) -> None:
    profiles = tmp_path / "profiles"
    profiles.mkdir()
    (folder / "profiles.yml").rename(profiles / "profiles.yml")
    target = tmp_path / "artifacts"
    (made,) = load_assets_from_dbt_project(
        str(folder), str(profiles), target_dir=str(target), select="stg_orders"
    )
    assert names([made]) == {"stg_orders"}
    assert (target / "manifest.json").is_file()
    assert not (folder / "target").exists()
    before = (target / "dbt_component.state").stat()  # holds the selection too
    load_assets_from_dbt_project(
        str(folder), str(profiles), target_dir=str(target), select="stg_orders"
    )
    assert (target / "dbt_component.state").stat() == before


@pytest.mark.server
def test_a_selection_that_dbt_refuses_is_an_error_and_leaves_a_usable_project(folder: Path) -> None:
    with pytest.raises(SelectionError, match="nomethod"):
        load_assets_from_dbt_project(str(folder), select="nomethod:x")
    assert "customers" in names(load_assets_from_dbt_project(str(folder)))


@pytest.mark.server
def test_a_project_that_dbt_refuses_is_an_error_with_its_message(folder: Path) -> None:
    (folder / "models" / "broken.sql").write_text("select * from {{ ref('nothing') }}")
    with pytest.raises(PrepareError, match="nothing"):
        load_assets_from_dbt_project(str(folder))


@pytest.mark.server
def test_a_selection_limits_the_assets_and_marks_the_op(manifest: dict[str, Any]) -> None:
    (made,) = load_assets_from_dbt_manifest(manifest, select="tag:staging", exclude="stg_customers")
    assert names([made]) == {"stg_orders", "from_source"}
    assert made.op.tags["dagster_dbt/select"] == "tag:staging"
    prefix, _, digits = made.op.name.rpartition("_")
    assert prefix == "run_dbt_shop"
    assert len(digits) == 5
    (other,) = load_assets_from_dbt_manifest(manifest, select="stg_orders")
    assert other.op.name != made.op.name
    (named,) = load_assets_from_dbt_manifest(manifest, select="stg_orders", op_name="mine")
    assert named.op.name == "mine"


def test_unique_ids_select_nodes_and_their_tests_without_dbt(manifest: dict[str, Any]) -> None:
    (made,) = load_assets_from_dbt_manifest(
        manifest, selected_unique_ids={"model.shop.customers", "seed.shop.raw_orders"}
    )
    assert names([made]) == {"customers", "raw_orders"}
    assert {key.name for key in made.check_keys} >= {"unique_customers_customer_id"}
    assert {key.asset_key.to_user_string() for key in made.check_keys} == {"customers"}
    assert made.op.name != "run_dbt_shop"


def test_prefixes_apply_to_models_and_sources_apart(manifest: dict[str, Any]) -> None:
    (made,) = load_assets_from_dbt_manifest(
        manifest, key_prefix=["duckdb", "shop"], source_key_prefix="lake"
    )
    assert all(name.startswith("duckdb/shop/") for name in names([made]))
    parents = {key.to_user_string() for key in made.dependency_keys}
    assert "lake/external/raw_orders" in parents
    (same,) = load_assets_from_dbt_manifest(
        manifest,
        dagster_dbt_translator=KeyPrefixDagsterDbtTranslator(["duckdb", "shop"], "lake"),
    )
    assert same.keys == made.keys
    assert same.dependency_keys == made.dependency_keys


def test_functions_of_a_node_decide_its_attributes(manifest: dict[str, Any]) -> None:
    policy = dg.FreshnessPolicy.time_window(fail_window=timedelta(hours=1))

    def to_key(node_info: Mapping[str, Any]) -> dg.AssetKey:
        return dg.AssetKey([node_info["resource_type"], node_info["name"]])

    (made,) = load_assets_from_dbt_manifest(
        manifest,
        key_prefix="x",
        node_info_to_asset_key=to_key,
        node_info_to_group_fn=group_from_dbt_resource_props_fallback_to_directory,
        node_info_to_definition_metadata_fn=lambda node: {"partition_expr": node["name"]},
        node_info_to_auto_materialize_policy_fn=lambda node: dg.AutoMaterializePolicy.eager(),
        node_info_to_freshness_policy_fn=lambda node: (
            policy if node["name"] == "customers" else None
        ),
        display_raw_sql=False,
    )
    specs = {spec.key.to_user_string(): spec for spec in made.specs}
    staged = specs["x/model/stg_orders"]
    assert staged.group_name == "staging"
    assert staged.metadata["partition_expr"] == "stg_orders"
    assert "dagster/column_schema" in staged.metadata
    assert staged.description == "One row for each order."
    assert staged.automation_condition is not None
    assert staged.freshness_policy is None
    assert specs["x/model/customers"].freshness_policy == policy
    (with_sql,) = load_assets_from_dbt_manifest(manifest)
    assert "Raw SQL" in (with_sql.descriptions_by_key[dg.AssetKey("stg_orders")] or "")


def test_an_older_freshness_policy_is_refused_with_the_new_one(manifest: dict[str, Any]) -> None:
    with pytest.raises(DefinitionError, match=r"LegacyFreshnessPolicy[\s\S]*time_window"):
        load_assets_from_dbt_manifest(
            manifest,
            node_info_to_freshness_policy_fn=lambda node: dg.LegacyFreshnessPolicy(  # type: ignore[arg-type, return-value]
                maximum_lag_minutes=5
            ),
        )


@pytest.mark.server
def test_dbt_run_builds_models_only(folder: Path, manifest: dict[str, Any]) -> None:
    built = load_assets_from_dbt_manifest(manifest, select="resource_type:seed")
    assert run(defined(folder, *built)).success
    assets = load_assets_from_dbt_manifest(manifest, use_build_command=False)
    assert names(assets) == {
        "stg_customers", "stg_orders", "customers", "daily_orders", "from_source", "reporting/report",
    }  # fmt: skip
    assert not list(assets[0].check_keys)
    outcome = run(defined(folder, *assets))
    assert outcome.success, outcome.failure
    assert set(outcome.materialized) == names(assets)
    assert not outcome.checks


@pytest.mark.server
def test_a_partition_gives_variables_to_dbt(folder: Path, manifest: dict[str, Any]) -> None:
    (folder / "models" / "staging" / "stg_orders.sql").write_text(
        "select '{{ var('day', 'none') }}' as day, '{{ var('region', 'none') }}' as region,"
        " '{{ var('only_config', 'none') }}' as only_config"
    )
    assets = load_assets_from_dbt_manifest(
        manifest,
        selected_unique_ids={"model.shop.stg_orders"},
        use_build_command=False,
        partitions_def=DAILY,
        partition_key_to_vars_fn=lambda key: {"day": key, "region": "of the partition"},
    )
    dbt = dbt_cli_resource.configured(
        {"project_dir": str(folder), "vars": {"region": "of the resource", "minimum_amount": 1}}
    )
    defs = dg.Definitions(assets=assets, resources={"dbt": dbt})
    outcome = run(
        defs,
        partition_key="2024-01-02",
        run_config={"ops": {assets[0].op.name: {"config": {"vars": {"only_config": "yes"}}}}},
    )
    assert outcome.success, outcome.failure
    assert query(folder, "select * from stg_orders") == [("2024-01-02", "of the partition", "yes")]


@pytest.mark.server
def test_a_part_of_the_assets_can_run_with_the_ops_config(
    folder: Path, manifest: dict[str, Any]
) -> None:
    (folder / "models" / "staging" / "stg_orders.sql").write_text(
        "select '{{ flags.FULL_REFRESH }}' as full_refresh, '{{ flags.FAIL_FAST }}' as fail_fast"
        " from {{ ref('raw_orders') }} limit 1"
    )
    assets = load_assets_from_dbt_manifest(manifest, dbt_resource_key="warehouse")
    resource = DbtCliResource(project_dir=str(folder))
    defs = dg.Definitions(assets=assets, resources={"warehouse": resource})
    outcome = run(
        defs,
        dg.AssetSelection.assets("raw_orders", "stg_orders").without_checks(),
        run_config={"ops": {"run_dbt_shop": {"config": {"full_refresh": True, "fail_fast": True}}}},
    )
    assert outcome.success, outcome.failure
    assert set(outcome.materialized) == {"raw_orders", "stg_orders"}
    assert not outcome.checks
    assert query(folder, "select * from stg_orders") == [("True", "True")]


@pytest.mark.server
def test_a_downstream_asset_loads_a_model_by_the_io_manager(
    folder: Path, manifest: dict[str, Any]
) -> None:
    class TableIOManager(dg.IOManager):
        def handle_output(self, context: dg.OutputContext, obj: Any) -> None:
            assert obj is None or context.asset_key.path[-1] == "number_of_orders"

        def load_input(self, context: dg.InputContext) -> list[tuple[Any, ...]]:
            return query(folder, f"select * from {context.asset_key.path[-1]}")

    assets = load_assets_from_dbt_manifest(
        manifest, io_manager_key="tables", key_prefix=["dwh"], use_build_command=True
    )

    @dg.asset(ins={"orders": dg.AssetIn(key=["dwh", "stg_orders"])}, io_manager_key="tables")
    def number_of_orders(orders: Any) -> int:
        return len(orders)

    tables = dg.IOManagerDefinition.hardcoded_io_manager(TableIOManager())
    defs = defined(folder, *assets, number_of_orders, tables=tables)
    selection = dg.AssetSelection.assets(
        ["dwh", "raw_orders"], ["dwh", "stg_orders"], "number_of_orders"
    )
    outcome = run(defs, selection.without_checks())
    assert outcome.success, outcome.failure
    assert "number_of_orders" in outcome.materialized


@pytest.mark.server
def test_runtime_metadata_and_the_docs_url_reach_each_materialization(
    folder: Path, manifest: dict[str, Any]
) -> None:
    def runtime_metadata(
        context: dg.OpExecutionContext, node_info: Mapping[str, Any]
    ) -> Mapping[str, Any]:
        return {"op": context.op.name, "materialized": node_info["config"]["materialized"]}

    assets = load_assets_from_dbt_manifest(
        manifest,
        selected_unique_ids={"seed.shop.raw_orders"},
        runtime_metadata_fn=runtime_metadata,
    )
    dbt = dbt_cli_resource.configured({"project_dir": str(folder), "docs_url": "https://docs"})
    outcome = run(dg.Definitions(assets=assets, resources={"dbt": dbt}))
    assert outcome.success, outcome.failure
    metadata = outcome.metadata["raw_orders"]
    assert metadata["op"] == assets[0].op.name
    assert metadata["materialized"] == "seed"
    assert metadata["docs_url"] == "https://docs#!/seed/seed.shop.raw_orders"
    assert metadata["unique_id"] == "seed.shop.raw_orders"  # what dbt reported is kept


@pytest.mark.server
@pytest.mark.parametrize("ignores", [True, False])
def test_a_failed_node_fails_the_step_unless_it_is_ignored(
    folder: Path, manifest: dict[str, Any], ignores: bool
) -> None:
    (folder / "models" / "staging" / "stg_orders.sql").write_text("select nothing from nowhere")
    assets = load_assets_from_dbt_manifest(
        manifest, selected_unique_ids={"seed.shop.raw_orders", "model.shop.stg_orders"}
    )
    dbt = dbt_cli_resource.configured({"project_dir": str(folder), "ignore_handled_error": ignores})
    outcome = run(dg.Definitions(assets=assets, resources={"dbt": dbt}))
    assert outcome.success is ignores
    assert outcome.materialized == ["raw_orders"]
    assert "stg_orders" in outcome.observations


def test_a_resource_of_another_kind_is_named(folder: Path, manifest: dict[str, Any]) -> None:
    assets = load_assets_from_dbt_manifest(manifest, selected_unique_ids={"seed.shop.raw_orders"})
    resource = dg.ResourceDefinition.hardcoded_resource("not dbt")
    outcome = run(dg.Definitions(assets=assets, resources={"dbt": resource}))
    assert not outcome.success
    assert "The resource 'dbt' is a str." in outcome.failure


def test_arguments_that_can_not_be_are_refused(manifest: dict[str, Any], tmp_path: Path) -> None:
    ids = {"model.shop.customers"}
    with pytest.raises(DefinitionError, match="got neither"):
        load_assets_from_dbt_manifest()
    with pytest.raises(DefinitionError, match="got both"):
        load_assets_from_dbt_manifest(manifest, manifest_json=manifest)
    with pytest.raises(DagsterDbtManifestNotFoundError):
        load_assets_from_dbt_manifest(tmp_path / "manifest.json")
    with pytest.raises(
        SelectionError, match="`selected_unique_ids` can't be combined with `select`"
    ):
        load_assets_from_dbt_manifest(manifest, selected_unique_ids=ids, select="customers")
    with pytest.raises(SelectionError, match="with `exclude`"):
        load_assets_from_dbt_manifest(manifest, selected_unique_ids=ids, exclude="customers")
    with pytest.raises(UnknownNodeError, match=r"'model\.shop\.nothing'"):
        load_assets_from_dbt_manifest(manifest, selected_unique_ids={"model.shop.nothing"})
    with pytest.raises(DefinitionError, match="`partition_key_to_vars_fn` needs partitions"):
        load_assets_from_dbt_manifest(manifest, partition_key_to_vars_fn=lambda key: {})
    with pytest.raises(DefinitionError, match="`key_prefix` can't be combined"):
        load_assets_from_dbt_manifest(
            manifest, key_prefix="x", dagster_dbt_translator=DagsterDbtTranslator()
        )


@pytest.mark.server
def test_a_selection_of_nothing_is_refused(manifest: dict[str, Any]) -> None:
    with pytest.raises(dg.DagsterInvalidSubsetError, match="--select 'tag:nothing'"):
        load_assets_from_dbt_manifest(manifest, select="tag:nothing")
    with pytest.raises(SelectionError):
        load_assets_from_dbt_manifest(manifest, select="nomethod:x")
    with pytest.raises(dg.DagsterInvalidSubsetError, match="use_build_command"):
        load_assets_from_dbt_manifest(
            manifest, selected_unique_ids={"seed.shop.raw_orders"}, use_build_command=False
        )
