"""@dbt_assets: assets and checks of a manifest, run by a function of the user's."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from dbt_component import (
    DagsterDbtTranslator,
    DagsterDbtTranslatorSettings,
    DbtCliResource,
    DbtProject,
    build_dbt_asset_specs,
    dbt_assets,
    get_asset_key_for_model,
    get_asset_key_for_source,
    get_asset_keys_by_output_name_for_source,
)
from dbt_component.errors import (
    DagsterDbtManifestNotFoundError,
    DefinitionError,
    ProjectFileError,
    SelectionError,
    UnknownNodeError,
)
from tests.dg_project import run
from tests.manifest_entries import manifest_of, model

DAILY = dg.DailyPartitionsDefinition("2024-01-01")


def make(manifest: Any, **arguments: Any) -> dg.AssetsDefinition:
    @dbt_assets(manifest=manifest, **arguments)
    def shop_assets(context: dg.AssetExecutionContext, dbt: DbtCliResource) -> Iterator[Any]:
        yield from dbt.cli(["build"], context=context).stream()

    return shop_assets


def definitions(project: DbtProject, *assets: dg.AssetsDefinition) -> dg.Definitions:
    dbt = DbtCliResource(project_dir=str(project.project_dir))
    return dg.Definitions(assets=assets, resources={"dbt": dbt})


def test_a_function_may_return_one_event(shop: DbtProject) -> None:
    @dbt_assets(manifest=shop, select="stg_orders", exclude="resource_type:test")
    def shop_assets(context: dg.AssetExecutionContext) -> Any:
        return dg.MaterializeResult(metadata={"rows": 1})

    assert run(definitions(shop, shop_assets)).materialized == ["stg_orders"]


@pytest.mark.parametrize("form", ["path", "text", "mapping", "project"])
def test_every_form_of_the_manifest_gives_the_same_assets(form: str, shop: DbtProject) -> None:
    forms: dict[str, Any] = {
        "path": shop.manifest_path,
        "text": str(shop.manifest_path),
        "mapping": json.loads(shop.manifest_path.read_text()),
        "project": shop,
    }
    made = make(forms[form])
    assert made.op.name == "shop_assets"
    assert made.op.tags["dagster_dbt/select"] == "fqn:*"
    assert {"dagster_dbt/exclude", "dagster_dbt/selector"}.isdisjoint(made.op.tags)
    assert dg.AssetKey("customers") in made.keys
    assert {key.name for key in made.check_keys} >= {"unique_stg_customers_customer_id"}
    assert made.can_subset
    specs = build_dbt_asset_specs(manifest=forms[form])
    assert {spec.key for spec in specs} == made.keys


def test_a_project_given_as_the_manifest_serves_code_references(shop: DbtProject) -> None:
    settings = DagsterDbtTranslatorSettings(enable_code_references=True)
    made = make(shop, dagster_dbt_translator=DagsterDbtTranslator(settings))
    references = made.metadata_by_key[dg.AssetKey("customers")]["dagster/code_references"]
    assert [Path(reference.file_path).name for reference in references.code_references] == [
        "customers.sql"
    ]


def test_arguments_reach_the_op_and_the_specs(shop: DbtProject) -> None:
    @dbt_assets(
        manifest=shop,
        select="tag:staging",
        exclude="stg_orders",
        name="staging",
        io_manager_key="warehouse",
        partitions_def=DAILY,
        op_tags={"team": "x"},
        required_resource_keys={"slack", "dbt"},  # Dagster accepts these or parameters, not both
        retry_policy=dg.RetryPolicy(max_retries=2),
        pool="dbt",
    )
    def made(context: dg.AssetExecutionContext) -> Iterator[Any]:
        yield from context.resources.dbt.cli(["build"], context=context).stream()

    assert made.op.name == "staging"
    assert dict(made.op.tags) == {
        "team": "x",
        "dagster_dbt/select": "tag:staging",
        "dagster_dbt/exclude": "stg_orders",
    }
    assert made.op.pool == "dbt"
    assert made.op.retry_policy == dg.RetryPolicy(max_retries=2)
    assert made.required_resource_keys >= {"slack", "dbt", "warehouse"}
    assert made.partitions_def == DAILY
    assert made.backfill_policy == dg.BackfillPolicy.single_run()
    assert {spec.partitions_def for spec in made.specs} == {DAILY}
    every_run = dg.BackfillPolicy.multi_run(1)
    assert make(shop, partitions_def=DAILY, backfill_policy=every_run).backfill_policy == every_run


class FullRefresh(dg.Config):
    full_refresh: bool = False


@pytest.mark.server
def test_a_body_may_run_several_commands_with_a_config_and_yield_events_of_its_own(
    shop: DbtProject,
) -> None:
    @dbt_assets(
        manifest=shop,
        select="raw_orders stg_orders",
        exclude="test_type:unit loose_test test_name:relationships",
    )
    def body(
        context: dg.AssetExecutionContext, config: FullRefresh, dbt: DbtCliResource
    ) -> Iterator[Any]:
        more = ["--full-refresh"] if config.full_refresh else []
        yield from dbt.cli(["seed", *more], context=context).stream()
        yield from dbt.cli(["run", "--vars", '{"x": 1}'], context=context).stream()
        yield from dbt.cli(["test"], context=context).stream()
        yield dg.AssetObservation("stg_orders", metadata={"full_refresh": config.full_refresh})

    config = {"ops": {"body": {"config": {"full_refresh": True}}}}
    outcome = run(definitions(shop, body), run_config=config)
    assert outcome.success, outcome.failure
    assert sorted(outcome.materialized) == ["raw_orders", "stg_orders"]
    assert outcome.checks["stg_orders:unique_stg_orders_order_id"]


@pytest.mark.server
def test_a_subset_runs_exactly_what_was_selected(shop: DbtProject) -> None:
    defs = definitions(shop, make(shop))
    assert run(defs, dg.AssetSelection.assets("raw_customers")).success
    outcome = run(defs, dg.AssetSelection.assets("stg_customers"))
    assert outcome.success, outcome.failure
    assert outcome.materialized == ["stg_customers"]
    assert outcome.checks == {"stg_customers:unique_stg_customers_customer_id": True}


@pytest.mark.server
def test_a_body_that_leaves_the_stream_fails(shop: DbtProject) -> None:
    @dbt_assets(manifest=shop)
    def body(context: dg.AssetExecutionContext, dbt: DbtCliResource) -> Iterator[Any]:
        for event in dbt.cli(["build"], context=context).stream():
            yield event
            break

    outcome = run(definitions(shop, body))
    assert not outcome.success
    assert "was left before its end" in str(outcome.failure)


class Upper(DagsterDbtTranslator):
    def get_asset_key(self, dbt_resource_props: Any) -> dg.AssetKey:
        return dg.AssetKey(["own", *super().get_asset_key(dbt_resource_props).path])


def test_keys_of_models_and_sources_are_those_of_the_definitions(shop: DbtProject) -> None:
    made = make(shop, select="tag:staging", dagster_dbt_translator=Upper())
    assert get_asset_key_for_model([made], "stg_orders") == dg.AssetKey(["own", "stg_orders"])
    # Not selected, but known to the same project and translator.
    assert get_asset_key_for_model([made], "customers") == dg.AssetKey(["own", "customers"])
    source = dg.AssetKey(["own", "external", "raw_orders"])
    assert get_asset_key_for_source([made], "external") == source
    assert get_asset_keys_by_output_name_for_source([made], "external") == {
        "source_shop_external_raw_orders": source
    }
    renamed = made.with_attributes(
        asset_key_replacements={key: key.with_prefix("moved") for key in made.keys}
    )
    moved = dg.AssetKey(["moved", "own", "stg_orders"])
    assert get_asset_key_for_model([renamed], "stg_orders") == moved


def test_unknown_names_and_other_definitions_are_refused(shop: DbtProject) -> None:
    made = make(shop)
    with pytest.raises(KeyError, match="nothing"):
        get_asset_key_for_model([made], "nothing")
    with pytest.raises(UnknownNodeError, match="'nothing'"):
        get_asset_key_for_source([made], "nothing")

    @dg.asset
    def other() -> None: ...

    with pytest.raises(dg.DagsterInvariantViolationError, match="@dbt_assets"):
        get_asset_key_for_model([other], "customers")


def test_bad_arguments_are_refused_with_a_remedy(shop: DbtProject, tmp_path: Path) -> None:
    with pytest.raises(DagsterDbtManifestNotFoundError, match="dbt parse"):
        make(tmp_path / "manifest.json")
    broken = tmp_path / "broken.json"
    broken.write_bytes(shop.manifest_path.read_bytes()[:1000])
    with pytest.raises(ProjectFileError, match="not valid JSON"):
        make(broken)
    with pytest.raises(DefinitionError, match="`manifest` is a int"):
        make(1)
    with pytest.raises(DefinitionError, match="selects no model"):
        make(shop, select="tag:nothing")
    with pytest.raises(SelectionError):
        make(shop, select="tag:staging", selector="nightly")
    with pytest.raises(DefinitionError, match="not an instance"):
        make(shop, dagster_dbt_translator=Upper)
    with pytest.raises(dg.DagsterInvalidDefinitionError, match="argument `select`"):
        make(shop, op_tags={"dagster_dbt/select": "x"})


class ByLayer(DagsterDbtTranslator):
    def get_partitions_def(self, dbt_resource_props: Any) -> dg.PartitionsDefinition | None:
        return DAILY if dbt_resource_props["resource_type"] == "model" else None


def test_assets_with_different_partitions_need_a_definition_each(shop: DbtProject) -> None:
    with pytest.raises(DefinitionError, match="different partitions") as caught:
        make(shop, dagster_dbt_translator=ByLayer())
    assert "`select` of its own" in (caught.value.hint or "")
    made = make(shop, select="resource_type:model", dagster_dbt_translator=ByLayer())
    assert made.partitions_def == DAILY
    assert made.backfill_policy == dg.BackfillPolicy.single_run()


@pytest.mark.parametrize("select", ["source:*", "resource_type:test", "int_customer_orders"])
def test_a_selection_without_assets_is_refused(shop: DbtProject, select: str) -> None:
    with pytest.raises(DefinitionError, match=f"'shop_assets' selects no model.*{select[:6]}"):
        make(shop, select=select)


def test_a_manifest_path_may_be_relative(shop: DbtProject, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(shop.project_dir)
    assert make("target/manifest.json").keys == make(shop).keys


def test_a_name_of_several_models_is_ambiguous() -> None:
    first, second = (
        model("orders", package_name=package, unique_id=f"model.{package}.orders")
        for package in ("one", "two")
    )
    made = make(manifest_of(first, second), dagster_dbt_translator=ByPackage())
    with pytest.raises(UnknownNodeError, match="'orders' matches several nodes") as caught:
        get_asset_key_for_model([made], "orders")
    assert "package.name" in (caught.value.hint or "")
    assert get_asset_key_for_model([made], "two.orders") == dg.AssetKey(["two", "orders"])


class ByPackage(DagsterDbtTranslator):
    def get_asset_key(self, dbt_resource_props: Any) -> dg.AssetKey:
        return dg.AssetKey([dbt_resource_props["package_name"], dbt_resource_props["name"]])


@pytest.mark.parametrize("is_prepared", [True, False])
def test_runs_of_a_prepared_project_are_sliced(
    shop: DbtProject, capfd: pytest.CaptureFixture[str], *, is_prepared: bool
) -> None:
    if is_prepared:
        shop.preparer.prepare(shop)
    defs = definitions(shop, make(shop.manifest_path, select="raw_orders"))
    result = run(defs)
    assert result.materialized == ["raw_orders"]
    how = ", sliced" if is_prepared else "parse: the project is not as it was prepared"
    assert how in capfd.readouterr().err
