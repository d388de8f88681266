from collections.abc import Iterator
from typing import Any

import dagster as dg
import pytest

from dbt_component.definitions.asset_selection import asset_selection

A, B = dg.AssetKey("a"), dg.AssetKey("b")
A_CHECK, B_CHECK = dg.AssetCheckKey(A, "fine"), dg.AssetCheckKey(B, "fine")


@dg.multi_asset(
    specs=[dg.AssetSpec(A), dg.AssetSpec(B, deps=[A])],
    check_specs=[dg.AssetCheckSpec("fine", asset=A), dg.AssetCheckSpec("fine", asset=B)],
)
def assets() -> Iterator[Any]:
    yield from ()


@pytest.mark.parametrize(
    ("asset_keys", "check_keys"),
    [
        ([], []),
        ([A], []),
        ([], [B_CHECK]),
        ([A], [B_CHECK]),
        ([A, B], [A_CHECK, B_CHECK]),
    ],
)
def test_exactly_these_assets_and_checks_are_selected(
    asset_keys: list[dg.AssetKey], check_keys: list[dg.AssetCheckKey]
) -> None:
    selection = asset_selection(iter(asset_keys), iter(check_keys))
    graph = dg.Definitions(assets=[assets]).get_repository_def().asset_graph
    assert selection.resolve(graph) == set(asset_keys)
    assert selection.resolve_checks(graph) == set(check_keys)
