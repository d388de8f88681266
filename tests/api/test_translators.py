"""Translators of users under @dbt_assets: the same keys in specs, checks, helpers and the events of a run."""

from collections.abc import Mapping
from typing import Any

import dagster as dg
import pytest

from dbt_component import (
    DagsterDbtTranslator,
    DagsterDbtTranslatorSettings,
    DbtProject,
    build_dbt_asset_specs,
    default_group_from_dbt_resource_props,
    default_metadata_from_dbt_resource_props,
    get_asset_key_for_model,
    get_asset_key_for_source,
    group_from_dbt_resource_props_fallback_to_directory,
)
from dbt_component.errors import DefinitionError
from tests.api.test_dbt_assets import definitions, make
from tests.dg_project import run


class Warehouse(DagsterDbtTranslator):
    """Changes keys in ``get_asset_spec``, and renames, mends or drops checks."""

    def get_asset_spec(self, manifest: Any, unique_id: str, project: Any) -> dg.AssetSpec:
        spec = super().get_asset_spec(manifest, unique_id, project)
        props = self.get_resource_props(manifest, unique_id)
        layer = manifest["nodes"].get(unique_id, {}).get("fqn", ["", "raw"])[1]
        return spec.replace_attributes(
            key=spec.key.with_prefix(["warehouse", props["resource_type"]]),
            group_name=group_from_dbt_resource_props_fallback_to_directory(props),
        ).merge_attributes(kinds={"sql"}, metadata={"layer": layer})

    def get_asset_check_spec(
        self, asset_spec: dg.AssetSpec, manifest: Any, unique_id: str, project: Any
    ) -> dg.AssetCheckSpec | None:
        spec = super().get_asset_check_spec(asset_spec, manifest, unique_id, project)
        if spec is None or "not_null" in spec.name:
            return None
        return dg.AssetCheckSpec(
            name=spec.name.replace("unique_", "has_unique_"),
            asset=asset_spec.key,
            blocking=False,
            metadata={
                **spec.metadata,
                "severity": manifest["nodes"][unique_id]["config"]["severity"],
            },
        )


STAGED = "source:external raw_orders stg_orders raw_customers stg_customers from_source"


def key(*path: str) -> dg.AssetKey:
    return dg.AssetKey(["warehouse", *path])


def test_overrides_of_the_spec_reach_dependencies_checks_and_helpers(shop: DbtProject) -> None:
    made = make(shop, dagster_dbt_translator=Warehouse())
    spec = made.specs_by_key[key("model", "stg_orders")]
    assert [dep.asset_key for dep in spec.deps] == [key("seed", "raw_orders")]
    assert (spec.group_name, spec.metadata["layer"]) == ("staging", "staging")
    assert "sql" in spec.kinds and "dbt" in spec.kinds
    assert get_asset_key_for_model([made], "stg_orders") == spec.key
    assert get_asset_key_for_source([made], "external") == key("source", "external", "raw_orders")
    checks = {check.name: check for check in made.check_specs}
    found = checks["has_unique_stg_orders_order_id"]
    assert (found.asset_key, found.blocking) == (spec.key, False)
    assert found.metadata["severity"].lower() == "error"
    assert not [name for name in checks if "not_null" in name]
    specs = build_dbt_asset_specs(manifest=shop, dagster_dbt_translator=Warehouse())
    assert {spec.key for spec in specs} == made.keys


@pytest.mark.server
def test_events_of_a_run_carry_the_keys_of_the_overrides(shop: DbtProject) -> None:
    made = make(shop, select=STAGED, exclude="loose_test", dagster_dbt_translator=Warehouse())
    outcome = run(definitions(shop, made))
    assert outcome.success, outcome.failure
    assert set(outcome.materialized) == {k.to_user_string() for k in made.keys}
    assert set(outcome.checks) == {
        f"{check.asset_key.to_user_string()}:{check.name}" for check in made.check_specs
    }
    assert outcome.checks["warehouse/model/stg_orders:has_unique_stg_orders_order_id"]
    # Tests whose check the translator dropped report on the assets and sources that they read.
    assert outcome.observations["warehouse/model/stg_orders"] == (
        "dbt test not_null_stg_orders_order_id reported 'pass'."
    )
    assert "warehouse/source/external/raw_orders" in outcome.observations


@pytest.mark.server
def test_without_asset_checks_tests_report_observations(shop: DbtProject) -> None:
    settings = DagsterDbtTranslatorSettings(enable_asset_checks=False)
    made = make(
        shop,
        select=STAGED,
        exclude="loose_test",
        dagster_dbt_translator=DagsterDbtTranslator(settings),
    )
    assert not list(made.check_specs)
    outcome = run(definitions(shop, made))
    assert outcome.success, outcome.failure
    assert outcome.checks == {}
    assert outcome.observations.keys() >= {"stg_orders", "stg_customers", "external/raw_orders"}


@pytest.mark.server
def test_tests_of_sources_are_checks_if_that_is_enabled(shop: DbtProject) -> None:
    settings = DagsterDbtTranslatorSettings(
        enable_source_tests_as_checks=True, enable_dbt_selection_by_name=True
    )
    made = make(
        shop,
        select=STAGED,
        exclude="loose_test",
        dagster_dbt_translator=DagsterDbtTranslator(settings),
    )
    outcome = run(definitions(shop, made))
    assert outcome.success, outcome.failure
    assert outcome.checks["external/raw_orders:source_not_null_external_raw_orders_id"]


class Broken(DagsterDbtTranslator):
    def get_metadata(self, dbt_resource_props: Mapping[str, Any]) -> Mapping[str, Any]:
        return {**super().get_metadata(dbt_resource_props), "x": dbt_resource_props["nothing"]}


class OfThePeer:
    """Stands for a translator whose import was not changed."""


def test_unusable_translators_are_refused_with_a_remedy(shop: DbtProject) -> None:
    with pytest.raises(DefinitionError, match=r"OfThePeer, not a subclass of dbt_component's"):
        make(shop, dagster_dbt_translator=OfThePeer())
    with pytest.raises(DefinitionError, match=r"Broken failed on .*KeyError: 'nothing'"):
        make(shop, dagster_dbt_translator=Broken())
    settings = DagsterDbtTranslatorSettings(enable_code_references=True)
    with pytest.raises(dg.DagsterInvalidDefinitionError, match="project=project"):
        make(shop.manifest_path, dagster_dbt_translator=DagsterDbtTranslator(settings))


def test_the_default_functions_give_what_the_default_methods_give() -> None:
    props: dict[str, Any] = {
        "resource_type": "model",
        "name": "orders",
        "fqn": ["shop", "marts", "daily", "orders"],
        "database": "dev",
        "schema": "main",
        "alias": "o",
        "config": {"materialized": "view"},
    }
    assert default_group_from_dbt_resource_props(props) is None
    assert group_from_dbt_resource_props_fallback_to_directory(props) == "marts"
    assert group_from_dbt_resource_props_fallback_to_directory({**props, "fqn": ["a", "b"]}) is None
    grouped = {**props, "config": {"group": "finance"}}
    assert default_group_from_dbt_resource_props(grouped) == "finance"
    assert group_from_dbt_resource_props_fallback_to_directory(grouped) == "finance"
    assert default_metadata_from_dbt_resource_props(props) == {
        "dagster-dbt/materialization_type": "view",
        "dagster/table_name": "dev.main.o",
    }
