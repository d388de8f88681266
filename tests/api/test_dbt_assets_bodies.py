"""The bodies that users write under @dbt_assets, run on real dbt."""

import json
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import dagster as dg
import pytest

from dbt_component import DbtCliResource, DbtProject, dbt_assets
from tests.api.test_dbt_assets import FullRefresh, definitions, make
from tests.dg_project import RunOutcome, run

pytestmark = pytest.mark.server
ORDERS = "raw_orders stg_orders"
ONLY_ORDERS: dict[str, Any] = {
    "select": ORDERS,
    "exclude": "test_type:unit loose_test totals_match test_name:relationships",
}
DAILY = dg.DailyPartitionsDefinition("2024-01-01")


def succeeded(outcome: RunOutcome) -> RunOutcome:
    assert outcome.success, outcome.failure
    return outcome


def test_selections_in_the_body_add_to_the_one_of_the_step(shop: DbtProject) -> None:
    @dbt_assets(manifest=shop, **ONLY_ORDERS)
    def body(context: dg.AssetExecutionContext, dbt: DbtCliResource) -> Iterator[Any]:
        yield from dbt.cli(["seed", "--select", "raw_orders"], context=context).stream()
        yield from dbt.cli(
            ["build", "--exclude", "raw_orders", "--target", "dev"], context=context
        ).stream()

    outcome = succeeded(run(definitions(shop, body)))
    assert sorted(outcome.materialized) == ["raw_orders", "stg_orders"]


def test_vars_and_full_refresh_reach_dbt(shop: DbtProject) -> None:
    vars = {"minimum_amount": 1_000_000}

    @dbt_assets(manifest=shop, **ONLY_ORDERS)
    def body(
        context: dg.AssetExecutionContext, config: FullRefresh, dbt: DbtCliResource
    ) -> Iterator[Any]:
        arguments = ["build", "--vars", json.dumps(vars)]
        if config.full_refresh:
            arguments.append("--full-refresh")
        invocation = dbt.cli(arguments, context=context)
        yield from invocation.stream()
        written = invocation.get_artifact("run_results.json")
        assert written["args"]["vars"] == vars
        assert written["args"].get("full_refresh", False) is config.full_refresh

    for full_refresh in (True, False):
        config = {"ops": {"body": {"config": {"full_refresh": full_refresh}}}}
        succeeded(run(definitions(shop, body), run_config=config))


class Notes(dg.ConfigurableResource[Any]):
    path: str

    def write(self, text: str) -> None:
        with Path(self.path).open("a") as file:
            file.write(text + "\n")


def test_own_resources_beside_dbt(shop: DbtProject, tmp_path: Path) -> None:
    notes = Notes(path=str(tmp_path / "notes"))

    @dbt_assets(manifest=shop, **ONLY_ORDERS)
    def body(context: dg.AssetExecutionContext, dbt: DbtCliResource, notes: Notes) -> Iterator[Any]:
        notes.write("before")
        yield from dbt.cli(["build"], context=context).stream()
        notes.write("after")

    defs = dg.Definitions(
        assets=[body],
        resources={"dbt": DbtCliResource(project_dir=str(shop.project_dir)), "notes": notes},
    )
    succeeded(run(defs))
    assert Path(notes.path).read_text().split() == ["before", "after"]


def test_resources_by_required_keys(shop: DbtProject, tmp_path: Path) -> None:
    @dbt_assets(manifest=shop, required_resource_keys={"dbt", "path"}, **ONLY_ORDERS)
    def body(context: dg.AssetExecutionContext) -> Iterator[Any]:
        yield from context.resources.dbt.cli(["build"], context=context).stream()
        Path(context.resources.path).write_text("seen")

    defs = dg.Definitions(
        assets=[body],
        resources={
            "dbt": DbtCliResource(project_dir=str(shop.project_dir)),
            "path": str(tmp_path / "notes"),
        },
    )
    succeeded(run(defs))
    assert (tmp_path / "notes").read_text() == "seen"


def test_events_of_the_body_itself(shop: DbtProject) -> None:
    """Changed outputs, observations of others, and results of checks that dbt did not run."""

    @dbt_assets(manifest=shop, **ONLY_ORDERS)
    def body(context: dg.AssetExecutionContext, dbt: DbtCliResource) -> Iterator[Any]:
        for event in dbt.cli(["run"], context=context).stream():
            assert isinstance(event, dg.Output)
            metadata: dict[str, Any] = {**event.metadata, "mine": True}
            yield dg.Output(None, output_name=event.output_name, metadata=metadata)
        yield dg.AssetObservation("elsewhere", metadata={"a": 1})
        yield dg.AssetMaterialization("file", metadata={"a": 1})
        for key in context.selected_asset_check_keys:
            yield dg.AssetCheckResult(asset_key=key.asset_key, check_name=key.name, passed=False)

    succeeded(run(definitions(shop, make(shop, **ONLY_ORDERS))))
    outcome = run(definitions(shop, body), dg.AssetSelection.assets("stg_orders"))
    assert set(outcome.materialized) == {"stg_orders", "file"}
    assert outcome.metadata["stg_orders"]["mine"]
    assert "elsewhere" in outcome.observations
    assert set(outcome.checks.values()) == {False}


