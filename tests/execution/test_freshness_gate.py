"""What a stale source keeps from being built."""

from typing import Any

import pytest

from dbt_component.execution.freshness_gate import below_sources, sources_read
from dbt_component.manifest.index import ManifestIndex
from dbt_component.manifest.parse import index_manifest
from tests.manifest_entries import data_test, manifest_of, model, source

STALE = "source.shop.raw.stale"
EPHEMERAL: dict[str, Any] = {"config": {"materialized": "ephemeral"}}


@pytest.fixture
def index() -> ManifestIndex:
    """``stale`` -> ``passed_on`` (ephemeral) -> ``first`` -> ``second`` -> ``third``; ``other`` reads ``fresh``."""
    entries = [
        model("passed_on", parents=[STALE], **EPHEMERAL),
        model("first", parents=["model.shop.passed_on"]),
        model("second", parents=["model.shop.first"]),
        model("third", parents=["model.shop.second", "model.shop.other"]),
        model("other", parents=["source.shop.raw.fresh"]),
        data_test("of_first", parents=["model.shop.first"]),
        data_test("of_other", parents=["model.shop.other"]),
        data_test("of_both", parents=["model.shop.third", "model.shop.other"]),
        data_test("of_source", parents=[STALE]),
    ]
    return index_manifest(manifest_of(*entries, source("stale"), source("fresh")))


def ids(*names: str) -> set[str]:
    return {f"model.shop.{name}" for name in names}


def test_sources_are_read_directly_or_through_ephemeral_models(index: ManifestIndex) -> None:
    assert sources_read(index, ids("first", "second")) == {STALE}
    assert sources_read(index, ids("second", "third")) == set()
    assert sources_read(index, ids("first", "other")) == {STALE, "source.shop.raw.fresh"}


@pytest.mark.parametrize(
    ("selected", "withheld"),
    [
        (ids("first", "second", "third", "other"), ids("first", "second", "third")),
        (ids("first", "third"), ids("first", "third")),  # also behind a model that is not selected
        (ids("second", "third", "other"), set()),  # nothing that reads the source is built
        (ids("other"), set()),
    ],
)
def test_what_reads_a_stale_source_and_what_is_below_that_is_withheld(
    index: ManifestIndex, selected: set[str], withheld: set[str]
) -> None:
    assert below_sources(index, selected, {STALE: "old"}) == dict.fromkeys(withheld, "old")


def test_tests_are_withheld_with_any_of_their_nodes_but_not_those_of_the_source(
    index: ManifestIndex,
) -> None:
    found = below_sources(index, index.all_ids, {STALE: "old"})
    tests = {unique_id for unique_id in found if unique_id.startswith("test.")}
    assert tests == {"test.shop.of_first", "test.shop.of_both"}


def test_without_a_stale_source_nothing_is_withheld(index: ManifestIndex) -> None:
    assert below_sources(index, index.all_ids, {}) == {}
