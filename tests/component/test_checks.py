"""``checks:`` of defs.yaml in runs on a real database: what is defined, what runs, and what a failure does."""

import re
import textwrap
import traceback
from typing import Any

import dagster as dg
import pytest
import yaml

from dbt_component import DbtCheckRule, DbtCheckRules, DbtCliResource, DbtProject, dbt_assets
from dbt_component.errors import DagsterDbtError
from tests.dg_project import DgProject, RunOutcome, run
from tests.equivalence.databases import DuckDatabase

pytestmark = [pytest.mark.server, pytest.mark.usefixtures("shared_states")]

UNIQUE = "orders:unique_orders_id"
ADDS_UP = "daily:adds_up"


@pytest.fixture
def shop_project(dg_project: DgProject) -> DgProject:
    """``daily`` reads ``orders``, whose ids are not unique; a unit test of it, and a test of both."""
    folder = dg_project.root / "sales"
    (folder / "models").mkdir(parents=True)
    (folder / "tests").mkdir()
    output = DuckDatabase(dg_project.root / "database").output()
    target = {"target": "dev", "outputs": {"dev": output}}
    files = {
        "profiles.yml": yaml.safe_dump({"shop": target}),
        "dbt_project.yml": yaml.safe_dump({"name": "shop", "profile": "shop", "version": "1.0"}),
        "models/orders.sql": "select * from (values (1, 10), (1, 20)) as given(id, amount)",
        "models/daily.sql": "select sum(amount) as total from {{ ref('orders') }}",
        "models/schema.yml": """
            models:
              - name: orders
                columns:
                  - {name: id, data_tests: [unique]}
            unit_tests:
              - name: adds_up
                model: daily
                given: [{input: ref('orders'), rows: [{amount: 1}, {amount: 2}]}]
                expect: {rows: [{total: 3}]}
            """,
        "tests/totals.sql": "select 1 from {{ ref('orders') }} cross join {{ ref('daily') }} where false",
    }
    for path, text in files.items():
        (folder / path).write_text(textwrap.dedent(text))
    return dg_project


def load(project: DgProject, checks: Any = None, **attributes: Any) -> dg.Definitions:
    if checks is not None:
        attributes["checks"] = checks
    project.write_component(project="{{ context.project_root }}/sales", **attributes)
    project.refresh()
    return project.load()


def check_names(defs: dg.Definitions) -> set[str]:
    keys = defs.resolve_asset_graph().asset_check_keys
    return {f"{key.asset_key.to_user_string()}:{key.name}" for key in keys}


def test_without_rules_a_failed_test_keeps_dbt_from_building_what_is_downstream(
    shop_project: DgProject,
) -> None:
    outcome = run(load(shop_project))
    assert not outcome.success
    assert outcome.checks[UNIQUE] is False and outcome.materialized == ["orders"]


def test_a_rule_makes_a_failure_a_warning_for_dbt_and_dagster(shop_project: DgProject) -> None:
    rules = {"rules": [{"select": "unique_orders_id", "severity": "warn"}]}
    defs = load(shop_project, rules)
    outcome = run(defs)
    assert outcome.success
    assert sorted(outcome.materialized) == ["daily", "orders"]
    assert outcome.checks[UNIQUE] is False and outcome.checks[ADDS_UP] is True
    assert outcome.check_metadata[UNIQUE]["status"] == "warn"
    (warned,) = [
        event.asset_check_evaluation_data
        for event in outcome.events
        if event.event_type_value == "ASSET_CHECK_EVALUATION"
        and event.asset_check_evaluation_data.check_name == "unique_orders_id"
    ]
    assert warned.severity == dg.AssetCheckSeverity.WARN and not warned.blocking


def test_rules_hold_in_a_run_that_parses_the_project(shop_project: DgProject) -> None:
    rules = [
        {"select": "unique_orders_id", "severity": "warn"},
        {"select": "totals", "blocking": False},
    ]
    defs = load(shop_project, {"rules": rules})
    model = shop_project.root / "sales" / "models" / "daily.sql"
    model.write_text(f"{model.read_text()} where true")
    outcome = run(defs)
    assert outcome.success and sorted(outcome.materialized) == ["daily", "orders"]
    assert outcome.check_metadata[UNIQUE]["status"] == "warn"


