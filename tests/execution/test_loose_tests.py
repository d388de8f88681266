"""dbt tests that are checks of no asset run with the assets that they test."""

import dagster as dg
import pytest

from tests.dg_project import DgProject, run

pytestmark = [pytest.mark.usefixtures("in_dev"), pytest.mark.server]


def test_a_test_on_a_model_and_a_source_runs_whenever_the_model_does(
    dg_project: DgProject,
) -> None:
    (dg_project.dbt_folder / "tests" / "rows_of_the_source.sql").write_text(
        "select s.id from {{ source('external', 'raw_orders') }} s"
        " join {{ ref('from_source') }} f on s.id = f.id where false"
    )
    dg_project.write_component()
    defs = dg_project.load()
    outcome = run(defs, dg.AssetSelection.assets("raw_orders", "from_source"))
    assert outcome.success, outcome.failure
    assert "rows_of_the_source" in outcome.observations["from_source"]

    without_checks = dg.AssetSelection.assets("from_source").without_checks()
    assert run(defs, without_checks).observations == {}


@pytest.mark.slow
def test_a_test_over_two_ops_runs_in_the_later_one(dg_project: DgProject) -> None:
    dg_project.write_component(
        select="+customers",
        exclude="totals_match",
        translation={
            "partitions_def": "{{ dg.StaticPartitionsDefinition(['x'])"
            " if node.name == 'customers' else none }}"
        },
    )
    defs = dg_project.load()
    outcome = run(defs, partition_key="x")
    assert outcome.success, outcome.failure
    assert "loose_test" in outcome.observations["customers"]

    of_the_first = defs.get_repository_def().assets_defs_by_key[dg.AssetKey("stg_orders")].keys
    outcome = run(defs, dg.AssetSelection.assets(*of_the_first))
    assert outcome.success, outcome.failure
    assert "customers" not in outcome.materialized
    assert outcome.observations == {}


def test_a_test_over_two_steps_of_an_op_runs_once_in_the_later_one(
    dg_project: DgProject,
) -> None:
    """`customers`, in an op of its own, comes between `stg_orders` and `report`, which share one."""
    (dg_project.dbt_folder / "tests" / "across.sql").write_text(
        "select 1 from {{ ref('report') }} cross join {{ ref('stg_orders') }} where false"
    )
    dg_project.write_component(
        translation={
            "partitions_def": "{{ dg.StaticPartitionsDefinition(['x'])"
            " if node.name == 'customers' else none }}"
        },
    )
    defs = dg_project.load()
    outcome = run(defs, partition_key="x")
    assert outcome.success, outcome.failure
    ran = [
        (event.step_key, event.asset_observation_data.asset_observation.description or "")
        for event in outcome.events
        if event.is_asset_observation
    ]
    steps = {
        name: [step for step, text in ran if f" {name} " in text]
        for name in ("across", "loose_test", "source_not_null_external_raw_orders_id")
    }
    report_step = next(
        event.step_key
        for event in outcome.events
        if event.is_step_materialization and event.asset_key == dg.AssetKey(["reporting", "report"])
    )
    assert report_step != "shop"
    assert steps["across"] == [report_step, report_step]  # an observation for each parent
    assert steps["loose_test"] == ["shop__static"] * 2
    assert len(steps["source_not_null_external_raw_orders_id"]) == 1
