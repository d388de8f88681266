"""DbtManifestAssetSelection: resolved by real dbt, composed, in jobs and sensors, and serialized."""

import json
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
from dagster._core.remote_representation.external_data import RepositorySnap

from dbt_component import (
    DagsterDbtTranslator,
    DagsterDbtTranslatorSettings,
    DbtManifestAssetSelection,
    DbtProject,
)
from dbt_component.errors import (
    DagsterDbtManifestNotFoundError,
    DefinitionError,
    ProjectFileError,
    SelectionError,
)
from dbt_component.project import manifest_project
from tests.api.test_dbt_assets import definitions, make
from tests.dg_project import run

STAGING = {"stg_orders", "stg_customers", "from_source"}


def names(keys: Any) -> set[str]:
    return {key.to_user_string() for key in keys}


def check_names(selection: dg.AssetSelection, *assets: dg.AssetsDefinition) -> set[str]:
    graph = definitions_graph(*assets)
    return {
        f"{key.asset_key.to_user_string()}:{key.name}" for key in selection.resolve_checks(graph)
    }


def definitions_graph(*assets: dg.AssetsDefinition) -> Any:
    return dg.Definitions(
        assets=assets, resources={"dbt": dg.ResourceDefinition.none_resource()}
    ).resolve_asset_graph()


def test_it_selects_the_assets_and_tests_that_dbt_selects(shop: DbtProject) -> None:
    made = make(shop)
    selection = DbtManifestAssetSelection.build(shop, "tag:staging")
    assert names(selection.resolve([made])) == STAGING
    assert check_names(selection, made) == {
        "from_source:unique_from_source_id",
        "stg_customers:unique_stg_customers_customer_id",
        "stg_orders:not_null_stg_orders_order_id",
        "stg_orders:unique_stg_orders_order_id",
        "stg_orders:relationships_stg_orders_customer_id__customer_id__ref_stg_customers_",
    }
    everything = DbtManifestAssetSelection.build(shop)
    assert everything.resolve([made]) == made.keys
    assert everything.resolve_checks(definitions_graph(made)) == made.check_keys
    without = DbtManifestAssetSelection.build(shop, "tag:staging", exclude="stg_orders+1")
    assert names(without.resolve([made])) == {"stg_customers", "from_source"}


def test_tests_alone_may_be_selected(shop: DbtProject) -> None:
    made = make(shop)
    selection = DbtManifestAssetSelection.build(shop, "test_name:not_null")
    assert selection.resolve([made]) == set()
    assert check_names(selection, made) == {
        "customers:not_null_customers_customer_id",
        "stg_orders:not_null_stg_orders_order_id",
    }


def test_all_forms_of_a_manifest_and_the_class_itself_give_the_same(shop: DbtProject) -> None:
    made = make(shop)
    mapping = json.loads(shop.manifest_path.read_text())
    forms: list[Any] = [shop, shop.manifest_path, str(shop.manifest_path), mapping]
    for form in forms:
        selection = DbtManifestAssetSelection(
            manifest=form,
            select="tag:staging",
            dagster_dbt_translator=DagsterDbtTranslator(),
            exclude="stg_orders",
            selector="",
        )
        assert names(selection.resolve([made])) == {"stg_customers", "from_source"}
        assert selection.manifest["metadata"] == mapping["metadata"]
        assert (selection.select, selection.exclude) == ("tag:staging", "stg_orders")


class Prefixed(DagsterDbtTranslator):
    def get_asset_spec(self, manifest: Any, unique_id: str, project: Any) -> dg.AssetSpec:
        spec = super().get_asset_spec(manifest, unique_id, project)
        return spec.replace_attributes(key=spec.key.with_prefix("own"))


def test_keys_are_those_of_the_translator(shop: DbtProject) -> None:
    made = make(shop, dagster_dbt_translator=Prefixed())
    selection = DbtManifestAssetSelection.build(
        shop, "stg_customers", dagster_dbt_translator=Prefixed()
    )
    assert names(selection.resolve([made])) == {"own/stg_customers"}
    # dbt selects tests eagerly: the relationship test also reads stg_customers.
    assert check_names(selection, made) == {
        "own/stg_customers:unique_stg_customers_customer_id",
        "own/stg_orders:relationships_stg_orders_customer_id__customer_id__ref_stg_customers_",
    }


def test_no_checks_if_they_are_off(shop: DbtProject) -> None:
    off = DagsterDbtTranslator(DagsterDbtTranslatorSettings(enable_asset_checks=False))
    selection = DbtManifestAssetSelection.build(shop, dagster_dbt_translator=off)
    assert check_names(selection, make(shop)) == set()


def test_it_composes_with_other_selections(shop: DbtProject) -> None:
    @dg.asset(deps=["stg_customers"])
    def elsewhere() -> None: ...

    assets = [make(shop), elsewhere]
    staging = DbtManifestAssetSelection.build(shop, "tag:staging")
    seeds = DbtManifestAssetSelection.build(shop, "resource_type:seed")
    assert names((staging | seeds).resolve(assets)) == STAGING | {"raw_orders", "raw_customers"}
    assert names((staging & staging.upstream()).resolve(assets)) == STAGING
    assert names((staging - dg.AssetSelection.assets("stg_orders")).resolve(assets)) == {
        "stg_customers",
        "from_source",
    }
    assert "elsewhere" in names(staging.downstream().resolve(assets))
    assert names(staging.upstream(depth=1).resolve(assets)) == STAGING | {
        "raw_orders",
        "raw_customers",
    }
    assert not staging.without_checks().resolve_checks(definitions_graph(*assets))


