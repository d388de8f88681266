"""Several ops over one project: which nodes each runs, with which partitions and arguments."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import dagster as dg
import duckdb
import pytest

from tests.component.ledger import MONTHS, Ledger
from tests.dg_project import DgProject, checks_of, run, specs_of
from tests.equivalence.databases import PostgresDatabase

pytestmark = pytest.mark.usefixtures("shared_states")

MONTHLY: dict[str, Any] = {
    "name": "monthly",
    "select": "path:models/monthly",
    "partitions_def": MONTHS,
    "vars": {"start": "{{ partition.start }}", "end": "{{ partition.end }}"},
    "partition_mappings": [{"upstream": "*", "type": "all"}],
}
MODELS = ("monthly_amounts", "monthly_counts")


@pytest.fixture
def ledger(tmp_path: Path, postgres: PostgresDatabase) -> Ledger:
    return Ledger.create(tmp_path / "dg", postgres)


def ops_of(defs: dg.Definitions) -> dict[str, set[str]]:
    """Names of ops -> the names of their assets."""
    assets = set(defs.get_repository_def().assets_defs_by_key.values())
    return {each.node_def.name: {key.to_user_string() for key in each.keys} for each in assets}


def months(first: str = "2023-01-01", last: str = "2024-12-01") -> dict[str, str]:
    """The tags of a run over a range of partitions, as a backfill in a single run has them."""
    return {
        "dagster/asset_partition_range_start": first,
        "dagster/asset_partition_range_end": last,
    }


@pytest.mark.usefixtures("in_dev")
def test_tests_of_a_source_are_in_an_op_that_reads_it_and_divide_no_op(
    dg_project: DgProject,
) -> None:
    dg_project.write_component(
        op={"name": "rest"},
        ops=[{"name": "first", "select": "path:models/staging resource_type:seed"}],
        translation_settings={"enable_source_tests_as_checks": True},
    )
    job = dg_project.load().get_repository_def().get_job("__ASSET_JOB")
    assert {node.name for node in job.nodes} == {"first", "rest"}
    graph = job.asset_layer.asset_graph
    checks = [key for key in graph.asset_check_keys if key.asset_key.path[0] == "external"]
    assert checks
    assert {graph.assets_def_for_key(check).node_def.name for check in checks} == {"first"}


@pytest.mark.usefixtures("in_dev")
def test_each_op_has_the_nodes_that_it_selects_and_the_default_op_has_the_rest(
    dg_project: DgProject,
) -> None:
    dg_project.write_component(
        op={"name": "rest", "pool": "small"},
        ops=[
            {
                "name": "staging",
                "select": "path:models/staging",
                "pool": "large",
                "tags": {"a": "b"},
            },
            {"name": "reports", "select": "report"},
        ],
    )
    defs = dg_project.load()
    assert ops_of(defs) == {
        "staging": {"stg_orders", "stg_customers", "from_source"},
        "reports": {"reporting/report"},
        "rest": {"raw_orders", "raw_customers", "customers", "customers_snapshot", "daily_orders"},
    }
    ops = {
        op.name: op
        for op in defs.get_repository_def().get_job("__ASSET_JOB").all_node_defs
        if isinstance(op, dg.OpDefinition)
    }
    assert (ops["staging"].pool, ops["rest"].pool, ops["reports"].pool) == ("large", "small", None)
    assert ops["staging"].tags["a"] == "b"


@pytest.mark.server
@pytest.mark.usefixtures("in_dev")
def test_a_run_of_all_ops_builds_and_tests_everything_once(dg_project: DgProject) -> None:
    dg_project.write_component()
    alone = run(dg_project.load())
    dg_project.write_component(
        ops=[
            {"name": "staging", "select": "path:models/staging"},
            {"name": "reports", "select": "report daily_orders"},
        ]
    )
    divided = run(dg_project.load())
    assert divided.success, divided.failure
    assert sorted(divided.materialized) == sorted(alone.materialized)
    assert len(divided.materialized) == len(set(divided.materialized))
    # A test of several ops has become a check, because Dagster orders only checks.
    assert divided.checks.keys() >= alone.checks.keys()
    assert divided.checks.keys() - alone.checks.keys() == {"customers:loose_test"}


@pytest.mark.server
@pytest.mark.usefixtures("in_dev")
def test_a_test_of_several_ops_runs_once_after_all_of_them(ledger: Ledger) -> None:
    ledger.write_component(
        ops=[
            {"name": "first", "select": "events"},
            {"name": "last", "select": "accounts"},
        ]
    )
    defs = ledger.dg_project.load()
    name = "accounts:all_amounts_are_counted"
    spec = checks_of(defs)[name]
    assert {dep.asset_key.to_user_string() for dep in spec.additional_deps} == {"events"}
    outcome = run(defs)
    assert outcome.success, outcome.failure
    assert outcome.checks[name]
    steps = [e.step_key for e in outcome.events if e.is_step_success]
    assert steps[-1] == "ledger__tests_of_several_ops"
    only = run(defs, dg.AssetSelection.assets("accounts"))
    assert only.success, only.failure
    assert only.materialized == ["accounts"]
    assert only.checks == {name: True}


@pytest.mark.usefixtures("in_dev")
@pytest.mark.parametrize(
    ("ops", "expected"),
    [
        (
            [{"name": "a", "select": "stg_orders+"}, {"name": "b", "select": "customers"}],
            "Ops 'a' and 'b' both select 1 node: model.shop.customers",
        ),
        ([{"name": "a", "select": "tag:nothing"}], "Op 'a' has no nodes: --select 'tag:nothing'"),
        ([{"name": "a"}, {"name": "a"}], "two ops with the name 'a'"),
        ([{"name": "a b"}], "can't be the name of an op"),
        ([{"name": "shop", "select": "report"}], "Two ops have the name 'shop'"),
        (
            [
                {
                    "name": "a",
                    "select": "report",
                    "partition_mappings": [{"upstream": "custmers", "type": "all"}],
                }
            ],
            "Did you mean 'customers'",
        ),
        (
            [{"name": "a", "select": "report", "vars": {"x": "{{ partition.strt }}"}}],
            "has no attribute 'strt'. Did you mean 'start'",
        ),
        (
            [{"name": "a", "select": "report", "vars": {"x": "{{ partitoin.start }}"}}],
            "Did you mean 'partition'",
        ),
        (
            [{"name": "a", "select": "report", "microbatch": True}],
            "`microbatch` needs partitions of time",
        ),
        (
            [{"name": "a", "select": "report", "partitions_def": {"type": "daily"}}],
            "Partitions of type 'daily' need `start_date`",
        ),
        ([{"name": "a", "select": "report", "cli_args": ["biuld"]}], "biuld"),
        ([{"name": "a", "select": "test_type:unit"}], "matches no model, seed or snapshot"),
        ([{"name": "a", "select": "report", "include_metadata": ["rows"]}], "include_metadata"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_ops_that_do_not_fit_are_explained_with_their_key(
    dg_project: DgProject, ops: list[dict[str, Any]], expected: str
) -> None:
    dg_project.write_component(ops=ops)
    with pytest.raises(Exception) as caught:
        dg_project.load()
    text = "".join(map(str, _chain(caught.value)))
    assert expected in text
    assert "ops" in text


def _chain(error: BaseException | None) -> list[BaseException]:
    return [] if error is None else [error, *_chain(error.__cause__ or error.__context__)]


def test_an_overlap_is_found_at_refresh_and_the_last_state_stays(dg_project: DgProject) -> None:
    dg_project.write_component(
        ops=[{"name": "a", "select": "tag:x"}, {"name": "b", "select": "customers"}]
    )
    model = dg_project.dbt_folder / "models" / "marts" / "report.sql"
    text = model.read_text()
    model.write_text("{{ config(tags=['x']) }}" + text)
    dg_project.refresh()
    (state,) = dg_project.state_files()
    before = state.read_bytes()
    other = dg_project.dbt_folder / "models" / "marts" / "customers.sql"
    other.write_text("{{ config(tags=['x']) }}" + other.read_text())
    with pytest.raises(Exception, match=r"both select 1 node: model\.shop\.customers"):
        dg_project.refresh()
    assert state.read_bytes() == before


def test_ops_that_depend_on_each_other_are_explained_at_refresh(
    dg_project: DgProject, caplog: pytest.LogCaptureFixture
) -> None:
    dg_project.write_component(ops=[{"name": "middle", "select": "customers"}])
    dg_project.refresh()
    (note,) = [r.getMessage() for r in caplog.records if "depend on each other" in r.getMessage()]
    assert "stg_customers (the default op) -> customers ('middle')" in note
    assert "customers ('middle') -> " in note


@pytest.mark.server
@pytest.mark.usefixtures("in_dev")
@pytest.mark.parametrize("apart", [4, pytest.param(24, marks=pytest.mark.slow)])
def test_24_partitions_as_one_run_and_as_many_equal_a_full_build(
    ledger: Ledger, apart: int
) -> None:
    """The last months are also built apart, each in a run of its own."""
    ledger.write_component(ops=[{**MONTHLY, "backfill_policy": {"type": "single_run"}}])
    defs = ledger.dg_project.load()
    specs = specs_of(defs)
    assert specs["monthly_counts"].partitions_def == dg.MonthlyPartitionsDefinition(
        "2023-01-01", end_date="2025-01-01"
    )
    assert specs["accounts"].partitions_def is None
    first = run(defs, dg.AssetSelection.assets("events"))
    assert first.success, first.failure

    selection = dg.AssetSelection.assets(*MODELS)
    backfill = run(defs, selection, tags=months())
    assert backfill.success, backfill.failure
    in_one_run = {name: ledger.rows(name) for name in MODELS}
    assert in_one_run == ledger.truth()
    assert len(in_one_run["monthly_counts"]) == 24

    keys = dg.MonthlyPartitionsDefinition("2023-01-01", end_date="2025-01-01").get_partition_keys()
    for name in MODELS:
        ledger.database.run([f"drop table eq.{name}"])
    if apart < len(keys):
        assert run(defs, selection, tags=months(last=keys[-apart - 1])).success
        assert len(ledger.rows("monthly_counts")) == len(keys) - apart
    for month in keys[-apart:]:
        single = run(defs, selection, partition_key=month)
        assert single.success, single.failure
    assert {name: ledger.rows(name) for name in MODELS} == in_one_run


@pytest.mark.slow
@pytest.mark.server
@pytest.mark.usefixtures("in_dev")
def test_a_range_in_one_run_builds_the_months_of_the_range_only(ledger: Ledger) -> None:
    ledger.write_component(ops=[{**MONTHLY, "backfill_policy": {"type": "single_run"}}])
    defs = ledger.dg_project.load()
    assert run(defs, dg.AssetSelection.assets("events")).success
    outcome = run(defs, dg.AssetSelection.assets(*MODELS), tags=months("2023-03-01", "2023-05-01"))
    assert outcome.success, outcome.failure
    in_range = [row for row in ledger.truth()["monthly_counts"] if row[0].month in (3, 4, 5)]
    assert ledger.rows("monthly_counts") == [row for row in in_range if row[0].year == 2023]
    partitions = {
        event.partition
        for event in outcome.events
        if event.is_step_materialization and event.asset_key == dg.AssetKey("monthly_counts")
    }
    assert partitions == {"2023-03-01", "2023-04-01", "2023-05-01"}


@pytest.mark.server
@pytest.mark.usefixtures("in_dev")
@pytest.mark.reliability(
    "Partitions",
    tried="build four partitions of an incremental model for the first time, in four processes at once",
    outcome="one creates the table, the others wait for it, and the rows of all four are there",
)
def test_first_builds_of_partitions_at_the_same_time_lose_no_rows(
    ledger: Ledger, tmp_path: Path
) -> None:
    ledger.write_component(ops=[MONTHLY])
    defs = ledger.dg_project.load()
    assert run(defs, dg.AssetSelection.assets("events")).success
    home = tmp_path / "home"
    home.mkdir()
    with dg.DagsterInstance.from_config(str(home)):
        pass  # the tables of the instance exist before the processes start
    keys = [f"2023-0{month}-01" for month in (2, 3, 4, 5)]
    script = (
        "import sys, dagster as dg\n"
        "from pathlib import Path\n"
        "from tests.dg_project import run\n"
        "root, home, key = sys.argv[1:]\n"
        "sys.path.insert(0, root + '/src')\n"
        "instance = dg.DagsterInstance.from_config(home)\n"
        "defs = dg.ComponentTree.for_project(Path(root)).build_defs()\n"
        "outcome = run(defs, dg.AssetSelection.assets('monthly_counts', 'monthly_amounts'),\n"
        "    partition_key=key, instance=instance)\n"
        "sys.exit(0 if outcome.success else outcome.failure)\n"
    )
    started = [
        subprocess.Popen(
            [sys.executable, "-c", script, str(ledger.dg_project.root), str(home), key],
            cwd=Path(__file__).parents[2],
        )
        for key in keys
    ]
    assert [process.wait() for process in started] == [0] * len(keys)
    expected = [row for row in ledger.truth()["monthly_counts"] if str(row[0]) in keys]
    assert ledger.rows("monthly_counts") == expected
    with dg.DagsterInstance.from_config(str(home)) as instance:
        assert "first_build_of_monthly" not in instance.event_log_storage.get_concurrency_keys()


@pytest.mark.server
@pytest.mark.usefixtures("in_dev")
def test_partitions_are_the_batches_of_microbatch_models(ledger: Ledger) -> None:
    ledger.write(
        {
            "models/moments.sql": "{{ config(event_time='happened_at') }}"
            " select event_id, happened_on::timestamp as happened_at from {{ ref('events') }}",
            "models/batched.sql": "{{ config(materialized='incremental', incremental_strategy='microbatch',"
            " event_time='happened_at', begin='2023-01-01', batch_size='month', unique_key='event_id') }}"
            " select event_id, happened_at from {{ ref('moments') }}",
        }
    )
    ledger.write_component(
        ops=[
            {
                "name": "batches",
                "select": "batched",
                "partitions_def": MONTHS,
                "microbatch": True,
                "backfill_policy": {"type": "single_run"},
            }
        ]
    )
    defs = ledger.dg_project.load()
    assert run(defs, dg.AssetSelection.assets("events", "moments")).success
    outcome = run(
        defs, dg.AssetSelection.assets("batched"), tags=months("2023-02-01", "2023-03-01")
    )
    assert outcome.success, outcome.failure
    found = ledger.database.rows(
        "select min(happened_at)::date::text, max(happened_at)::date::text from eq.batched"
    )
    assert found == [("2023-02-01", "2023-03-31")]


@pytest.mark.server
@pytest.mark.usefixtures("in_dev")
def test_an_op_has_arguments_options_and_metadata_of_its_own(dg_project: DgProject) -> None:
    model = dg_project.dbt_folder / "models" / "marts" / "report.sql"
    model.write_text(
        'select \'{{ var("note", "none") }}\' as note, \'{{ var("tone", "none") }}\' as tone,'
        " orders from {{ ref('customers') }}"
    )
    dg_project.write_component(
        run_config={"threads": 1},
        include_metadata=["row_count"],
        ops=[
            {
                "name": "reports",
                "select": "report",
                "cli_args": ["build", {"--vars": {"tone": "loud"}}],
                "vars": {"note": "{{ context.run_id[:0] }}from the op", "tone": "quiet"},
                "run_config": {"vars": {}},
                "include_metadata": [],
            }
        ],
    )
    defs = dg_project.load()
    job = defs.get_repository_def().get_job("__ASSET_JOB")
    job = defs.get_repository_def().get_job("__ASSET_JOB")
    schemas: dict[str, Any] = {
        name: job.get_node_named(name).definition.config_schema for name in ("reports", "shop")
    }
    configs = {name: set(schema.config_type.fields) for name, schema in schemas.items()}
    assert configs == {"reports": {"vars"}, "shop": {"threads"}}
    outcome = run(defs, run_config={"ops": {"shop": {"config": {"threads": 1}}}})
    assert outcome.success, outcome.failure
    assert "dagster/row_count" in outcome.metadata["customers"]
    assert "dagster/row_count" not in outcome.metadata["report"]
    with duckdb.connect(str(dg_project.dbt_folder / "shop.duckdb")) as connection:
        rows = set(connection.execute("select note, tone from main.report").fetchall())
    assert rows == {("from the op", "loud")}


@pytest.mark.usefixtures("in_dev")
def test_an_op_of_tests_is_one_definition(dg_project: DgProject) -> None:
    for name in ("one", "two", "three"):
        (dg_project.dbt_folder / "tests" / f"{name}.sql").write_text(
            "select 1 from {{ ref('from_source') }} cross join {{ ref('report') }} where false"
        )
    dg_project.write_component(ops=[{"name": "reports", "select": "report"}])
    repository = dg_project.load().get_repository_def()
    of_tests = [
        each
        for each in repository.asset_graph.assets_defs
        if each.check_keys and each.node_def.name == "shop__tests_of_several_ops"
    ]
    assert len(of_tests) == 1
    assert len(list(of_tests[0].check_keys)) == 3


@pytest.mark.usefixtures("in_dev")
def test_the_default_op_and_translation_take_the_same_partitions(dg_project: DgProject) -> None:
    dg_project.write_component(
        op={"partitions_def": {"type": "static", "partition_keys": ["eu", "us"]}},
        translation={
            "partitions_def": {"type": "monthly", "start_date": "2024-01-01", "end_offset": 1}
        },
        ops=[{"name": "reports", "select": "report", "automation_condition": "eager"}],
    )
    specs = specs_of(dg_project.load())
    monthly = dg.MonthlyPartitionsDefinition("2024-01-01", end_offset=1)
    # What is said of single nodes wins over what is said of their op.
    assert specs["customers"].partitions_def == monthly
    assert specs["reporting/report"].automation_condition is not None
    assert specs["customers"].automation_condition is None

    dg_project.write_component(op={"partitions_def": {"type": "dynamic", "name": "regions"}})
    assert specs_of(dg_project.load())["customers"].partitions_def == (
        dg.DynamicPartitionsDefinition(name="regions")
    )


@pytest.mark.usefixtures("in_dev")
def test_partition_mappings_reach_the_dependencies(dg_project: DgProject) -> None:
    day_before = {"type": "time_window", "start_offset": -1, "end_offset": -1}
    daily = {"type": "daily", "start_date": "2024-01-01"}
    mappings = [
        {"upstream": "stg_orders", "type": "time_window", "start_offset": -2},
        {"upstream": "self", **day_before},
        {"upstream": "*", "type": "all"},
    ]
    dg_project.write_component(
        ops=[
            {"name": "staged", "select": "stg_orders", "partitions_def": daily},
            {
                "name": "days",
                "select": "daily_orders customers",
                "partitions_def": daily,
                "partition_mappings": mappings,
            },
        ],
    )
    specs = specs_of(dg_project.load())
    found: dict[str, Any] = {
        dep.asset_key.to_user_string(): dep.partition_mapping
        for name in ("daily_orders", "customers")
        for dep in specs[name].deps
    }
    own = dg.TimeWindowPartitionMapping(start_offset=-1, end_offset=-1)
    assert found == {
        "stg_orders": dg.TimeWindowPartitionMapping(start_offset=-2),
        "stg_customers": dg.AllPartitionMapping(),
        "daily_orders": own,
        "customers": own,
    }