def test_a_failure_that_does_not_block_fails_the_step_and_builds_what_is_downstream(
    shop_project: DgProject,
) -> None:
    rules = {"rules": [{"select": "orders", "blocking": False}]}
    outcome = run(load(shop_project, rules))
    assert not outcome.success
    assert sorted(outcome.materialized) == ["daily", "orders"]
    assert outcome.checks[UNIQUE] is False and outcome.checks[ADDS_UP] is True
    assert outcome.check_metadata[UNIQUE]["status"] == "fail"


def test_skipped_tests_are_neither_defined_nor_run(shop_project: DgProject) -> None:
    rules = {"rules": [{"select": "test_type:data", "skip": True}]}
    defs = load(shop_project, rules)
    assert check_names(defs) == {ADDS_UP}
    outcome = run(defs)
    assert outcome.success and outcome.checks == {ADDS_UP: True}
    assert not outcome.observations  # the test of both models did not run either


def test_a_later_rule_wins(shop_project: DgProject) -> None:
    skip = {"select": "test_type:data", "skip": True}
    defs = load(shop_project, {"rules": [skip, {"select": "unique_orders_id", "skip": False}]})
    assert check_names(defs) == {ADDS_UP, UNIQUE}


def test_a_rule_attaches_a_test_of_several_models_to_one(shop_project: DgProject) -> None:
    rules = [
        {"select": "totals", "attach": "daily"},
        {"select": "unique_orders_id", "severity": "warn"},
    ]
    defs = load(shop_project, {"rules": rules})
    assert check_names(defs) == {ADDS_UP, UNIQUE, "daily:totals"}
    (check,) = [
        spec
        for assets in defs.assets or []
        if isinstance(assets, dg.AssetsDefinition)
        for spec in assets.check_specs
        if spec.name == "totals"
    ]
    assert [dep.asset_key for dep in check.additional_deps] == [dg.AssetKey("orders")]
    outcome = run(defs)
    assert outcome.success and outcome.checks["daily:totals"] is True and not outcome.observations


def test_unit_tests_are_left_out_on_demand(shop_project: DgProject) -> None:
    warn = {"select": "unique_orders_id", "severity": "warn"}
    defs = load(shop_project, {"unit_tests": "never", "rules": [warn]})
    assert check_names(defs) == {UNIQUE}
    outcome = run(defs)
    assert outcome.success and set(outcome.checks) == {UNIQUE}


def test_unit_tests_on_request_run_only_without_their_model(shop_project: DgProject) -> None:
    warn = {"select": "unique_orders_id", "severity": "warn"}
    defs = load(shop_project, {"unit_tests": "only_on_request", "rules": [warn]})
    assert check_names(defs) == {UNIQUE, ADDS_UP}
    built = run(defs)
    assert built.success and set(built.checks) == {UNIQUE}
    assert sorted(built.materialized) == ["daily", "orders"]
    key = dg.AssetCheckKey(dg.AssetKey("daily"), "adds_up")
    asked = run(defs, selection=dg.AssetSelection.checks(key))
    assert asked.success and asked.checks == {ADDS_UP: True} and not asked.materialized


def test_a_schedule_of_unit_tests_requests_them(shop_project: DgProject) -> None:
    nightly = {"name": "nightly", "cron_schedule": "0 5 * * *", "select": "test_type:unit"}
    defs = load(shop_project, {"unit_tests": "only_on_request"}, schedules=[nightly])
    built = run(defs, dg.AssetSelection.assets("orders", "daily").without_checks())
    assert built.success and not built.checks
    job = defs.get_repository_def().get_job("nightly_job")
    result = job.execute_in_process(raise_on_error=False)
    assert result.success
    assert [check.check_name for check in result.get_asset_check_evaluations()] == ["adds_up"]