def test_dbt_is_asked_once_for_all_equal_selections(
    shop: DbtProject, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DBT_COMPONENT_CACHE_DIR", str(tmp_path / "cache"))
    asked: list[Any] = []
    module: Any = manifest_project
    ask = module.resolve_in_manifest

    def noted(engine: Any, manifest_json: bytes, criteria: Any) -> Any:
        asked.extend(criteria)
        return ask(engine, manifest_json, criteria)

    monkeypatch.setattr(module, "resolve_in_manifest", noted)
    graph = definitions_graph(make(shop))
    for _ in range(2):
        selection = DbtManifestAssetSelection.build(shop, "tag:staging")
        assert selection.resolve(graph)
        assert selection.resolve_checks(graph)
        selection.to_serializable_asset_selection(graph)
    assert len(asked) == 1
    DbtManifestAssetSelection.build(shop).resolve(graph)
    assert len(asked) == 1
    # As in another process, or after a restart: an equal manifest was answered on this machine.
    equal = json.loads(shop.manifest_path.read_text())
    assert DbtManifestAssetSelection.build(equal, "tag:staging").resolve(graph)
    assert len(asked) == 1
    equal = {**equal, "metadata": {**equal["metadata"], "invocation_id": "another"}}
    assert DbtManifestAssetSelection.build(equal, "tag:staging").resolve(graph)
    assert len(asked) == 2


def test_equality_is_by_manifest_and_strings(shop: DbtProject) -> None:
    translator = DagsterDbtTranslator()

    def build(select: str = "tag:staging", form: Any = shop, **more: Any) -> Any:
        more.setdefault("dagster_dbt_translator", translator)
        return DbtManifestAssetSelection.build(form, select, **more)

    copy = json.loads(shop.manifest_path.read_text())
    assert build() == build() == build(form=copy)
    copy["metadata"]["invocation_id"] = "another"
    assert build() != build(form={**copy})
    assert build() != build("tag:daily")
    assert build() != build(exclude="x")
    assert build() != build(dagster_dbt_translator=DagsterDbtTranslator())
    assert build() != dg.AssetSelection.all()
    with pytest.raises(TypeError, match="unhashable"):
        hash(build())


def test_sensors_and_schedules_serialize_it_as_keys(shop: DbtProject) -> None:
    selection = DbtManifestAssetSelection.build(shop, "tag:staging", exclude="test_type:generic")
    sensor = dg.AutomationConditionSensorDefinition("automation", target=selection)
    composed = dg.AutomationConditionSensorDefinition(
        "composed", target=selection.downstream() - selection
    )
    schedule = dg.ScheduleDefinition(name="s", cron_schedule="@daily", target=selection)
    made = make(shop)
    defs = dg.Definitions.merge(
        definitions(shop, made), dg.Definitions(sensors=[sensor, composed], schedules=[schedule])
    )
    snap = RepositorySnap.from_def(defs.get_repository_def())
    snap = dg.deserialize_value(dg.serialize_value(snap), RepositorySnap)
    graph = definitions_graph(made)
    kept = {snap.name: snap for snap in snap.sensors}
    stored = kept["automation"].asset_selection
    assert stored is not None
    assert names(stored.resolve(graph)) == STAGING
    assert stored.resolve_checks(graph) == set()
    (scheduled,) = snap.schedules
    assert scheduled.asset_selection is not None
    assert names(scheduled.asset_selection.resolve(graph)) == STAGING
    below = kept["composed"].asset_selection
    assert below is not None
    assert "customers" in names(below.resolve(graph))


@pytest.mark.server
def test_a_job_runs_exactly_what_it_selects(shop: DbtProject) -> None:
    defs = definitions(shop, make(shop))
    assert run(defs, dg.AssetSelection.assets("raw_customers")).success
    selection = DbtManifestAssetSelection.build(shop, "stg_customers", exclude="test_name:unique")
    outcome = run(defs, selection.without_checks())
    assert outcome.success, outcome.failure
    assert (outcome.materialized, outcome.checks) == (["stg_customers"], {})


def test_bad_arguments_are_refused_with_a_remedy(shop: DbtProject, tmp_path: Path) -> None:
    with pytest.raises(DagsterDbtManifestNotFoundError, match="dbt parse"):
        DbtManifestAssetSelection.build(tmp_path / "manifest.json")
    with pytest.raises(ProjectFileError, match="not a dbt manifest"):
        DbtManifestAssetSelection.build({"a": 1})
    with pytest.raises(SelectionError, match="can't be combined"):
        DbtManifestAssetSelection.build(shop, "tag:x", selector="nightly")
    with pytest.raises(DefinitionError, match="not an instance"):
        DbtManifestAssetSelection.build(shop, dagster_dbt_translator=Prefixed)  # type: ignore[arg-type]
    unknown = DbtManifestAssetSelection.build(shop, "nonsense_method:x")
    with pytest.raises(SelectionError, match="nonsense_method"):
        unknown.resolve([make(shop)])
