"""build_dbt_asset_selection: within one definition, with the keys that its assets have in the end."""

import json
from typing import Any

import dagster as dg
import pytest

from dbt_component import DbtProject, build_dbt_asset_selection
from dbt_component.errors import SelectionError
from tests.api.test_dbt_assets import Upper, definitions, make
from tests.api.test_manifest_selection import check_names, definitions_graph, names
from tests.dg_project import DgProject, run

RELATIONSHIP = "stg_orders:relationships_stg_orders_customer_id__customer_id__ref_stg_customers_"


def test_it_is_the_intersection_of_both_selections(shop: DbtProject) -> None:
    made = make(shop, select="stg_customers+", exclude="report")
    selection = build_dbt_asset_selection([made], dbt_select="tag:staging")
    assert names(selection.resolve([made])) == {"stg_customers"}
    assert check_names(selection, made) == {"stg_customers:unique_stg_customers_customer_id"}
    everything = build_dbt_asset_selection([made])
    assert everything.resolve([made]) == made.keys
    assert everything.resolve_checks(definitions_graph(made)) == made.check_keys
    without = build_dbt_asset_selection([made], dbt_exclude="stg_customers")
    assert without.resolve([made]) == made.keys - {dg.AssetKey("stg_customers")}


def test_selectors_of_a_manifest_alone(shop: DbtProject) -> None:
    manifest = json.loads(shop.manifest_path.read_text())
    definition = {"union": [{"method": "tag", "value": "staging"}]}
    manifest["selectors"] = {"layer": {"name": "layer", "definition": definition}}
    made = make(manifest, selector="layer")
    assert names(made.keys) == {"stg_orders", "stg_customers", "from_source"}
    assert build_dbt_asset_selection([make(manifest)], dbt_selector="layer").resolve([made]) == (
        made.keys
    )


def test_it_extends_to_assets_that_dbt_does_not_know(shop: DbtProject) -> None:
    @dg.asset(deps=["stg_orders"])
    def elsewhere() -> None: ...

    made = make(shop)
    selection = build_dbt_asset_selection([made], dbt_select="stg_orders")
    assert names(selection.downstream().resolve([made, elsewhere])) >= {
        "stg_orders",
        "customers",
        "elsewhere",
    }
    both = selection | dg.AssetSelection.assets("elsewhere")
    assert names((both - selection).resolve([made, elsewhere])) == {"elsewhere"}
    assert names((selection & dg.AssetSelection.all()).resolve([made, elsewhere])) == {"stg_orders"}


def moved(assets: dg.AssetsDefinition) -> dg.AssetsDefinition:
    return assets.with_attributes(
        asset_key_replacements={key: key.with_prefix("moved") for key in assets.keys}
    )


def test_keys_are_final_however_they_were_changed(shop: DbtProject) -> None:
    made = make(shop, dagster_dbt_translator=Upper())
    expected = {"moved/own/stg_customers"}
    mapped = moved(made).map_asset_specs(lambda spec: spec.replace_attributes(group_name="x"))
    for final in (moved(made), mapped):
        # The definition with or without the new keys: what the graph has decides.
        for given in (made, final):
            selection = build_dbt_asset_selection([given], dbt_select="stg_customers")
            assert names(selection.resolve([final])) == expected
            assert {
                key.asset_key for key in selection.resolve_checks(definitions_graph(final))
            } == {
                dg.AssetKey(["moved", "own", "stg_customers"]),
                dg.AssetKey(["moved", "own", "stg_orders"]),
            }
            job = dg.define_asset_job("job", selection)
            defs = dg.Definitions.merge(definitions(shop, final), dg.Definitions(jobs=[job]))
            layer = defs.resolve_job_def("job").asset_layer
            assert names(layer.selected_asset_keys) == expected


def test_assets_of_a_component_with_yaml_translation(dg_project: DgProject) -> None:
    dg_project.write_component(translation={"key_prefix": "yaml"})
    dg_project.refresh()
    defs = dg_project.load()
    (made,) = [found for found in defs.assets or [] if isinstance(found, dg.AssetsDefinition)]
    selection = build_dbt_asset_selection([made], dbt_select="tag:staging")
    assert names(selection.resolve([made])) == {
        "yaml/stg_orders",
        "yaml/stg_customers",
        "yaml/from_source",
    }


def test_equal_selections_are_equal_and_serialize_as_keys(shop: DbtProject) -> None:
    made = make(shop)
    selection = build_dbt_asset_selection([made], dbt_select="stg_customers")
    assert selection == build_dbt_asset_selection([made], dbt_select="stg_customers")
    assert selection != build_dbt_asset_selection([made])
    graph = definitions_graph(made)
    stored: Any = dg.deserialize_value(
        dg.serialize_value(selection.to_serializable_asset_selection(graph))  # type: ignore[arg-type]
    )
    assert names(stored.resolve(graph)) == {"stg_customers"}
    assert stored.resolve_checks(graph) == selection.resolve_checks(graph)


@pytest.mark.server
def test_a_job_runs_exactly_what_it_selects(shop: DbtProject) -> None:
    made = make(shop)
    defs = definitions(shop, made)
    assert run(defs, build_dbt_asset_selection([made], dbt_select="resource_type:seed")).success
    selection = build_dbt_asset_selection(
        [made], dbt_select="stg_customers stg_orders", dbt_exclude="test_name:not_null"
    )
    outcome = run(defs, selection)
    assert outcome.success, outcome.failure
    assert sorted(outcome.materialized) == ["stg_customers", "stg_orders"]
    assert set(outcome.checks) == {
        "stg_customers:unique_stg_customers_customer_id",
        "stg_orders:unique_stg_orders_order_id",
        RELATIONSHIP,
    }


def test_other_arguments_are_refused_with_a_remedy(shop: DbtProject) -> None:
    @dg.asset
    def other() -> None: ...

    external = dg.AssetsDefinition(specs=[dg.AssetSpec("external")])
    made = make(shop)
    for given, problem in (
        ([], "got 0 of them"),
        ([made, made], "got 2 of them"),
        (made, "not in a list"),
        ([other], "definition of other was not made"),
        ([external], "definition of external was not made"),
        (["stg_orders"], "'stg_orders' .* was not made"),
    ):
        with pytest.raises(dg.DagsterInvariantViolationError, match=problem) as caught:
            build_dbt_asset_selection(given)  # type: ignore[arg-type]
        assert "@dbt_assets" in str(caught.value)
    with pytest.raises(SelectionError, match="can't be combined"):
        build_dbt_asset_selection([made], dbt_select="tag:x", dbt_selector="nightly")
    with pytest.raises(SelectionError, match="nightly"):
        build_dbt_asset_selection([made], dbt_selector="nightly").resolve([made])
