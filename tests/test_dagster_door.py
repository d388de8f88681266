"""What replaces parts of Dagster for speed does what Dagster's own does."""

import gc
from collections.abc import Iterator
from typing import Any

import dagster as dg
import pytest

from dbt_component._dagster import (
    ProjectAssetsDefinition,
    ProjectCheckResult,
    as_observation,
    data_version_tags,
    forget_input_version,
    remember_output_keys,
)
from dbt_component.project.collector import built_for_good

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


def test_an_op_that_observes_records_data_versions_that_staleness_reads() -> None:
    key = dg.AssetKey("source")
    versions = iter(["1", "1", "2"])

    def observe(context: dg.OpExecutionContext) -> Iterator[Any]:
        version = dg.DataVersion(next(versions))
        yield dg.Output(None, output_name="source", data_version=version)

    observed = as_observation(dg.multi_asset(specs=[dg.AssetSpec(key)], can_subset=True)(observe))

    @dg.asset(deps=[key])
    def model() -> None: ...

    job = dg.define_asset_job("observe", dg.AssetSelection.assets(key))
    defs = dg.Definitions(assets=[observed, model], jobs=[job])
    assert defs.resolve_asset_graph().get(key).is_observable
    with dg.instance_for_test() as instance:
        tags = []
        for _ in range(3):
            result = defs.resolve_job_def("observe").execute_in_process(instance=instance)
            (event,) = result.get_asset_observation_events()
            tags.append(event.asset_observation_data.asset_observation.tags)
    assert tags[0] == tags[1] == data_version_tags("1")
    assert tags[2] == data_version_tags("2")


@pytest.mark.parametrize("forgets", [False, True])
def test_what_is_built_after_an_observation_in_the_same_step_comes_from_its_version(
    forgets: bool,
) -> None:
    key = dg.AssetKey("source")

    @dg.asset(deps=[key])
    def model(context: dg.AssetExecutionContext) -> Iterator[Any]:
        yield dg.AssetObservation(asset_key=key, tags=data_version_tags("new"))
        if forgets:
            forget_input_version(context.op_execution_context, key)
        yield dg.Output(None)

    with dg.instance_for_test() as instance:
        instance.report_runless_asset_event(
            dg.AssetObservation(asset_key=key, tags=data_version_tags("old"))
        )
        result = dg.materialize([model], instance=instance)
        (event,) = result.asset_materializations_for_node("model")
    expected = "new" if forgets else "old"
    assert (event.tags or {})["dagster/input_data_version/source"] == expected
