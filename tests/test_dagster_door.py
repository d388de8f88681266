"""What replaces parts of Dagster for speed does what Dagster's own does."""

import gc
from collections.abc import Iterator
from typing import Any

import dagster as dg
import pytest

from dbt_component._dagster import (
    ProjectAssetsDefinition,
    ProjectCheckResult,
    remember_output_keys,
)
from dbt_component.component.collector import built_for_good

DAYS = dg.DailyPartitionsDefinition("2024-01-01", "2024-01-05")


def evaluations_of(
    result_type: type[dg.AssetCheckResult],
    *,
    partitions_def: dg.PartitionsDefinition[str] | None = None,
    is_ours: bool,
) -> list[tuple[Any, ...]]:
    specs = [
        dg.AssetSpec("a", deps=["raw"], skippable=True, partitions_def=partitions_def),
        dg.AssetSpec("b", deps=["a"], skippable=True, partitions_def=partitions_def),
    ]
    checks = [
        dg.AssetCheckSpec("fine", asset="a", blocking=True),
        dg.AssetCheckSpec("odd", asset="b"),
    ]

    @dg.multi_asset(
        name="op", specs=specs, check_specs=checks, can_subset=True, partitions_def=partitions_def
    )
    def assets(context: dg.AssetExecutionContext) -> Iterator[Any]:
        if is_ours:
            remember_output_keys(context)
        for key in ("a", "b"):
            yield dg.Output(None, output_name=key)
        yield result_type(asset_key=dg.AssetKey("a"), check_name="fine", passed=True)
        yield result_type(
            asset_key=dg.AssetKey("b"),
            check_name="odd",
            passed=False,
            severity=dg.AssetCheckSeverity.WARN,
            description="odd",
            metadata={"rows": 3},
        )

    made = ProjectAssetsDefinition.from_multi_asset(assets) if is_ours else assets
    with dg.DagsterInstance.ephemeral() as instance:
        result = dg.materialize(
            [made],
            instance=instance,
            partition_key="2024-01-02" if partitions_def is not None else None,
        )
        assert result.success
        return [
            (
                e.asset_check_key,
                e.passed,
                e.severity,
                e.description,
                e.metadata,
                e.blocking,
                e.partition,
                e.target_materialization_data is not None,
            )
            for e in result.get_asset_check_evaluations()
        ]


@pytest.mark.parametrize("partitions_def", [None, DAYS])
def test_check_results_are_recorded_as_dagsters_own_are(
    partitions_def: dg.PartitionsDefinition[str] | None,
) -> None:
    theirs = evaluations_of(dg.AssetCheckResult, partitions_def=partitions_def, is_ours=False)
    ours = evaluations_of(ProjectCheckResult, partitions_def=partitions_def, is_ours=True)
    assert ours == theirs
    assert len(ours) == 2 and all(evaluation[-1] for evaluation in ours)


def test_assets_yielded_out_of_order_are_still_refused() -> None:
    @dg.multi_asset(
        specs=[dg.AssetSpec("a", skippable=True), dg.AssetSpec("b", deps=["a"], skippable=True)]
    )
    def assets(context: dg.AssetExecutionContext) -> Iterator[Any]:
        remember_output_keys(context)
        yield dg.Output(None, output_name="b")
        yield dg.Output(None, output_name="a")

    made = ProjectAssetsDefinition.from_multi_asset(assets)
    with pytest.raises(dg.DagsterInvariantViolationError, match="topological"):
        dg.materialize([made])


def test_copies_are_of_the_same_class_and_count_anew() -> None:
    @dg.multi_asset(specs=[dg.AssetSpec("a", deps=["x", "y"])], name="op")
    def assets() -> Iterator[Any]:
        yield dg.Output(None, output_name="a")

    made = ProjectAssetsDefinition.from_multi_asset(assets)
    assert set(made.input_names_by_node_key) == {dg.AssetKey("x"), dg.AssetKey("y")}
    changed = made.with_attributes(asset_key_replacements={dg.AssetKey("x"): dg.AssetKey("z")})
    assert isinstance(changed, ProjectAssetsDefinition)
    assert set(changed.input_names_by_node_key) == {dg.AssetKey("z"), dg.AssetKey("y")}
    assert set(made.input_names_by_node_key) == {dg.AssetKey("x"), dg.AssetKey("y")}


def test_the_collector_is_as_it_was_after_building_also_if_that_fails() -> None:
    assert gc.isenabled()
    frozen = gc.get_freeze_count()
    with built_for_good(10):
        assert gc.isenabled()
    assert gc.get_freeze_count() == frozen
    with pytest.raises(ValueError, match="broken"), built_for_good(1_000_000):
        assert not gc.isenabled()
        raise ValueError("broken")
    assert gc.isenabled() and gc.get_freeze_count() == frozen
    with built_for_good(1_000_000):
        pass
    assert gc.isenabled() and gc.get_freeze_count() > frozen
    gc.unfreeze()
