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
