"""Commands outside of dbt assets: their nodes become materializations, check evaluations and observations."""

import json
import logging
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
)
from dbt_component.errors import (
    DagsterDbtManifestNotFoundError,
    DefinitionError,
    ProjectFileError,
)

pytestmark = pytest.mark.server

BUILD = ["build", "--select", "+stg_orders", "--indirect-selection", "cautious"]


class Prefixed(DagsterDbtTranslator):
    def get_asset_key(self, dbt_resource_props: Any) -> dg.AssetKey:
        return super().get_asset_key(dbt_resource_props).with_prefix("warehouse")


def materialized(events: list[Any]) -> set[str]:
    return {e.asset_key.to_user_string() for e in events if isinstance(e, dg.AssetMaterialization)}


@pytest.mark.parametrize("form", ["path", "text", "mapping", "project", "of the resource"])
def test_events_have_the_keys_of_the_manifest_in_every_form(
    form: str, shop: DbtProject, dbt: DbtCliResource
) -> None:
    forms: dict[str, Any] = {
        "path": shop.manifest_path,
        "text": str(shop.manifest_path),
        "mapping": json.loads(shop.manifest_path.read_text()),
        "project": shop,
        "of the resource": None,
    }
    events = list(dbt.cli(BUILD, manifest=forms[form]).stream())
    assert materialized(events) >= {"raw_orders", "stg_orders"}
    checks = [e for e in events if isinstance(e, dg.AssetCheckEvaluation)]
    names = {(e.asset_key.to_user_string(), e.check_name) for e in checks}
    assert ("stg_orders", "unique_stg_orders_order_id") in names
    assert all(e.passed for e in checks)
    metadata = next(e for e in events if isinstance(e, dg.AssetMaterialization)).metadata
    assert {"unique_id", "invocation_id", "Execution Duration", "status"} <= metadata.keys()


def test_keys_and_checks_follow_the_translator(shop: DbtProject, dbt: DbtCliResource) -> None:
    invocation = dbt.cli(BUILD, manifest=shop.manifest_path, dagster_dbt_translator=Prefixed())
    events = list(invocation.stream())
    assert materialized(events) >= {"warehouse/raw_orders", "warehouse/stg_orders"}
    checks = [e for e in events if isinstance(e, dg.AssetCheckEvaluation)]
    assert {e.asset_key.path[0] for e in checks} == {"warehouse"}
    assert invocation.dagster_dbt_translator.__class__ is Prefixed

    settings = DagsterDbtTranslatorSettings(enable_asset_checks=False)
    events = list(dbt.cli(BUILD, dagster_dbt_translator=DagsterDbtTranslator(settings)).stream())
    assert not any(isinstance(e, dg.AssetCheckEvaluation) for e in events)
    observed = {e.asset_key.to_user_string() for e in events if isinstance(e, dg.AssetObservation)}
    assert "stg_orders" in observed


@pytest.mark.parametrize("with_context", [True, False])
def test_an_op_and_an_asset_of_the_users_record_materializations(
    with_context: bool, shop: DbtProject, dbt: DbtCliResource
) -> None:
    @dg.op(out=dg.Out(dg.Nothing))
    def runs(context: dg.OpExecutionContext, dbt: DbtCliResource) -> Iterator[Any]:
        given = context if with_context else None
        yield from dbt.cli(BUILD, manifest=shop.manifest_path, context=given).stream()

    @dg.job
    def job() -> None:
        runs()

    @dg.asset
    def own(context: dg.AssetExecutionContext, dbt: DbtCliResource) -> Iterator[Any]:
        given = context if with_context else None
        yield from dbt.cli(BUILD, manifest=shop.manifest_path, context=given).stream()
        yield dg.Output(1)

    results: list[Any] = [
        job.execute_in_process(resources={"dbt": dbt}),
        dg.materialize([own], resources={"dbt": dbt}),
    ]
    for result in results:
        keys = {
            event.event_specific_data.materialization.asset_key.to_user_string()
            for event in result.all_events
            if event.event_type_value == "ASSET_MATERIALIZATION"
        }
        assert keys >= {"raw_orders", "stg_orders"}
        evaluated = {
            event.event_specific_data.check_name
            for event in result.all_events
            if event.event_type_value == "ASSET_CHECK_EVALUATION"
        }
        assert "unique_stg_orders_order_id" in evaluated


def test_assets_that_the_users_own_op_makes_become_its_outputs(
    shop: DbtProject, dbt: DbtCliResource
) -> None:
    @dg.multi_asset(specs=[dg.AssetSpec("stg_orders", skippable=True)])
    def own(context: dg.AssetExecutionContext, dbt: DbtCliResource) -> Iterator[Any]:
        yield from dbt.cli(BUILD, manifest=shop, context=context).stream()

    result = dg.materialize([own], resources={"dbt": dbt})
    assert result.success
    (event,) = result.asset_materializations_for_node("own")[-1:]
    assert event.asset_key == dg.AssetKey("stg_orders")


def test_failed_nodes_give_no_event_and_the_error_comes_last(
    shop: DbtProject, dbt: DbtCliResource
) -> None:
    (shop.project_dir / "models" / "broken.sql").write_text("select 1 as a, no_such_column")
    invocation = dbt.cli(["run", "--select", "broken"], raise_on_error=False)
    assert list(invocation.stream()) == []
    assert "no_such_column" in str(invocation.get_error())
    assert invocation.get_artifact("run_results.json")["results"][0]["status"] == "error"
    assert (invocation.process.returncode, invocation.is_successful()) == (1, False)


def test_nodes_that_the_manifest_does_not_know_are_named(
    shop: DbtProject, dbt: DbtCliResource, caplog: pytest.LogCaptureFixture
) -> None:
    (shop.project_dir / "models" / "größe.sql").write_text("select 'é' as a")
    with caplog.at_level(logging.WARNING, "dbt_component"):
        assert list(dbt.cli(["run", "--select", "größe"]).stream()) == []
    assert "model.shop.größe" in caplog.text and "not in the manifest" in caplog.text


def test_manifests_that_are_none_are_refused(
    shop: DbtProject, dbt: DbtCliResource, tmp_path: Path
) -> None:
    with pytest.raises(DagsterDbtManifestNotFoundError, match="nowhere"):
        list(dbt.cli(BUILD, manifest=tmp_path / "nowhere.json").stream())
    (tmp_path / "cut.json").write_text('{"metadata": {')
    with pytest.raises(ProjectFileError, match=r"cut\.json"):
        list(dbt.cli(BUILD, manifest=tmp_path / "cut.json").stream())
    with pytest.raises(DefinitionError, match="`manifest` is a int"):
        list(dbt.cli(BUILD, manifest=7).stream())  # type: ignore[arg-type]
    with pytest.raises(DefinitionError, match="class Prefixed"):
        dbt.cli(BUILD, dagster_dbt_translator=Prefixed)  # type: ignore[arg-type]
    shop.manifest_path.unlink()
    assert dbt.cli(["parse"]).wait().manifest == {}
