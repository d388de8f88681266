"""Events of dbt's JSON log, and the Dagster events that users make of them."""

import json
from collections.abc import Iterator
from typing import Any

import dagster as dg
import pytest

from dbt_component import DbtCliEventMessage, DbtCliResource, DbtProject, dbt_assets
from tests.dg_project import run


def raw(name: str, unique_id: str, status: str, **data: Any) -> dict[str, Any]:
    return {
        "info": {"name": name, "level": "info", "msg": "1 of 1 OK", "invocation_id": "abc"},
        "data": {
            "node_info": {
                "unique_id": unique_id,
                "resource_type": unique_id.partition(".")[0],
                "node_status": status,
                "node_started_at": "2024-01-01T00:00:00.000000",
                "node_finished_at": "2024-01-01T00:00:02.500000Z"[:-1],
            },
            **data,
        },
    }


def test_the_attributes_of_an_event() -> None:
    event = DbtCliEventMessage(
        raw_event=raw("LogModelResult", "model.shop.stg_orders", "success"),
        event_history_metadata={},
    )
    assert str(event) == "1 of 1 OK"
    assert (event.event_type, event.log_level) == ("LogModelResult", "info")
    assert event.is_result_event and not event.has_column_lineage_metadata
    with_parents = DbtCliEventMessage(event.raw_event, {"parents": {}})
    assert with_parents.has_column_lineage_metadata


@pytest.mark.parametrize(
    ("name", "unique_id", "is_result", "is_result_of_fusion"),
    [
        ("LogSeedResult", "seed.shop.raw_orders", True, False),
        ("LogSnapshotResult", "snapshot.shop.a", True, False),
        ("LogTestResult", "test.shop.a", True, False),
        ("LogTestResult", "unit_test.shop.a", False, False),
        ("NodeFinished", "model.shop.a", False, True),
        ("LogFreshnessResult", "source.shop.a", False, False),
    ],
)
def test_which_events_are_results(
    name: str, unique_id: str, is_result: bool, is_result_of_fusion: bool
) -> None:
    event = raw(name, unique_id, "success")
    assert DbtCliEventMessage(event).is_result_event is is_result
    assert DbtCliEventMessage(event, is_fusion=True).is_result_event is is_result_of_fusion


def test_events_without_a_node_are_no_results(shop: DbtProject) -> None:
    event = DbtCliEventMessage({"info": {"name": "X", "level": "debug", "msg": "ü"}, "data": {}})
    assert (str(event), event.is_result_event) == ("ü", False)
    assert list(event.to_default_asset_events(manifest={})) == []


@pytest.mark.parametrize("form", ["mapping", "path", "project"])
def test_a_model_is_materialized_and_a_test_evaluated(form: str, shop: DbtProject) -> None:
    forms: dict[str, Any] = {
        "mapping": json.loads(shop.manifest_path.read_text()),
        "path": shop.manifest_path,
        "project": shop,
    }
    manifest = forms[form]
    built = DbtCliEventMessage(raw("LogModelResult", "model.shop.stg_orders", "success"))
    (event,) = built.to_default_asset_events(manifest)
    assert isinstance(event, dg.AssetMaterialization)
    assert event.asset_key == dg.AssetKey("stg_orders")
    assert event.metadata["Execution Duration"].value == 2.5
    assert event.metadata["unique_id"].value == "model.shop.stg_orders"
    assert event.metadata["invocation_id"].value == "abc"
    assert event.metadata["status"].value == "success"

    nodes = json.loads(shop.manifest_path.read_text())["nodes"]
    test_id = next(i for i, n in nodes.items() if n["name"] == "unique_stg_orders_order_id")
    failed = DbtCliEventMessage(raw("LogTestResult", test_id, "warn", num_failures=3))
    (evaluation,) = failed.to_default_asset_events(manifest)
    assert isinstance(evaluation, dg.AssetCheckEvaluation)
    assert not evaluation.passed and evaluation.severity is dg.AssetCheckSeverity.WARN
    assert evaluation.check_name == "unique_stg_orders_order_id"
    assert evaluation.metadata["dagster_dbt/failed_row_count"].value == 3
    skipped = DbtCliEventMessage(raw("LogTestResult", test_id, "skipped"))
    assert list(skipped.to_default_asset_events(manifest)) == []


def test_a_status_may_be_missing_as_for_microbatch_models(shop: DbtProject) -> None:
    given = raw("LogModelResult", "model.shop.stg_orders", "None", execution_time=4.0)
    given["data"]["status"] = "SUCCESS"
    given["data"]["node_info"] |= {"node_started_at": "", "node_finished_at": ""}
    (event,) = DbtCliEventMessage(given).to_default_asset_events(shop)
    assert event.metadata is not None
    assert event.metadata["Execution Duration"].value == 4.0
    failed = DbtCliEventMessage(raw("LogModelResult", "model.shop.stg_orders", "error"))
    assert list(failed.to_default_asset_events(shop)) == []


@pytest.mark.server
def test_a_body_may_make_its_events_of_dbts(shop: DbtProject, dbt: DbtCliResource) -> None:
    seen: list[str] = []

    @dbt_assets(manifest=shop, select="+stg_orders +stg_customers", exclude="loose_test")
    def body(context: dg.AssetExecutionContext, dbt: DbtCliResource) -> Iterator[Any]:
        for event in dbt.cli(["build"], context=context).stream_raw_events():
            seen.append(event.event_type)
            yield from event.to_default_asset_events(manifest=shop.manifest_path, context=context)

    outcome = run(dg.Definitions(assets=[body], resources={"dbt": dbt}))
    assert outcome.success, outcome.failure
    assert {"raw_orders", "stg_orders"} <= set(outcome.materialized)
    assert "LogTestResult" in seen and "MainReportVersion" in seen


@pytest.mark.server
def test_events_of_level_debug_come_if_dbt_is_asked_for_them(dbt: DbtCliResource) -> None:
    events = list(dbt.cli(["--log-level", "debug", "parse"]).stream_raw_events())
    assert "CommandCompleted" in {event.event_type for event in events}
    assert "Formatting" not in {event.event_type for event in events}
    quiet = list(dbt.cli(["--quiet", "parse"]).stream_raw_events())
    assert quiet == []
