"""Selections with what others build from dbt's assets; `m1` and `m2` stand for dbt's."""

from collections.abc import Iterator
from typing import Any

import dagster as dg
import pytest

from dbt_component._dagster import AssetGraph
from dbt_component.definitions.common_partitions import common_partitions
from dbt_component.definitions.downstream_selection import DownstreamSelection
from dbt_component.errors import DefinitionError

DAILY = dg.DailyPartitionsDefinition("2024-01-01")
M1, M2, M3 = (dg.AssetKey(name) for name in ("m1", "m2", "m3"))
OWN = frozenset([M1, M2, M3])
OWN_CHECK = dg.AssetCheckKey(M1, "unique")
SOURCE_CHECK = dg.AssetCheckKey(dg.AssetKey("report"), "not_null_source")


@dg.multi_asset(
    specs=[dg.AssetSpec(M1), dg.AssetSpec(M2, deps=[M1]), dg.AssetSpec(M3, deps=["report"])],
    check_specs=[
        dg.AssetCheckSpec("unique", asset=M1),
        dg.AssetCheckSpec("unique", asset=M2),
        dg.AssetCheckSpec("not_null_source", asset="report"),
    ],
    can_subset=True,
    allow_arbitrary_check_specs=True,
)
def dbt() -> Iterator[Any]:
    yield from ()


def python(name: str, *deps: str, **settings: Any) -> dg.AssetsDefinition:
    def made() -> None: ...

    decorate: Any = dg.asset(name=name, deps=list(deps), **settings)
    assets: dg.AssetsDefinition = decorate(made)
    return assets


@dg.asset_check(asset="report")
def has_rows() -> dg.AssetCheckResult:
    return dg.AssetCheckResult(passed=True)


@dg.asset_check(asset=M1)
def of_python() -> dg.AssetCheckResult:
    return dg.AssetCheckResult(passed=True)


@dg.multi_asset(specs=[dg.AssetSpec("left", deps=["report"]), dg.AssetSpec("right")])
def pair() -> Iterator[Any]:
    yield from ()


DEFINITIONS: list[Any] = [
    dbt,
    python("report", "m1"),
    python("mail", "report"),
    pair,
    python("behind_pair", "right"),
    python("behind_other", "m2"),
    python("of_both", "m2", "report"),
    dg.AssetSpec("page", deps=["m1"]),
    python("read_page", "page"),
    python("apart"),
    has_rows,
    of_python,
]


def selection(*keys: dg.AssetKey, refuse: Any = common_partitions) -> DownstreamSelection:
    return DownstreamSelection(
        keys,
        [OWN_CHECK] if M1 in keys else [],
        own_assets=OWN,
        own_checks=frozenset(dbt.check_keys),
        refuse=lambda partitions: refuse("Job 'x'", partitions),
    )


def names(keys: Any) -> set[str]:
    return {key.to_user_string() for key in keys}


def test_paths_end_at_dbts_other_assets_and_pass_through_those_that_nothing_builds() -> None:
    graph = dg.Definitions(DEFINITIONS).resolve_asset_graph()
    found = selection(M1)
    expected = {"m1", "report", "mail", "left", "right", "of_both", "read_page"}
    assert names(found.resolve(graph)) == expected
    # dbt's own tests of what Python builds are dbt's to select.
    assert found.resolve_checks(graph) == {OWN_CHECK, *has_rows.check_keys}
    assert names(selection(M2).resolve(graph)) == {"m2", "behind_other", "of_both"}
    assert names(selection(M1, M2, M3).resolve(graph)) == {*expected, "m2", "m3", "behind_other"}


def test_the_job_of_it_can_be_launched() -> None:
    job = dg.define_asset_job("x", selection=selection(M1))
    resolved = dg.Definitions(DEFINITIONS, jobs=[job]).resolve_job_def("x")
    assert names(resolved.asset_layer.selected_asset_keys) >= {"m1", "report", "mail", "left"}
    assert names(resolved.asset_layer.executable_asset_keys).isdisjoint({"m2", "m3", "page"})


def test_it_becomes_keys_that_another_process_understands() -> None:
    graph = dg.Definitions(DEFINITIONS).resolve_asset_graph()
    found = selection(M1)
    keys: Any = found.to_serializable_asset_selection(graph)
    read: Any = dg.deserialize_value(dg.serialize_value(keys))
    assert read.resolve(graph) == found.resolve(graph)
    assert read.resolve_checks(graph) == found.resolve_checks(graph)


def test_different_partitions_are_refused_with_assets_of_each() -> None:
    daily = python("daily", "m1", partitions_def=DAILY)
    monthly = python("monthly", "m1", partitions_def=dg.MonthlyPartitionsDefinition("2024-01-01"))
    graph = AssetGraph.from_assets([dbt, daily])
    assert names(selection(M1).resolve(graph)) == {"m1", "daily"}
    graph = AssetGraph.from_assets([dbt, daily, monthly])
    with pytest.raises(DefinitionError, match=r"(?s)different partitions.* daily: .* monthly: "):
        selection(M1).resolve(graph)
