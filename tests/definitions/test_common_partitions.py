import dagster as dg
import pytest

from dbt_component.definitions.common_partitions import common_partitions
from dbt_component.errors import DefinitionError

DAILY = dg.DailyPartitionsDefinition("2024-01-01")
COLOURS = dg.StaticPartitionsDefinition(["red", "blue"])
A, B, C = (dg.AssetKey(name) for name in "abc")


def test_assets_without_partitions_go_with_any_others() -> None:
    assert common_partitions("Job 'x'", {}) is None
    assert common_partitions("Job 'x'", {A: None}) is None
    same = dg.DailyPartitionsDefinition("2024-01-01")
    assert common_partitions("Job 'x'", {A: DAILY, B: None, C: same}) == DAILY


def test_different_partitions_are_refused_with_assets_of_each() -> None:
    with pytest.raises(
        DefinitionError, match="Job 'x' selects assets with different partitions"
    ) as caught:
        common_partitions("Job 'x'", {A: DAILY, B: None, C: COLOURS}, where="here")
    assert f"\n  a: {DAILY}\n  c: {COLOURS}" in caught.value.message
    assert caught.value.hint == "Write one job for each, with a `select` of its own."
    assert caught.value.where == "here"
