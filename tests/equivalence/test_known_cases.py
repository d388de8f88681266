"""Hand-made projects for mistakes that a slice could make. Each of these was a bug once."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from dbt_component.execution.plan import Mode

from .bench import Bench
from .cases import Case
from .conftest import EVERY_MODE, bench_of
from .warm_process import WarmProcess

SETTINGS = "name: eq\nversion: 1.0.0\nconfig-version: 2\nprofile: eq\n"
ROWS = "select 1 as id, 2 as val"
GRAPH_HOOK = "insert into ctl.log values ('{{ graph.nodes | length }}')"
MICROBATCH = ("build", "--event-time-start", "2024-01-01", "--event-time-end", "2024-01-05")


def select_from(parent: str, *, materialized: str = "table") -> str:
    return (
        f"{{{{ config(materialized='{materialized}') }}}} select * from {{{{ ref('{parent}') }}}}"
    )


SHOP = {
    "dbt_project.yml": SETTINGS
    + "on-run-end: \"insert into ctl.log select id from {{ ref('b') }}\"\n",
    # a -> b -> c -> d, b -> e (ephemeral) -> f, and the source t -> s1 -> s2 -> s3
    "models/a.sql": ROWS,
    "models/b.sql": select_from("a"),
    "models/c.sql": select_from("b"),
    "models/d.sql": select_from("c"),
    "models/e.sql": select_from("b", materialized="ephemeral"),
    "models/f.sql": select_from("e"),
    "models/alone.sql": ROWS,
    "models/sources.yml": "sources: [{name: raw, tables: [{name: t}]}]",
    "models/s1.sql": "select * from {{ source('raw', 't') }}",
    "models/s2.sql": select_from("s1"),
    "models/s3.sql": select_from("s2"),
    "tests/a_fails.sql": "select * from {{ ref('a') }}",
    "tests/b_fails.sql": "select * from {{ ref('b') }}",
    "tests/b_passes.sql": "select * from {{ ref('b') }} where 1 = 0",
    "tests/a_and_b_fail.sql": "select * from {{ ref('a') }}, {{ ref('b') }}",
    "tests/t_fails.sql": "select * from {{ source('raw', 't') }}",
    "models/unit_tests.yml": """
unit_tests:
  - name: gives_rows_of_no_parent
    model: c
    given:
      - {input: ref('b'), rows: [{id: 1, val: 1}]}
      - {input: ref('alone'), rows: [{id: 1, val: 1}]}
      - {input: "source('raw', 't')", rows: [{id: 1}]}
    expect: {rows: [{id: 1, val: 1}]}
  - name: gives_rows_of_an_ephemeral
    model: f
    given: [{input: ref('e'), format: sql, rows: "select 1 as id, 1 as val"}]
    expect: {rows: [{id: 1, val: 1}]}
""",
    # Kinds of node that depend on models but do not run.
    "models/facts.sql": "select 1 as id, 2 as val, cast('2024-01-01' as date) as day",
    "models/metricflow_time_spine.sql": "select cast('2024-01-01' as date) as date_day",
    "models/semantics.yml": """
semantic_models:
  - name: facts
    model: ref('facts')
    defaults: {agg_time_dimension: happened_on}
    entities: [{name: fact, type: primary, expr: id}]
    dimensions:
      - {name: happened_on, expr: day, type: time, type_params: {time_granularity: day}}
    measures: [{name: total_val, agg: sum, expr: val}]
metrics:
  - {name: total, label: Total, type: simple, type_params: {measure: total_val}}
saved_queries:
  - {name: totals, query_params: {metrics: [total]}}
exposures:
  - {name: board, type: dashboard, owner: {email: a@example.com}, depends_on: [ref('facts')]}
models:
  - name: metricflow_time_spine
    time_spine: {standard_granularity_column: date_day}
    columns: [{name: date_day, granularity: day}]