def test_a_body_may_return_or_do_without_dbt(shop: DbtProject) -> None:
    @dbt_assets(manifest=shop, select="raw_orders")
    def returns(context: dg.AssetExecutionContext) -> dg.MaterializeResult[Any]:
        return dg.MaterializeResult(asset_key="raw_orders", metadata={"rows": 3})

    assert run(definitions(shop, returns)).metadata["raw_orders"]["rows"] == 3

    @dbt_assets(manifest=shop, select="raw_orders")
    def runs_dbt(context: dg.AssetExecutionContext, dbt: DbtCliResource) -> Any:
        return dbt.cli(["seed"], context=context).stream()

    assert succeeded(run(definitions(shop, runs_dbt))).materialized == ["raw_orders"]


def test_an_op_context_in_the_signature(shop: DbtProject) -> None:
    @dbt_assets(manifest=shop, select="raw_orders")
    def annotated(context: dg.OpExecutionContext, dbt: DbtCliResource) -> Iterator[Any]:
        yield from dbt.cli(["build"], context=context).stream()

    @dbt_assets(manifest=shop, select="raw_orders")
    def bare(context, dbt: DbtCliResource):  # type: ignore[no-untyped-def]
        yield from dbt.cli(["build"], context=context).stream()

    for body in (annotated, bare):
        assert succeeded(run(definitions(shop, body))).materialized == ["raw_orders"]


def test_materialize_takes_a_selection_and_resources(shop: DbtProject) -> None:
    made = make(shop)
    resources = {"dbt": DbtCliResource(project_dir=str(shop.project_dir))}
    for selection in ("raw_orders", dg.AssetSelection.assets("raw_orders"), ["raw_orders"]):
        result = dg.materialize(
            [made], selection=selection, resources=resources, raise_on_error=False
        )
        assert result.success
        assert [e.asset_key for e in result.all_events if e.is_step_materialization] == [
            dg.AssetKey("raw_orders")
        ]
    result = dg.materialize_to_memory([make(shop, select="raw_customers")], resources=resources)
    assert result.success


def test_a_run_of_one_partition_and_of_a_range(shop: DbtProject) -> None:
    @dbt_assets(manifest=shop, partitions_def=DAILY, **ONLY_ORDERS)
    def body(context: dg.AssetExecutionContext, dbt: DbtCliResource) -> Iterator[Any]:
        window = context.partition_time_window
        vars = {"min_date": window.start.isoformat(), "max_date": window.end.isoformat()}
        invocation = dbt.cli(["build", "--vars", json.dumps(vars)], context=context)
        yield from invocation.stream()
        used.append(invocation.get_artifact("run_results.json")["args"]["vars"])

    used: list[dict[str, str]] = []
    defs = definitions(shop, body)
    succeeded(run(defs, partition_key="2024-01-02"))
    assert [v["min_date"][:10] for v in used] == ["2024-01-02"]
    ranged = {
        "dagster/asset_partition_range_start": "2024-01-02",
        "dagster/asset_partition_range_end": "2024-01-04",
    }
    succeeded(run(defs, tags=ranged))
    assert (used[1]["min_date"][:10], used[1]["max_date"][:10]) == ("2024-01-02", "2024-01-05")


def test_a_retry_policy_retries_the_step(shop: DbtProject) -> None:
    attempts: list[int] = []

    @dbt_assets(manifest=shop, retry_policy=dg.RetryPolicy(max_retries=1), **ONLY_ORDERS)
    def body(context: dg.AssetExecutionContext, dbt: DbtCliResource) -> Iterator[Any]:
        attempts.append(context.op_execution_context.retry_number)
        yield from dbt.cli(["seed"], context=context).stream()
        if len(attempts) == 1:
            raise RuntimeError("once")
        yield from dbt.cli(["build", "--exclude", "raw_orders"], context=context).stream()

    succeeded(run(definitions(shop, body)))
    assert attempts == [0, 1]


def test_assets_of_a_module_with_a_prefix_run_under_their_new_keys(shop: DbtProject) -> None:
    module: Any = ModuleType("assets_of_a_user")
    module.made = make(shop, **ONLY_ORDERS)
    assets = dg.load_assets_from_modules([module], key_prefix="pre")
    outcome = succeeded(run(definitions(shop, *assets)))  # type: ignore[arg-type]
    assert sorted(outcome.materialized) == ["pre/raw_orders", "pre/stg_orders"]
    assert set(outcome.checks) == {
        "pre/stg_orders:not_null_stg_orders_order_id",
        "pre/stg_orders:unique_stg_orders_order_id",
    }


def test_a_backfill_policy_and_tags_are_those_of_the_op(shop: DbtProject) -> None:
    policy = dg.BackfillPolicy.multi_run(max_partitions_per_run=2)
    made = make(
        shop,
        partitions_def=dg.MultiPartitionsDefinition(
            {"day": DAILY, "colour": dg.StaticPartitionsDefinition(["red"])}
        ),
        backfill_policy=policy,
        op_tags={"dagster/concurrency_key": "warehouse", "nested": {"a": 1}},
        **ONLY_ORDERS,
    )
    assert made.backfill_policy == policy
    assert made.op.tags["dagster/concurrency_key"] == "warehouse"
    assert json.loads(made.op.tags["nested"]) == {"a": 1}
    key = dg.MultiPartitionKey({"day": "2024-01-02", "colour": "red"})
    outcome = succeeded(run(definitions(shop, made), partition_key=key))
    assert {e.partition for e in outcome.events if e.is_step_materialization} == {key}
