"""Any dbt command outside of dbt assets: what ran, and what failed."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from dbt_component import DagsterDbtCliRuntimeError, DbtCliResource, DbtProject, dbt_assets
from dbt_component.errors import DagsterDbtError
from tests.dg_project import run

pytestmark = pytest.mark.server

BROKEN = "select 1 as order_id, no_such_column"
MENDED = "select 1 as order_id"


@pytest.fixture
def built(dbt: DbtCliResource) -> DbtCliResource:
    """The test project with everything built."""
    dbt.cli(["build"]).wait()
    return dbt


@pytest.mark.slow
def test_commands_that_only_read_or_write_files(built: DbtCliResource) -> None:
    for args in (
        ["deps"],
        ["parse"],
        ["ls"],
        ["debug"],
        ["compile", "--select", "stg_orders"],
        ["docs", "generate"],
        ["show", "--select", "stg_orders"],
        ["clean", "--no-clean-project-files-only"],
    ):
        invocation = built.cli(args)
        assert list(invocation.stream()) == [], args
        assert invocation.is_successful() and invocation.get_error() is None, args
        assert invocation.process.returncode == 0
        assert invocation.dbt_command == " ".join(["dbt", *args])


def test_commands_that_build_or_test(built: DbtCliResource) -> None:
    def keys(args: list[str]) -> tuple[set[str], set[str]]:
        events: list[Any] = list(built.cli(args).stream())
        return (
            {
                e.asset_key.to_user_string()
                for e in events
                if isinstance(e, dg.AssetMaterialization)
            },
            {e.check_name for e in events if isinstance(e, dg.AssetCheckEvaluation)},
        )

    assert keys(["seed"]) == ({"raw_customers", "raw_orders"}, set())
    assert keys(["run", "--select", "stg_orders"]) == ({"stg_orders"}, set())
    snapshots, _ = keys(["snapshot"])
    assert len(snapshots) == 1
    built_none, checks = keys(["test", "--select", "stg_orders", "--exclude", "loose_test"])
    assert built_none == set() and "unique_stg_orders_order_id" in checks


def test_a_macro_is_run_and_its_failure_reported(dbt: DbtCliResource, shop: DbtProject) -> None:
    (shop.project_dir / "macros").mkdir(exist_ok=True)
    (shop.project_dir / "macros" / "greet.sql").write_text(
        '{% macro greet(name) %}{{ log("Grüße an " ~ name, info=true) }}{% endmacro %}'
    )
    args = ["run-operation", "greet", "--args", json.dumps({"name": "Zoë"})]
    messages = [str(event) for event in dbt.cli(args).stream_raw_events()]
    assert "Grüße an Zoë" in messages
    failing = dbt.cli(["run-operation", "no_such_macro"], raise_on_error=False)
    assert list(failing.stream()) == [] and not failing.is_successful()
    assert "no_such_macro" in str(failing.get_error())
    assert failing.process.returncode != 0


def test_freshness_of_sources(built: DbtCliResource) -> None:
    invocation = built.cli(["source", "freshness"], raise_on_error=False)
    assert list(invocation.stream()) == []
    assert "results" in invocation.get_artifact("sources.json")


def test_a_project_that_does_not_parse_is_reported(dbt: DbtCliResource, shop: DbtProject) -> None:
    (shop.project_dir / "models" / "broken.sql").write_text("select {{ nothing('é' }}")
    invocation = dbt.cli(["build"], raise_on_error=False)
    assert list(invocation.stream()) == []
    assert not invocation.is_successful()
    assert "broken" in str(invocation.get_error())
    assert invocation.process.returncode == 2
    with pytest.raises(DagsterDbtCliRuntimeError, match="broken"):
        dbt.cli(["parse"]).wait()
    with pytest.raises(DagsterDbtError, match=r"run_results\.json"):
        invocation.get_artifact("run_results.json")


@pytest.mark.parametrize("way", ["target path", "state"])
def test_a_failed_command_is_retried(way: str, dbt: DbtCliResource, shop: DbtProject) -> None:
    model = shop.project_dir / "models" / "staging" / "stg_orders.sql"
    model = model if model.is_file() else next(shop.project_dir.rglob("stg_orders.sql"))
    text = model.read_text()
    model.write_text(BROKEN)
    first = dbt.cli(["run", "--select", "stg_orders", "stg_customers"], raise_on_error=False)
    dbt.cli(["seed"]).wait()
    done = {e.asset_key.to_user_string() for e in first.stream()}  # type: ignore[union-attr]
    assert done == {"stg_customers"}
    model.write_text(text)
    if way == "target path":
        second = dbt.cli(["retry"], target_path=first.target_path)
    else:
        second = dbt.cli(["retry", "--state", str(first.target_path)])
    events = list(second.stream())
    assert [e.asset_key.to_user_string() for e in events] == ["stg_orders"]  # type: ignore[union-attr]
    assert isinstance(events[0], dg.AssetMaterialization)


def test_a_retry_without_an_earlier_command_says_so(dbt: DbtCliResource) -> None:
    with pytest.raises(DagsterDbtCliRuntimeError, match="previous run"):
        dbt.cli(["retry"]).wait()


def test_a_body_may_retry_what_failed(dbt: DbtCliResource, shop: DbtProject) -> None:
    model = next(shop.project_dir.rglob("stg_orders.sql"))
    text = model.read_text()

    @dbt_assets(manifest=shop, select="+stg_orders", exclude="resource_type:test")
    def body(context: dg.AssetExecutionContext, dbt: DbtCliResource) -> Iterator[Any]:
        first = dbt.cli(["build"], context=context, raise_on_error=False)
        yield from first.stream()
        assert not first.is_successful()
        model.write_text(text)
        yield from dbt.cli(["retry"], context=context, target_path=first.target_path).stream()

    model.write_text(BROKEN)
    outcome = run(dg.Definitions(assets=[body], resources={"dbt": dbt}))
    assert outcome.success, outcome.failure
    assert sorted(outcome.materialized) == ["raw_orders", "stg_orders"]


def test_a_body_may_ask_for_success_before_it_streams(
    dbt: DbtCliResource, shop: DbtProject
) -> None:
    @dbt_assets(manifest=shop, select="raw_orders")
    def body(context: dg.AssetExecutionContext, dbt: DbtCliResource) -> Iterator[Any]:
        invocation = dbt.cli(["build"], context=context, raise_on_error=False)
        if invocation.is_successful():
            yield from invocation.stream()

    outcome = run(dg.Definitions(assets=[body], resources={"dbt": dbt}))
    assert outcome.materialized == ["raw_orders"]


def test_a_command_that_is_started_but_left_fails_the_step(
    dbt: DbtCliResource, shop: DbtProject
) -> None:
    @dbt_assets(manifest=shop, select="raw_orders")
    def body(context: dg.AssetExecutionContext, dbt: DbtCliResource) -> Iterator[Any]:
        yield from dbt.cli(["build"], context=context).stream()
        assert dbt.cli(["docs", "generate"], context=context).process.poll() is None

    outcome = run(dg.Definitions(assets=[body], resources={"dbt": dbt}))
    assert not outcome.success
    assert "dbt docs generate" in str(outcome.failure)


def test_artifacts_are_where_they_were_asked_for(dbt: DbtCliResource, shop: DbtProject) -> None:
    invocation = dbt.cli(["seed"], target_path=Path("out/here"))
    invocation.wait()
    assert invocation.target_path == shop.project_dir.resolve() / "out" / "here"
    assert (invocation.target_path / "run_results.json").is_file()
    assert invocation.project_dir == shop.project_dir
    assert invocation.cli_version.major == 1 and not invocation.is_fusion
    assert invocation.context is None and invocation.raise_on_error
    assert invocation.manifest["metadata"]["project_name"] == "shop"
    with pytest.raises(DagsterDbtError, match="adapter"):
        _ = invocation.adapter
    with (
        pytest.raises(DagsterDbtError, match="DAGSTER_DBT_TERMINATION"),
        pytest.MonkeyPatch.context() as patch,
    ):
        patch.setenv("DAGSTER_DBT_TERMINATION_TIMEOUT_SECONDS", "soon")
        dbt.cli(["parse"]).wait()
