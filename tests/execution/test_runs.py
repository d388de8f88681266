"""Real runs of the test project on DuckDB, through Dagster."""

from pathlib import Path

import dagster as dg
import pytest

from tests.dg_project import DgProject, run

pytestmark = [pytest.mark.usefixtures("in_dev"), pytest.mark.server]


def test_a_full_run_materializes_every_asset_and_evaluates_every_check(
    dg_project: DgProject,
) -> None:
    dg_project.write_component(include_metadata=["row_count", "column_metadata"])
    outcome = run(dg_project.load())
    assert outcome.success, outcome.failure
    assert set(outcome.materialized) == {
        "raw_customers", "raw_orders", "stg_customers", "stg_orders", "from_source", "customers",
        "daily_orders", "reporting/report", "customers_snapshot",
    }  # fmt: skip
    warned = "stg_orders:relationships_stg_orders_customer_id__customer_id__ref_stg_customers_"
    assert {key for key, passed in outcome.checks.items() if not passed} == {warned}
    assert outcome.check_metadata[warned]["dagster_dbt/failed_row_count"] == 1
    assert outcome.checks["daily_orders:orders_are_counted_by_day"] is True
    assert outcome.checks["customers:totals_match"] is True
    assert "loose_test" in outcome.observations["customers"]
    assert outcome.metadata["customers"]["dagster/row_count"] == 3
    columns = outcome.metadata["stg_orders"]["dagster/column_schema"].columns
    assert [(c.name, c.type) for c in columns][:2] == [
        ("order_id", "INTEGER"),
        ("customer_id", "INTEGER"),
    ]
    assert columns[0].description == "Key of the order."
    assert "dagster/row_count" not in outcome.metadata["stg_orders"]  # a view
    assert not (dg_project.dbt_folder / "target").exists()
    assert not (dg_project.dbt_folder / "logs").exists()

    # A subset of assets and checks runs exactly these, on the relations that are there.
    defs = dg_project.load()
    chosen = dg.AssetSelection.assets("customers").without_checks() | dg.AssetSelection.checks(
        dg.AssetCheckKey(dg.AssetKey("stg_orders"), "unique_stg_orders_order_id")
    )
    outcome = run(defs, chosen)
    assert outcome.success, outcome.failure
    assert outcome.materialized == ["customers"]
    assert list(outcome.checks) == ["stg_orders:unique_stg_orders_order_id"]
    assert outcome.observations == {}


def test_a_failed_model_is_named_with_dbts_message_and_its_children_are_told_as_skipped(
    dg_project: DgProject,
) -> None:
    (dg_project.dbt_folder / "models/marts/customers.sql").write_text(
        "select cast('not a number' as integer) as customer_id, name, 1 as orders"
        " from {{ ref('stg_customers') }}"
    )
    dg_project.write_component()
    outcome = run(dg_project.load())
    assert not outcome.success
    assert "model.shop.customers" in outcome.failure
    assert "not a number" in outcome.failure
    (skipped,) = [line for line in outcome.failure.splitlines() if line.startswith("Skipped")]
    assert skipped.startswith("Skipped (model.shop.customers failed): ")
    assert "model.shop.report" in skipped
    assert "customers" not in outcome.materialized
    assert "stg_customers" in outcome.materialized
    assert "daily_orders" in outcome.materialized
    assert "'error'" in outcome.observations["customers"]
    assert outcome.observations["reporting/report"] == (
        "Not materialized: dbt reported 'skipped'. model.shop.customers failed"
    )


def test_messages_of_events_are_plain_text_that_names_causes_and_counts_nodes_alone(
    dg_project: DgProject,
) -> None:
    """A model fails, so do a unit test, a data test and a hook; the text is free of dbt's console layout."""
    folder = dg_project.dbt_folder
    (folder / "models/marts/customers.sql").write_text(
        "select cast('not a number' as integer) as customer_id, name, 1 as orders"
        " from {{ ref('stg_customers') }}"
    )
    (folder / "models/staging/from_source.sql").write_text("select 1 as id union all select 1")
    (folder / "tests/broken.sql").write_text("select * from {{ ref('from_source') }} where nothing")
    schema = folder / "models/schema.yml"
    schema.write_text(schema.read_text().replace("orders: 2}", "orders: 3}"))
    with (folder / "dbt_project.yml").open("a") as file:
        file.write("on-run-start: [select 1]\non-run-end: [select 2, select nothing]\n")
    dg_project.write_component()
    outcome = run(dg_project.load())
    assert not outcome.success
    nodes = (
        2 + 8 + 1 + 10
    )  # seeds, models, snapshots; then their tests, without four of skipped models
    assert outcome.failure.splitlines()[0].endswith(", 1 hook failed.")
    assert f" of {nodes} nodes failed" in outcome.failure
    described = {
        check.check_name: (check.description, {n: v.value for n, v in check.metadata.items()})
        for e in outcome.events
        if e.event_type_value == "ASSET_CHECK_EVALUATION"
        for check in [e.asset_check_evaluation_data]
    }
    unique, unique_metadata = described["unique_from_source_id"]
    assert unique == "Got 1 result, configured to fail if != 0"
    assert unique_metadata["dagster_dbt/failed_row_count"] == 1
    unit, unit_metadata = described["orders_are_counted_by_day"]
    assert unit is not None and "actual differs from expected" in unit
    assert "dagster_dbt/failed_row_count" not in unit_metadata
    broken, broken_metadata = described["broken"]
    assert broken is not None and "nothing" in broken
    assert "dagster_dbt/failed_row_count" not in broken_metadata
    assert described["unique_stg_customers_customer_id"][0] is None
    assert outcome.observations["daily_orders"].endswith(".orders_are_counted_by_day failed")
    texts = [
        outcome.failure,
        *outcome.observations.values(),
        *(
            str(value)
            for text, metadata in described.values()
            for value in (text, *metadata.values())
        ),
    ]
    for text in texts:
        assert "\x1b" not in text
        assert "...." not in text


