"""Outcomes as the events of a step."""

import logging

import dagster as dg
import pytest

from dbt_component.dbt_process.commands import COMMANDS
from dbt_component.dbt_process.events import BuiltColumn, NodeFinished, RelationMetadata
from dbt_component.definitions.node_keys import NodeKeys
from dbt_component.execution.account import Account
from dbt_component.execution.built_lineage import BuiltLineage
from dbt_component.execution.outcome_events import DagsterEvent
from dbt_component.execution.outcomes import outcome_of
from dbt_component.execution.step_events import StepEvents
from dbt_component.project.state import StateFile

ORDERS = "model.shop.stg_orders"
KEY = dg.AssetKey("stg_orders")


def events_of(state: StateFile, finished: NodeFinished, *, selects: bool) -> list[DagsterEvent]:
    test = next(t for t in state.index.tests if t.name == "unique_stg_orders_order_id")
    events = StepEvents(
        state.index,
        NodeKeys({ORDERS: KEY}, {}),
        BuiltLineage("duckdb", None, logging.getLogger(__name__)),
        outputs={ORDERS: ("stg_orders", KEY)} if selects else {},
        checks={test.unique_id: dg.AssetCheckKey(KEY, test.name)} if selects else {},
    )
    outcome = outcome_of(state.index, finished, command=COMMANDS["build"])
    assert outcome is not None
    return list(events.of(outcome))


def id_of_a_test(state: StateFile) -> str:
    return next(t.unique_id for t in state.index.tests if t.name == "unique_stg_orders_order_id")


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
    finished = NodeFinished(
        id_of_a_test(shop_state), status, resource_type="test", failures=2, message="2 rows"
    )
    (result,) = events_of(shop_state, finished, selects=True)
    assert isinstance(result, dg.AssetCheckResult)
    assert result.passed is passed
    assert result.description == (None if passed else "2 rows")
    assert result.metadata["status"].value == status
    assert result.metadata["dagster_dbt/failed_row_count"].value == 2
    account = Account(frozenset({finished.unique_id}))
    account.record(finished)
    assert account.has_failures is not is_fine


def test_a_built_node_is_an_output_with_what_was_fetched_of_its_relation(
    shop_state: StateFile,
) -> None:
    relation: RelationMetadata = {
        "dagster/column_schema": [BuiltColumn("ORDER_ID", "INTEGER")],
        "dagster/row_count": 3,
        "dagster/another": "as fetched",
    }
    finished = NodeFinished(ORDERS, "success", resource_type="model", relation=relation)
    (output,) = events_of(shop_state, finished, selects=True)
    assert isinstance(output, dg.Output)
    assert output.output_name == "stg_orders"
    assert output.metadata["dagster/row_count"].value == 3
    assert output.metadata["dagster/another"].value == "as fetched"
    schema = output.metadata["dagster/column_schema"].value
    assert isinstance(schema, dg.TableSchema)
    (column,) = schema.columns
    assert (column.name, column.description) == ("ORDER_ID", "Key of the order.")


def test_a_node_that_was_not_built_is_an_observation_with_the_message(
    shop_state: StateFile,
) -> None:
    finished = NodeFinished(ORDERS, "error", message="no such column")
    (observation,) = events_of(shop_state, finished, selects=True)
    assert isinstance(observation, dg.AssetObservation)
    assert observation.asset_key == KEY
    assert observation.description == "Not materialized: dbt reported 'error'. no such column"


def test_an_asset_that_was_not_selected_gets_no_event_and_a_loose_test_an_observation(
    shop_state: StateFile,
) -> None:
    assert events_of(shop_state, NodeFinished(ORDERS, "success"), selects=False) == []
    finished = NodeFinished(id_of_a_test(shop_state), "fail")
    (observation,) = events_of(shop_state, finished, selects=False)
    assert isinstance(observation, dg.AssetObservation)
    assert observation.asset_key == KEY
