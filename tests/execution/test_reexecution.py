"""Dagster's re-execution from asset failure runs only what did not materialize, and what a failed check blocks."""

from collections import Counter

import dagster as dg
import pytest
from dagster._core.execution.plan.resume_retry import ReexecutionStrategy

from tests.dg_project import DgProject

pytestmark = pytest.mark.server


@pytest.mark.reliability(
    "Errors that pass",
    tried="a run in which a test fails is re-executed from asset failure, after the data were corrected",
    outcome="only the tested model and what is below it run again; together the two runs cover everything",
)
def test_only_what_failed_or_was_skipped_is_executed_again(
    dg_project: DgProject, in_dev: None
) -> None:
    seed = dg_project.dbt_folder / "seeds" / "raw_orders.csv"
    good = seed.read_text()
    seed.write_text(good + "1,1,3,2024-01-05\n")
    dg_project.write_component()
    with dg.DagsterInstance.ephemeral() as instance:
        failed = _run(dg_project, instance, dg.AssetSelection.all())
        assert not failed.success
        recorded = instance.get_run_by_id(failed.run_id)
        assert recorded is not None and recorded.execution_plan_snapshot_id is not None
        snapshot = instance.get_execution_plan_snapshot(recorded.execution_plan_snapshot_id)
        # What the strategy FROM_ASSET_FAILURE of the UI and of automatic retries executes.
        assert ReexecutionStrategy.FROM_ASSET_FAILURE
        keys, check_keys = instance.run_domain.get_keys_to_reexecute(failed.run_id, snapshot)
        assert {key.to_user_string() for key in keys} == {
            "stg_orders",
            "daily_orders",
            "customers",
            "reporting/report",
        }
        assert {key.name for key in check_keys} >= {
            "unique_stg_orders_order_id",
            "not_null_customers_customer_id",
            "orders_are_counted_by_day",
        }
        seed.write_text(good)
        fixed = _run(dg_project, instance, dg.AssetSelection.assets("raw_orders"))
        again = _run(
            dg_project,
            instance,
            dg.AssetSelection.assets(*keys).without_checks()
            | dg.AssetSelection.checks(*check_keys),
        )
        assert fixed.success and again.success
        built = Counter(
            event.asset_key.to_user_string()
            for run in (failed, again)
            for event in run.all_events
            if event.is_step_materialization and event.asset_key
        )
        assert {key for key, count in built.items() if count == 2} == {"stg_orders"}
        assert built.keys() == {
            key.to_user_string()
            for key in dg_project.load().get_repository_def().asset_graph.materializable_asset_keys
        }


def _run(
    project: DgProject, instance: dg.DagsterInstance, selection: dg.AssetSelection
) -> dg.ExecuteInProcessResult:
    job = dg.define_asset_job("job", selection=selection)
    repository = dg.Definitions.merge(
        project.load(), dg.Definitions(jobs=[job])
    ).get_repository_def()
    return repository.get_job("job").execute_in_process(instance=instance, raise_on_error=False)