def test_a_failed_error_test_fails_the_check_and_blocks_what_is_downstream(
    dg_project: DgProject,
) -> None:
    with (dg_project.dbt_folder / "seeds/raw_orders.csv").open("a") as file:
        file.write("1,1,3,2024-01-05\n")
    dg_project.write_component()
    outcome = run(dg_project.load())
    assert not outcome.success
    assert outcome.checks["stg_orders:unique_stg_orders_order_id"] is False
    assert (
        "select" in outcome.check_metadata["stg_orders:unique_stg_orders_order_id"]["compiled_sql"]
    )
    assert "stg_orders" in outcome.materialized
    assert "customers" not in outcome.materialized


def test_arguments_narrow_a_run_and_reach_dbt(dg_project: DgProject) -> None:
    dg_project.write_component(
        cli_args=["build", "--select", "raw_orders", "raw_customers", {"--threads": "{{ 1 + 1 }}"}]
    )
    outcome = run(dg_project.load())
    assert outcome.success, outcome.failure
    assert set(outcome.materialized) == {"raw_orders", "raw_customers"}


def test_arguments_that_fail_at_the_start_of_a_run_are_placed_in_the_file(
    dg_project: DgProject, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("REFRESH", raising=False)
    path = dg_project.write_component(cli_args=["build", {"--full-refresh": "{{ env.REFRESH }}"}])
    outcome = run(dg_project.load())
    assert not outcome.success
    assert "the environment variable 'REFRESH' is not set" in outcome.failure
    assert f"where: {path}:" in outcome.failure
    assert "(cli_args[1].--full-refresh)" in outcome.failure


def test_a_run_with_other_variables_is_parsed_by_dbt_and_gives_their_result(
    dg_project: DgProject,
) -> None:
    dg_project.write_component(
        cli_args=["build", {"--vars": {"minimum_amount": 10}}],
        include_metadata=["row_count"],
        select="+daily_orders",
        exclude="test_type:data",
    )
    outcome = run(dg_project.load())
    assert outcome.success, outcome.failure
    assert outcome.metadata["daily_orders"]["dagster/row_count"] == 2


def test_partitions_reach_variables_and_unpartitioned_assets_do_without(
    dg_project: DgProject,
) -> None:
    dg_project.write_component(
        select="raw_orders stg_orders",
        exclude="test_type:data",
        cli_args=[
            "build",
            {"--vars": {"minimum_amount": "{{ partition_time_window.start.day }}"}},
        ],
        translation={
            "partitions_def": {
                "type": "daily",
                "start_date": "2024-01-01",
                "end_date": "2024-02-01",
            }
        },
    )
    defs = dg_project.load()
    outcome = run(defs, partition_key="2024-01-10")
    assert outcome.success, outcome.failure
    assert outcome.materialized == ["raw_orders", "stg_orders"]


def test_a_project_changed_since_it_was_prepared_runs_as_it_is_now(dg_project: DgProject) -> None:
    dg_project.write_component(include_metadata=["row_count"], select="raw_orders")
    defs = dg_project.load()
    with (dg_project.dbt_folder / "seeds/raw_orders.csv").open("a") as file:
        file.write("5,1,3,2024-01-05\n")
    outcome = run(defs)
    assert outcome.success, outcome.failure
    assert outcome.metadata["raw_orders"]["dagster/row_count"] == 5


def test_a_node_that_is_gone_fails_the_run_by_name(dg_project: DgProject) -> None:
    dg_project.write_component(select="stg_customers raw_customers from_source raw_orders")
    defs = dg_project.load()
    (dg_project.dbt_folder / "models/staging/from_source.sql").unlink()
    outcome = run(defs, dg.AssetSelection.assets("stg_customers", "from_source", "raw_customers"))
    assert not outcome.success
    assert "model.shop.from_source" in outcome.failure
    assert "refresh" in outcome.failure


def test_a_project_whose_folder_is_gone_runs_from_the_state(
    dg_project: DgProject, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SHOP_DATABASE", str(tmp_path / "shop.duckdb"))
    dg_project.write_component()
    dg_project.refresh()
    dg_project.dbt_folder.rename(tmp_path / "moved")
    monkeypatch.delenv("DAGSTER_IS_DEV_CLI")
    outcome = run(dg_project.load())
    assert outcome.success, outcome.failure
    assert "raw_orders" in outcome.materialized


@pytest.mark.slow
def test_variables_read_only_at_run_time_do_not_cost_a_parse(
    dg_project: DgProject, capfd: pytest.CaptureFixture[str]
) -> None:
    (dg_project.dbt_folder / "models/staging/stg_orders.sql").write_text(
        "select id as order_id, customer_id, amount, cast(ordered_at as date) as ordered_on"
        " from {{ ref('raw_orders') }} where cast(ordered_at as date) >= '{{ var('since', '2000-01-01') }}'"
    )
    (dg_project.dbt_folder / "models/staging/from_source.sql").write_text(
        "{{ config(alias=var('alias', 'from_source')) }} select 1 as id"
    )
    partitions = {"type": "daily", "start_date": "2024-01-01", "end_date": "2024-02-01"}
    since = "{{ partition_time_window.start.strftime('%Y-%m-%d') }}"
    dg_project.write_component(
        select="raw_orders stg_orders daily_orders",
        exclude="test_type:data",
        include_metadata=["row_count"],
        cli_args=["build", {"--vars": {"since": since}}],
        translation={"partitions_def": partitions},
    )
    outcome = run(dg_project.load(), partition_key="2024-01-03")
    assert outcome.success, outcome.failure
    assert outcome.metadata["daily_orders"]["dagster/row_count"] == 1
    assert "over 4 nodes, sliced" in capfd.readouterr().err

    # A variable that parsing reads is not taken for one of these.
    dg_project.write_component(
        select="from_source",
        exclude="test_type:data",
        cli_args=[
            "build",
            {"--vars": {"since": since, "alias": "{{ 'x_' ~ partition_key[-2:] }}"}},
        ],
        translation={"partitions_def": partitions},
    )
    outcome = run(dg_project.load(), partition_key="2024-01-03")
    assert outcome.success, outcome.failure
    assert (
        "parse: the project is not as it was prepared: variable alias added"
        in capfd.readouterr().err
    )


def test_an_environment_variable_that_the_project_reads_counts_at_run_time(
    dg_project: DgProject, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMN_NAME", "before")
    (dg_project.dbt_folder / "models/staging/from_source.sql").write_text(
        "{{ config(materialized='table') }} select 1 as {{ env_var('COLUMN_NAME') }}"
    )
    dg_project.write_component(
        select="from_source", exclude="test_type:data", include_metadata=["column_metadata"]
    )
    dg_project.refresh()
    (state,) = dg_project.state_files()
    assert b"COLUMN_NAME" not in state.read_bytes() or b"before" not in state.read_bytes()
    monkeypatch.delenv("DAGSTER_IS_DEV_CLI")
    defs = dg_project.load()
    monkeypatch.setenv("COLUMN_NAME", "after")
    outcome = run(defs)
    assert outcome.success, outcome.failure
    columns = outcome.metadata["from_source"]["dagster/column_schema"].columns
    assert [column.name for column in columns] == ["after"]


def test_checks_that_a_command_does_not_run_are_left_without_a_result(
    dg_project: DgProject,
) -> None:
    dg_project.write_component(cli_args=["run"], select="stg_customers raw_customers")
    (dg_project.dbt_folder / "models/staging/stg_customers.sql").write_text(
        "-- {{ ref('raw_customers') }}\nselect 1 as customer_id, 'x' as name"
    )
    outcome = run(dg_project.load(), dg.AssetSelection.assets("stg_customers"))
    assert outcome.success, outcome.failure
    assert outcome.materialized == ["stg_customers"]
    assert outcome.checks == {}


def test_a_unit_test_may_be_chosen_without_its_model(dg_project: DgProject) -> None:
    dg_project.write_component()
    defs = dg_project.load()
    assert run(defs).success
    check = dg.AssetCheckKey(dg.AssetKey("daily_orders"), "orders_are_counted_by_day")
    outcome = run(defs, dg.AssetSelection.checks(check))
    assert outcome.success, outcome.failure
    assert outcome.checks == {"daily_orders:orders_are_counted_by_day": True}
    assert outcome.materialized == []
