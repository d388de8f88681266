"""Selections without assets."""

import pytest

from dbt_component.manifest.parse import index_manifest
from dbt_component.selection.criteria import SelectionCriteria
from dbt_component.selection.emptiness import explain_emptiness
from tests.manifest_entries import data_test, manifest_of, model, source

INDEX = index_manifest(
    manifest_of(
        source("t"),
        model("a"),
        model("inlined", config={"materialized": "ephemeral"}),
        data_test("of_a", parents=["model.shop.a"]),
    )
)
NONE = SelectionCriteria(select="tag:none", exclude="a")


@pytest.mark.parametrize(
    "selected", [set(), {"source.shop.raw.t"}, {"test.shop.of_a", "model.shop.inlined"}]
)
def test_a_selection_without_assets_is_explained(selected: set[str]) -> None:
    explained = explain_emptiness(INDEX, NONE, selected)
    assert explained is not None
    assert "--select 'tag:none' --exclude 'a' matches no model" in explained
    assert "'shop'" in explained


def test_a_selection_of_ephemeral_models_says_that_they_are_no_assets() -> None:
    explained = explain_emptiness(INDEX, NONE, {"model.shop.inlined"})
    assert explained is not None and "only ephemeral ones" in explained


def test_a_selection_with_an_asset_needs_no_explanation() -> None:
    assert explain_emptiness(INDEX, NONE, {"model.shop.a", "test.shop.of_a"}) is None


def test_a_project_without_assets_is_explained_whatever_is_selected() -> None:
    index = index_manifest(manifest_of(source("t")))
    explained = explain_emptiness(index, NONE, {"source.shop.raw.t"})
    assert explained is not None and "no enabled models" in explained