""",
    "models/timed.sql": "{{ config(materialized='table', event_time='at') }}"
    "select i as id, cast('2024-01-01' as timestamp) + i * interval '1 day' as at"
    " from range(4) as t(i)",
    "models/batched.sql": "{{ config(materialized='incremental', event_time='at',"
    " incremental_strategy='microbatch', batch_size='day', begin='2024-01-01') }}"
    '{% if model.batch and run_query("select * from ctl.failing where kind = \'"'
    ' ~ model.batch.event_time_start.day ~ "\'") | length > 0 %}'
    "select no_such_column from {{ ref('timed') }}"
    "{% else %}select * from {{ ref('timed') }}{% endif %}",
    "models/after_batched.sql": select_from("batched"),
}


def case(
    bench: Bench,
    names: str,
    *,
    argv: tuple[str, ...] = ("build",),
    failing: dict[str, str] | None = None,
) -> Case:
    """Selects nodes by name."""
    by_name = {i.split(".")[-1 if i.startswith("unit") else 2]: i for i in bench.graph.runnable}
    selected = frozenset(by_name[name] for name in names.split())
    return Case(0, "known", argv, selected, failing or {})


def assert_same(bench: Bench, given: Case) -> None:
    """Asserts that our run has the same effect as stock dbt; in every mode if that is requested."""
    modes = (None, Mode.CUT, Mode.PARSE) if EVERY_MODE else (None,)
    for outcome in bench.run_case(given, modes):
        assert not outcome.differences, (outcome.mode, outcome.differences)


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory, warm: WarmProcess) -> Iterator[Bench]:
    folder = tmp_path_factory.mktemp("shop")
    with bench_of(SHOP, folder, warm, setup=("create table raw.t as select 1 as id",)) as bench:
        yield bench


def test_a_node_waits_for_a_test_of_an_unselected_ancestor(shop: Bench) -> None:
    assert_same(shop, case(shop, "b_fails d"))


def test_a_node_waits_for_a_test_of_several_unselected_ancestors(shop: Bench) -> None:
    assert_same(shop, case(shop, "a_and_b_fail d"))


def test_a_test_waits_for_another_test_through_an_unselected_node(shop: Bench) -> None:
    assert_same(shop, case(shop, "a_fails b_passes"))


def test_a_node_waits_for_a_test_of_a_source(shop: Bench) -> None:
    assert_same(shop, case(shop, "t_fails s3"))


def test_a_failure_propagates_through_unselected_and_ephemeral_nodes(shop: Bench) -> None:
    assert_same(shop, case(shop, "a a_fails f"))


def test_a_project_with_metrics_and_run_hooks_with_ref_can_run(shop: Bench) -> None:
    assert_same(shop, case(shop, "alone facts"))


def test_a_unit_test_may_mock_a_node_that_is_not_a_parent(shop: Bench) -> None:
    assert_same(shop, case(shop, "gives_rows_of_no_parent c"))


def test_unit_tests_run_without_their_models_under_dbt_test(shop: Bench) -> None:
    names = "gives_rows_of_no_parent gives_rows_of_an_ephemeral"
    assert_same(shop, case(shop, names, argv=("test",)))


@pytest.mark.parametrize(
    "failing",
    [
        pytest.param({}, id="no batch"),
        pytest.param({"first": "1"}, id="the first batch, which skips the others"),
        pytest.param({"third": "3"}, id="one batch"),
        pytest.param({"first": "1", "third": "3", "second": "2", "last": "4"}, id="all batches"),
    ],
)
def test_a_microbatch_model_ends_once_after_its_batches(
    shop: Bench, failing: dict[str, str]
) -> None:
    names = "timed batched after_batched"
    assert_same(shop, case(shop, names, argv=MICROBATCH, failing=failing))


@pytest.mark.slow
@pytest.mark.parametrize(
    "files",
    [
        pytest.param(
            {"dbt_project.yml": f'{SETTINGS}on-run-end: "{GRAPH_HOOK}"'}, id="hook of a run"
        ),
        pytest.param(
            {"dbt_project.yml": f'{SETTINGS}models: {{+post-hook: "{GRAPH_HOOK}"}}'},
            id="hook of all models",
        ),
        pytest.param(
            {"models/b.yml": f'models: [{{name: b, config: {{post_hook: "{GRAPH_HOOK}"}}}}]'},
            id="hook in YAML",
        ),
        pytest.param(
            {
                "models/a.sql": "{{ config(materialized='ephemeral') }}"
                "select {{ graph.nodes | length }} as n"
            },
            id="ephemeral parent",
        ),
        pytest.param({"models/b.sql": "select {{ graph.nodes | length }} as n"}, id="own code"),
        pytest.param(
            {
                "macros/m.sql": "{% macro count_nodes() %}{{ graph.nodes | length }}{% endmacro %}",
                "models/b.sql": "select {{ count_nodes() }} as n",
            },
            id="macro",
        ),
    ],
)
def test_the_graph_is_complete_wherever_it_is_read(
    files: dict[str, str], tmp_path: Path, warm: WarmProcess
) -> None:
    given = {
        "models/a.sql": ROWS,
        "models/b.sql": select_from("a"),
        "models/c.sql": ROWS,
        "models/d.sql": ROWS,
        **files,
    }
    with bench_of(given, tmp_path, warm) as bench:
        assert_same(bench, case(bench, "b"))
