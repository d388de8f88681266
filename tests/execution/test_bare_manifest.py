"""A multi-asset over a manifest, without any state file, builds and runs; its ops survive being altered."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from dbt_component import DagsterDbtTranslator, DbtCliResource
from dbt_component.definitions.assets import build_assets
from dbt_component.definitions.op_settings import OpSettings
from dbt_component.definitions.spec_builder import build_specs
from dbt_component.definitions.spec_rules import SpecRules
from dbt_component.errors import ProjectError
from dbt_component.manifest.read import read_manifest
from dbt_component.project.manifest_project import ManifestProject
from dbt_component.project.state import StateFile
from dbt_component.selection.criteria import SelectionCriteria
from tests.dg_project import DgProject, run

pytestmark = pytest.mark.server


@pytest.fixture
def manifest_path(shop_state: StateFile, tmp_path: Path) -> Path:
    path = tmp_path / "manifest.json"
    path.write_bytes(shop_state.read_manifest_json())
    return path


def definitions_over(
    manifest: Any, dbt: DbtCliResource, *, select: str = "fqn:*", translator: Any = None
) -> list[dg.AssetsDefinition]:
    prepared = ManifestProject(read_manifest(manifest), None)
    translator = translator or DagsterDbtTranslator()
    specs = build_specs(
        prepared.manifest,
        SpecRules(translator, translator.settings, None),
        selected_ids=prepared.select(SelectionCriteria(select=select)),
        project=None,
    )

    def body(context: dg.AssetExecutionContext) -> Iterator[Any]:
        yield from dbt.cli(["build"], context=context).stream()

    return build_assets(specs, prepared, OpSettings(name="shop"), body)


@pytest.mark.parametrize(
    "form",
    [
        "path",
        pytest.param("text", marks=pytest.mark.slow),
        pytest.param("mapping", marks=pytest.mark.slow),
    ],
)
def test_a_multi_asset_over_a_manifest_builds_and_runs(
    form: str, manifest_path: Path, dg_project: DgProject
) -> None:
    manifest: Any = {
        "path": manifest_path,
        "text": str(manifest_path),
        "mapping": json.loads(manifest_path.read_text()),
    }[form]
    dbt = DbtCliResource(project_dir=str(dg_project.dbt_folder))
    outcome = run(dg.Definitions(assets=definitions_over(manifest, dbt)))
    assert outcome.success, outcome.failure
    assert {"raw_orders", "customers", "reporting/report"} <= {*outcome.materialized}
    assert outcome.checks["customers:totals_match"]
    chosen = dg.AssetSelection.assets("customers").without_checks()
    outcome = run(dg.Definitions(assets=definitions_over(manifest, dbt)), chosen)
    assert outcome.success, outcome.failure
    assert outcome.materialized == ["customers"]
    assert outcome.checks == {}


def test_a_selection_of_a_bare_manifest_is_dbts_own(
    manifest_path: Path, dg_project: DgProject
) -> None:
    dbt = DbtCliResource(project_dir=str(dg_project.dbt_folder))
    (assets,) = definitions_over(manifest_path, dbt, select="+stg_orders,tag:staging")
    assert assets.keys == {dg.AssetKey("stg_orders")}


def test_altered_copies_of_the_assets_still_run_their_own_nodes(
    manifest_path: Path, dg_project: DgProject
) -> None:
    dbt = DbtCliResource(project_dir=str(dg_project.dbt_folder))
    (assets,) = definitions_over(manifest_path, dbt)
    moved = assets.with_attributes(
        asset_key_replacements={key: key.with_prefix("moved") for key in assets.keys}
    ).map_asset_specs(lambda spec: spec.merge_attributes(tags={"team": "x"}))
    defs = dg.Definitions(assets=[moved])
    outcome = run(defs, dg.AssetSelection.assets("moved/raw_customers", "moved/stg_customers"))
    assert outcome.success, outcome.failure
    assert outcome.materialized == ["moved/raw_customers", "moved/stg_customers"]
    assert outcome.checks == {"moved/stg_customers:unique_stg_customers_customer_id": True}


def test_a_translator_that_is_never_initialised_decides_keys_everywhere(
    manifest_path: Path, dg_project: DgProject
) -> None:
    class Prefixed(DagsterDbtTranslator):
        def __init__(self, prefix: str) -> None:
            self._prefix = prefix

        def get_asset_key(self, dbt_resource_props: Any) -> dg.AssetKey:
            return super().get_asset_key(dbt_resource_props).with_prefix(self._prefix)

    dbt = DbtCliResource(project_dir=str(dg_project.dbt_folder))
    assets = definitions_over(manifest_path, dbt, translator=Prefixed("own"))
    outcome = run(dg.Definitions(assets=assets), dg.AssetSelection.assets("own/raw_orders"))
    assert outcome.success, outcome.failure
    assert outcome.materialized == ["own/raw_orders"]
    (definition,) = assets
    parents = {
        d.asset_key for d in definition.get_asset_spec(dg.AssetKey(["own", "stg_orders"])).deps
    }
    assert parents == {dg.AssetKey(["own", "raw_orders"])}


def test_opening_a_bare_manifest_says_that_a_project_is_needed(manifest_path: Path) -> None:
    with pytest.raises(ProjectError, match="project_dir"):
        ManifestProject(read_manifest(manifest_path), None).open()
