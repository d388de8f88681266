"""A test's status means the same to its check and to the step."""

import dagster as dg
import pytest

from dbt_component.dbt_process.events import NodeFinished
from dbt_component.definitions.node_map import NodeMap
from dbt_component.execution.node_events import NodeEvents
from dbt_component.execution.reconcile import Reconciliation
from dbt_component.project.state import StateFile


@pytest.mark.parametrize(
    ("status", "passed", "is_fine"),
    [
        ("pass", True, True),
        ("no-op", True, True),
        ("reused", True, True),
        ("warn", False, True),
        ("fail", False, False),
        ("error", False, False),
    ],
)
def test_a_check_and_its_step_judge_a_status_alike(
    shop_state: StateFile, status: str, passed: bool, is_fine: bool
) -> None:
    test = next(t for t in shop_state.index.tests if t.name == "unique_stg_orders_order_id")
    key = dg.AssetCheckKey(dg.AssetKey("stg_orders"), test.name)
    node_map = NodeMap(
        asset_ids={},
        check_ids={key: test.unique_id},
        key_of={},
        check_key_of={test.unique_id: key},
        output_name_of={},
        selected_ids=frozenset({test.unique_id}),
    )
    events = NodeEvents(
        shop_state.index, node_map, asset_keys=frozenset(), check_keys=frozenset({key})
    )
    finished = NodeFinished(unique_id=test.unique_id, status=status, resource_type="test")
    (result,) = events.of(finished)
    assert isinstance(result, dg.AssetCheckResult)
    assert result.passed is passed
    assert result.metadata["status"].value == status
    account = Reconciliation(frozenset({test.unique_id}))
    account.record(finished)
    assert account.has_failures is not is_fine
