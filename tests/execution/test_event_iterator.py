"""``stream()`` with requests for more metadata, in any order."""

from collections.abc import Iterator
from typing import Any

import dagster as dg
import pytest

from dbt_component import DbtCliResource, DbtEventIterator, DbtProject, dbt_assets
from dbt_component._dagster import DagsterInvalidPropertyError
from dbt_component.errors import DagsterDbtError, LineageError
from dbt_component.execution.event_iterator import InsightsError

SEED = ["seed", "--select", "raw_orders"]


class FakeInvocation:
    """Stands for a command on another database."""

    def __init__(self, adapter_type: str | None) -> None:
        self.adapter_type = adapter_type
        self.runs_step = False
        self.kinds: list[str] = []

    def fetch_also(self, kind: str, *, wanted_by: str) -> None:
        self.kinds.append(kind)


@pytest.mark.server
@pytest.mark.parametrize("order", ["rows first", "columns first"])
def test_rows_and_columns_are_fetched_in_any_order(order: str, dbt: DbtCliResource) -> None:
    events = dbt.cli(SEED).stream()
    if order == "rows first":
        events = events.fetch_row_counts().with_insights().fetch_column_metadata()
    else:
        events = events.fetch_column_metadata(with_column_lineage=False).fetch_row_counts()
    assert isinstance(events, DbtEventIterator)
    (event,) = events
    assert isinstance(event, dg.AssetMaterialization)
    assert event.metadata["dagster/row_count"].value == 4
    assert event.metadata["dagster/storage_kind"].value == "duckdb"
    schema = event.metadata["dagster/column_schema"].value
    assert isinstance(schema, dg.TableSchema)
    assert schema.columns[0].name == "id"


@pytest.mark.server
def test_rows_are_counted_in_a_step_and_not_of_views(shop: DbtProject, dbt: DbtCliResource) -> None:
    @dbt_assets(manifest=shop, select="raw_orders stg_orders", exclude="resource_type:test")
    def body(context: dg.AssetExecutionContext, dbt: DbtCliResource) -> Iterator[Any]:
        yield from dbt.cli(["build"], context=context).stream().fetch_row_counts()

    result = dg.materialize([body], resources={"dbt": dbt})
    found = {
        m.asset_key.to_user_string(): m.metadata
        for m in result.asset_materializations_for_node("body")
    }
    assert found["raw_orders"]["dagster/row_count"].value == 4
    assert "dagster/row_count" not in found["stg_orders"]


@pytest.mark.server
def test_rows_of_views_and_the_adapters_response_are_fetched_on_request(
    shop: DbtProject, dbt: DbtCliResource
) -> None:
    others = "test_name:relationships loose_test"

    @dbt_assets(manifest=shop, select="raw_orders stg_orders", exclude=others)
    def body(context: dg.AssetExecutionContext, dbt: DbtCliResource) -> Iterator[Any]:
        command = dbt.cli(["build"], context=context)
        yield from command.stream().fetch_view_row_counts().fetch_adapter_responses()

    result = dg.materialize([body], resources={"dbt": dbt})
    found = {
        m.asset_key.to_user_string(): m.metadata
        for m in result.asset_materializations_for_node("body")
    }
    assert found["stg_orders"]["dagster/row_count"].value == 4
    assert "dagster/row_count" not in found["raw_orders"]
    response = found["stg_orders"]["adapter_response"]
    assert isinstance(response, dg.JsonMetadataValue) and response.value == {"_message": "OK"}
    checks = result.get_asset_check_evaluations()
    assert checks and all("adapter_response" in check.metadata for check in checks)


@pytest.mark.server
def test_rows_that_fail_a_test_are_fetched_on_request(
    shop: DbtProject, dbt: DbtCliResource
) -> None:
    with (shop.project_dir / "seeds" / "raw_orders.csv").open("a") as file:
        file.write("1,1,3,2024-01-05\n")
    dbt.cli(["build", "--select", "raw_orders", "stg_orders"], raise_on_error=False).wait()
    test = dbt.cli(["test", "--select", "unique_stg_orders_order_id"], raise_on_error=False)
    (event,) = test.stream().fetch_failed_rows()
    assert isinstance(event, dg.AssetCheckEvaluation) and not event.passed
    found = event.metadata["failed_rows"]
    assert isinstance(found, dg.TableMetadataValue)
    assert [dict(record.data) for record in found.records] == [{"unique_field": 1, "n_records": 2}]


@pytest.mark.server
def test_a_request_after_the_first_event_is_refused(dbt: DbtCliResource) -> None:
    events = dbt.cli(SEED).stream()
    next(events)
    with pytest.raises(DagsterDbtError, match="comes too late"):
        events.fetch_row_counts()
    assert list(events) == []


@pytest.mark.server
def test_an_iteration_that_is_closed_stops_dbt(dbt: DbtCliResource) -> None:
    invocation = dbt.cli(SEED)
    events = invocation.stream()
    next(events)
    events.close()
    assert not invocation.is_successful()
    assert "left before its end" in str(invocation.get_error())


def test_lineage_comes_with_columns_if_it_can(monkeypatch: pytest.MonkeyPatch) -> None:
    def kinds(with_column_lineage: bool | None) -> list[str]:
        invocation = FakeInvocation("duckdb")
        DbtEventIterator(iter(()), invocation).fetch_column_metadata(with_column_lineage)
        return invocation.kinds

    both = ["column_metadata", "column_lineage"]
    assert (kinds(None), kinds(True), kinds(False)) == (both, both, ["column_metadata"])
    monkeypatch.setattr("dbt_component.lineage.requirement.has_sqlglot", lambda: False)
    monkeypatch.setattr("dbt_component.execution.event_iterator.has_sqlglot", lambda: False)
    assert (kinds(None), kinds(False)) == (["column_metadata"], ["column_metadata"])
    with pytest.raises(LineageError, match="with_column_lineage=True"):
        kinds(True)


@pytest.mark.parametrize("adapter", ["snowflake", "bigquery"])
def test_insights_are_a_service_of_dagster_plus(adapter: str) -> None:
    events = DbtEventIterator(iter(()), FakeInvocation(adapter))
    with pytest.raises(InsightsError, match="Dagster\\+") as raised:
        events.with_insights(skip_config_check=True)
    assert isinstance(raised.value, DagsterInvalidPropertyError)
    assert isinstance(raised.value, DagsterDbtError)


@pytest.mark.parametrize("adapter", ["duckdb", None])
def test_insights_are_left_out_for_other_databases(
    adapter: str | None, caplog: pytest.LogCaptureFixture
) -> None:
    invocation = FakeInvocation(adapter)
    events: DbtEventIterator[int] = DbtEventIterator(iter([1, 2]), invocation)
    assert list(events.with_insights().fetch_row_counts()) == [1, 2]
    assert invocation.kinds == ["row_count"]
    assert "Insights are a service of Dagster+" in caplog.text


def test_the_events_of_a_step_survive_a_filter_of_the_users() -> None:
    invocation = FakeInvocation("duckdb")
    events = DbtEventIterator((n for n in range(4) if n % 2), invocation).fetch_row_counts()
    assert list(events) == [1, 3]
    assert invocation.kinds == ["row_count"]