def test_a_run_over_several_partitions_has_one_result_without_a_partition(
    shop_project: DgProject,
) -> None:
    partitions = {"type": "daily", "start_date": "2024-01-01", "end_date": "2024-02-01"}
    warn = {"select": "unique_orders_id", "severity": "warn"}
    defs = load(
        shop_project,
        {"rules": [warn]},
        translation={"partitions_def": partitions},
        op={"backfill_policy": {"type": "single_run"}},
    )
    tags = {
        "dagster/asset_partition_range_start": "2024-01-03",
        "dagster/asset_partition_range_end": "2024-01-05",
    }
    outcome = run(defs, tags=tags)
    assert outcome.success, outcome.failure
    found = [
        (event.asset_check_evaluation_data.check_name, event.asset_check_evaluation_data.partition)
        for event in outcome.events
        if event.event_type_value == "ASSET_CHECK_EVALUATION"
    ]
    assert sorted(found) == [("adds_up", None), ("unique_orders_id", None)]


def test_checks_of_partitioned_assets_are_partitioned(shop_project: DgProject) -> None:
    partitions = {"type": "daily", "start_date": "2024-01-01", "end_date": "2024-02-01"}
    warn = {"select": "unique_orders_id", "severity": "warn"}
    defs = load(shop_project, {"rules": [warn]}, translation={"partitions_def": partitions})
    outcome = run(defs, partition_key="2024-01-03")
    assert outcome.success
    found = {
        event.asset_check_evaluation_data.check_name: event.asset_check_evaluation_data.partition
        for event in outcome.events
        if event.event_type_value == "ASSET_CHECK_EVALUATION"
    }
    assert found == {"unique_orders_id": "2024-01-03", "adds_up": "2024-01-03"}


@pytest.mark.parametrize(
    ("checks", "message"),
    [
        (
            {"rules": [{"select": "orders", "attach": "dayly"}]},
            r"No model.*'dayly'.*(?s:.*)'daily'",
        ),
        ({"rules": [{"select": "orders"}]}, r"changes nothing"),
        ({"rules": [{"severity": "warn", "blocking": True}]}, r"a warning blocks nothing"),
        ({"rules": [{"selector": "x", "select": "orders", "skip": True}]}, r"can't be combined"),
        ({"rules": [{"select": "no_method:x", "skip": True}]}, r"no_method"),
        ({"rule": []}, r"Unknown key 'rule'. Did you mean 'rules'"),
        ({"unit_tests": "seldom"}, r"only_on_request"),
    ],
)
def test_rules_that_can_not_apply_are_refused_with_their_place(
    shop_project: DgProject, checks: Any, message: str
) -> None:
    with pytest.raises(Exception) as caught:
        load(shop_project, checks)
    text = "".join(traceback.format_exception(caught.value))
    assert re.search(message, text)
    assert "defs.yaml" in text and "checks" in text


def test_another_executable_refuses_what_it_can_not_be_told(shop_project: DgProject) -> None:
    wrapper = shop_project.root / "dbt-wrapper"
    wrapper.write_text('#!/bin/sh\nexec dbt "$@"\n')
    wrapper.chmod(0o755)
    shop = "{{ context.project_root }}/sales"
    shop_project.write_component(
        project={"project_dir": shop, "dbt_executable": str(wrapper)},
        checks={"rules": [{"select": "unique_orders_id", "severity": "warn"}]},
    )
    shop_project.refresh()
    outcome = run(shop_project.load())
    assert not outcome.success and not outcome.materialized
    assert "the severity of tests" in outcome.failure and "unique_orders_id" in outcome.failure


def test_rules_are_an_argument_of_the_decorator(shop_project: DgProject) -> None:
    project = DbtProject(shop_project.root / "sales")
    project.preparer.prepare(project)
    warn = DbtCheckRule(select="unique_orders_id", severity="warn")

    @dbt_assets(manifest=project, checks=DbtCheckRules(rules=[warn], unit_tests="never"))
    def shop_assets(context: dg.AssetExecutionContext, dbt: DbtCliResource) -> Any:
        yield from dbt.cli(["build"], context=context).stream()

    assert {spec.name for spec in shop_assets.check_specs} == {"unique_orders_id"}
    defs = dg.Definitions([shop_assets], resources={"dbt": DbtCliResource(project_dir=project)})
    outcome: RunOutcome = run(defs)
    assert outcome.success and sorted(outcome.materialized) == ["daily", "orders"]
    with pytest.raises(DagsterDbtError, match="'sometimes', not one of always"):
        DbtCheckRules(unit_tests="sometimes")  # type: ignore[arg-type]
