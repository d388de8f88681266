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
    assert order.blocker(DAILY, set()) is not None
    assert order.blocker(DAILY, {ORDERS}) is None
    assert OutputOrder(index, {DAILY}).blocker(DAILY, set()) is None


def test_a_model_behind_an_ephemeral_one_waits_for_what_that_reads(shop_state: StateFile) -> None:
    index = index_of(shop_state)
    order = OutputOrder(index, index.all_ids)
    node = index.find_asset_node("customers")
    parents = {parent.unique_id for parent in index.upstream_assets(node)}
    assert parents and order.blocker(node.unique_id, parents - {min(parents)}) is not None
    assert order.blocker(node.unique_id, parents) is None


def test_tests_wait_for_their_models_but_unit_tests_do_not(shop_state: StateFile) -> None:
    index = index_of(shop_state)
    order = OutputOrder(index, index.all_ids)
    unique = next(t for t in index.tests if t.name == "unique_stg_orders_order_id")
    assert order.blocker(unique.unique_id, set()) is not None
    assert order.blocker(unique.unique_id, {ORDERS}) is None
    assert order.blocker(UNIT_TEST, set()) is None


def test_a_node_that_is_not_of_the_project_waits_for_nothing(shop_state: StateFile) -> None:
    assert OutputOrder(index_of(shop_state), {ORDERS}).blocker("model.shop.newer", set()) is None


def test_a_node_that_waits_is_looked_at_only_when_its_parent_is_reported(
    shop_state: StateFile,
) -> None:
    """A log that lost the end of one node may make thousands wait, and each end would look at all of them."""
    order = OutputOrder(index_of(shop_state), {ORDERS, DAILY, UNIT_TEST})
    reported = LookedUp()
    assert list(order.add(DAILY, reported)) == []
    assert list(order.add(DAILY, reported)) == []
    reported.names.clear()
    assert list(order.add(UNIT_TEST, reported)) == [UNIT_TEST]
    assert reported.names == []
    found = []
    for unique_id in order.add(ORDERS, reported):
        found.append(unique_id)
        reported.add(unique_id)
    assert found == [ORDERS, DAILY]


class LookedUp(set[str]):
    """A set that notes what it is asked about."""

    def __init__(self) -> None:
        super().__init__()
        self.names: list[str] = []

    def __contains__(self, name: object) -> bool:
        self.names.append(str(name))
        return super().__contains__(name)
