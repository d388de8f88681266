"""Default rules that translate a node into plain values."""

from typing import Any

import pytest

from dbt_component.manifest.node import Node
from dbt_component.manifest.parse import parse_entry
from dbt_component.translation import defaults
from tests.manifest_entries import model, source


def node(entry: dict[str, Any]) -> Node:
    found = parse_entry(entry)
    assert isinstance(found, Node)
    return found


@pytest.mark.parametrize(
    ("entry", "key"),
    [
        (model("a"), ["a"]),
        (model("a", alias="other"), ["a"]),
        (model("a", config={"schema": "marts"}), ["marts", "a"]),
        (model("a", config={"schema": ""}), ["", "a"]),
        (model("a", version=2, alias="a_v2", config={"schema": "marts"}), ["a_v2"]),
        (source("t"), ["raw", "t"]),
        (source("t", identifier="t_1"), ["raw", "t"]),
        (model("a", meta={"dagster": {"asset_key": ["x", "y"]}}), ["x", "y"]),
        (source("t", config={"meta": {"dagster": {"asset_key": "x"}}}), ["x"]),
    ],
)
def test_asset_key(entry: dict[str, Any], key: list[str]) -> None:
    assert defaults.asset_key(node(entry)) == key


@pytest.mark.parametrize(
    ("entry", "group", "owners"),
    [
        (model("a"), None, None),
        (model("a", config={"group": "finance"}), "finance", None),
        (
            model("a", config={"group": "finance", "meta": {"dagster": {"group": "g", "owners": "o@e.org"}}}),
            "g",
            ["o@e.org"],
        ),
    ],
)  # fmt: skip
def test_group_and_owners(
    entry: dict[str, Any], group: str | None, owners: list[str] | None
) -> None:
    assert defaults.group_name(node(entry)) == group
    assert defaults.owners(node(entry)) == owners


@pytest.mark.parametrize(
    ("tag", "is_valid"),
    [("daily", True), ("team/core", True), ("has space", False), ("a:b", False), ("x" * 64, False)],
)
def test_tags_that_dagster_does_not_accept_are_left_out(tag: str, is_valid: bool) -> None:
    assert defaults.tags(node(model("a", tags=[tag]))) == ({tag: ""} if is_valid else {})


@pytest.mark.parametrize(
    ("entry", "text"),
    [
        (model("a", raw_code=""), "dbt model a"),
        (model("a", description="All a.", raw_code=" \n"), "All a."),
        (source("t"), "dbt source t"),
        (
            model("a", raw_code="select 1\n\nfrom b"),
            "dbt model a\n\n#### Raw SQL:\n```sql\n    select 1\n\n    from b\n```",
        ),
    ],
)
def test_description(entry: dict[str, Any], text: str) -> None:
    assert defaults.description(node(entry)) == text


def test_long_code_is_truncated_in_descriptions() -> None:
    text = defaults.description(node(model("a", raw_code="x" * 50_000)))
    assert len(text) < 11_000 and "-- (cut)" in text


@pytest.mark.parametrize(
    ("entry", "name"),
    [
        (model("a"), "dev.main.a"),
        (model("a", alias="other"), "dev.main.other"),
        (model("a", database=None), "main.a"),
        (source("t", identifier="t_1"), "dev.raw.t_1"),
        (source("T", schema="Raw", relation_name='dev.Raw."T"'), "dev.raw.T"),
        (source("T", schema="Raw", relation_name='"dev"."Raw".T'), "dev.Raw.t"),
        (source("T", schema="Raw", relation_name="`dev`.`Raw`.`T`"), "dev.Raw.T"),
    ],
)
def test_table_name(entry: dict[str, Any], name: str) -> None:
    assert defaults.table_name(node(entry)) == name
