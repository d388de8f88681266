"""The checks and assets of sources, and their names."""

from typing import Any

import dagster as dg
import pytest
from dagster.components.resolved.context import ResolutionContext
from dagster.components.resolved.core_models import AssetAttributesModel

from dbt_component.definitions.freshness_specs import FreshnessSpecs, build_freshness_specs
from dbt_component.definitions.yaml_translation import compile_translation
from dbt_component.errors import DuplicateAssetKeyError
from tests.definitions.test_spec_builder import build
from tests.manifest_entries import data_test, manifest_of, model, source

DAY = {"freshness": {"error_after": {"count": 1, "period": "day"}}}
ORDERS = "source.shop.raw.orders"


def freshness(
    *entries: dict[str, Any], observe: bool = True, translation: Any = None, **settings: Any
) -> FreshnessSpecs:
    specs = build(manifest_of(*entries), translation=translation, **settings)
    return build_freshness_specs(specs, specs.index.all_ids, observe=observe)


def names(specs: FreshnessSpecs) -> dict[str, str]:
    return {unique_id: spec.name for unique_id, spec in specs.check_specs.items()}


def test_sources_with_ages_to_check_have_a_check_and_an_asset() -> None:
    found = freshness(source("orders", **DAY), source("customers"), model("a", parents=[ORDERS]))
    assert found.check_specs.keys() == found.asset_specs.keys() == {ORDERS}
    check = found.check_specs[ORDERS]
    assert check.key == dg.AssetCheckKey(dg.AssetKey(["raw", "orders"]), "freshness")
    assert check.description == "`dbt source freshness`: stale after 1 day."
    assert not check.blocking
    assert freshness(source("orders", **DAY), observe=False).asset_specs == {}


def test_a_test_keeps_its_name_and_the_check_of_freshness_gets_another() -> None:
    found = freshness(
        source("orders", **DAY),
        model("a", parents=[ORDERS]),
        data_test("freshness", parents=[ORDERS], attached_node=ORDERS),
        enable_source_tests_as_checks=True,
    )
    assert names(found) == {ORDERS: "freshness_of_raw_orders"}
    assert len(found.notes) == 1 and "'freshness' on 'raw/orders' is taken" in found.notes[0]


def test_a_source_may_be_called_like_the_output_of_a_check() -> None:
    found = freshness(source("orders", **DAY), source("orders_freshness", **DAY))
    outputs = [
        *(spec.get_python_identifier() for spec in found.check_specs.values()),
        *(spec.key.to_python_identifier() for spec in found.asset_specs.values()),
    ]
    assert len(set(outputs)) == 4


def test_sources_that_share_a_key_have_a_check_each_and_no_asset() -> None:
    shared = {"meta": {"dagster": {"asset_key": ["landing"]}}, **DAY}
    found = freshness(
        source("orders", **shared),
        source("old-orders", **shared),
        source("customers", **DAY),
        enable_duplicate_source_asset_keys=True,
    )
    assert found.asset_specs.keys() == {"source.shop.raw.customers"}
    assert names(found) == {
        ORDERS: "freshness",
        "source.shop.raw.old-orders": "freshness_of_raw_old_orders",
        "source.shop.raw.customers": "freshness",
    }


def test_a_source_with_the_key_of_a_model_is_refused() -> None:
    with pytest.raises(DuplicateAssetKeyError, match=r"source\.shop\.raw\.orders"):
        freshness(source("orders", meta={"dagster": {"asset_key": ["a"]}}, **DAY), model("a"))


def test_what_yaml_sets_for_models_does_not_automate_or_partition_sources() -> None:
    attributes = AssetAttributesModel(
        group_name="landing",
        automation_condition="{{ dg.AutomationCondition.eager() }}",
        partitions_def={"type": "daily", "start_date": "2024-01-01"},
    )
    scope = ResolutionContext.default().with_scope(dg=dg)
    found = freshness(source("orders", **DAY), translation=compile_translation(scope, attributes))
    spec = found.asset_specs[ORDERS]
    assert spec.group_name == "landing"
    assert spec.automation_condition is None and spec.partitions_def is None
