"""A node is reported to Dagster only after what it depends on."""

from dbt_component.cloud.execution.output_order import OutputOrder
from dbt_component.manifest.index import ManifestIndex
from dbt_component.project.state import StateFile
from dbt_component.project.state_project import StateProject

ORDERS = "model.shop.stg_orders"
DAILY = "model.shop.daily_orders"
UNIT_TEST = "unit_test.shop.daily_orders.orders_are_counted_by_day"


def index_of(state: StateFile) -> ManifestIndex:
    return StateProject(state, None).manifest.index


def test_a_model_waits_for_its_parents_if_they_are_expected(shop_state: StateFile) -> None:
    index = index_of(shop_state)
    order = OutputOrder(index, {ORDERS, DAILY})
    assert not order.is_ready(DAILY, set())
    assert order.is_ready(DAILY, {ORDERS})
    assert OutputOrder(index, {DAILY}).is_ready(DAILY, set())


def test_a_model_behind_an_ephemeral_one_waits_for_what_that_reads(shop_state: StateFile) -> None:
    index = index_of(shop_state)
    order = OutputOrder(index, index.all_ids)
    node = index.find_asset_node("customers")
    parents = {parent.unique_id for parent in index.upstream_assets(node)}
    assert parents and not order.is_ready(node.unique_id, parents - {min(parents)})
    assert order.is_ready(node.unique_id, parents)


def test_tests_wait_for_their_models_but_unit_tests_do_not(shop_state: StateFile) -> None:
    index = index_of(shop_state)
    order = OutputOrder(index, index.all_ids)
    unique = next(t for t in index.tests if t.name == "unique_stg_orders_order_id")
    assert not order.is_ready(unique.unique_id, set())
    assert order.is_ready(unique.unique_id, {ORDERS})
    assert order.is_ready(UNIT_TEST, set())


def test_a_node_that_is_not_of_the_project_waits_for_nothing(shop_state: StateFile) -> None:
    assert OutputOrder(index_of(shop_state), {ORDERS}).is_ready("model.shop.newer", set())
