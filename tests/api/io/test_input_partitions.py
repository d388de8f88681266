"""The partitions of an input as conditions."""

from collections.abc import Sequence
from typing import Any

import dagster as dg
import pytest

from dbt_component.api.io.input_partitions import partitions_of
from dbt_component.errors import RelationLoadError

DAILY = dg.DailyPartitionsDefinition("2024-01-01")
MULTI = dg.MultiPartitionsDefinition(
    {"color": dg.StaticPartitionsDefinition(["r", "g"]), "day": DAILY}
)


def context(definition: dg.PartitionsDefinition[Any], keys: Sequence[str]) -> dg.InputContext:
    subset = definition.subset_with_partition_keys(keys)
    return dg.InputContext(
        asset_key=dg.AssetKey("a"), asset_partitions_def=definition, asset_partitions_subset=subset
    )


def test_windows_that_touch_are_one_and_a_gap_remains() -> None:
    found = partitions_of(context(DAILY, ["2024-01-05", "2024-01-01", "2024-01-02"]), "day")
    assert found is not None
    ((condition,),) = found
    assert [[time.date().isoformat() for time in window] for window in condition.windows or ()] == [
        ["2024-01-01", "2024-01-03"],
        ["2024-01-05", "2024-01-06"],
    ]


def test_a_complete_product_is_one_alternative_and_others_are_listed() -> None:
    expressions = {"color": "c", "day": "d"}
    complete = [f"{color}|2024-01-0{day}" for color in "rg" for day in (1, 2)]
    found = partitions_of(context(MULTI, complete), expressions)
    assert found is not None
    assert [[sorted(part.keys) for part in parts] for parts in found] == [
        [["g", "r"], ["2024-01-01", "2024-01-02"]]
    ]
    found = partitions_of(context(MULTI, ["r|2024-01-01", "g|2024-01-02"]), expressions)
    assert found is not None
    assert sorted([part.keys for part in parts] for parts in found) == [
        [("g",), ("2024-01-02",)],
        [("r",), ("2024-01-01",)],
    ]


def test_no_keys_are_no_alternative() -> None:
    assert partitions_of(context(DAILY, []), "day") == ()
    assert partitions_of(context(MULTI, []), {"color": "c", "day": "d"}) == ()


def test_without_partitions_or_expression_there_is_no_condition() -> None:
    assert partitions_of(context(DAILY, ["2024-01-01"]), None) is None
    assert partitions_of(dg.build_input_context(asset_key="a"), "day") is None


@pytest.mark.parametrize(
    ("definition", "expression", "message"),
    [
        (DAILY, {"day": "d"}, "one dimension"),
        (MULTI, "d", "dimensions 'color', 'day'"),
        (MULTI, {"day": "d"}, "dimensions 'color', 'day'"),
        (MULTI, {"day": "d", "color": 1}, "dimensions 'color', 'day'"),
    ],
)
def test_an_expression_that_does_not_fit_is_refused(
    definition: dg.PartitionsDefinition[Any], expression: Any, message: str
) -> None:
    with pytest.raises(RelationLoadError, match=message):
        partitions_of(context(definition, []), expression)
