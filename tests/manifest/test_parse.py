"""Parsing of manifest.json into an index."""

from typing import Any

import pytest

from dbt_component.manifest.dbt_test import DbtTest
from dbt_component.manifest.node import Node
from dbt_component.manifest.parse import (
    decode_manifest,
    index_manifest,
    parse_entry,
    parse_manifest,
)
from dbt_component.project.state import StateFile
from tests.manifest_entries import data_test, manifest_of, model, source


def parsed(entry: dict[str, Any]) -> Node:
    node = parse_entry(entry)
    assert isinstance(node, Node)
    return node


@pytest.mark.parametrize(
    ("entry", "field", "value"),
    [
        (model("a"), "materialized", "table"),
        (model("a", version=2), "version", "2"),
        (model("a", config={"schema": ""}), "config_schema", ""),
        (model("a", config={"group": "finance"}), "group", "finance"),
        (model("a", group="finance"), "group", "finance"),
        (model("a", tags="daily"), "tags", ("daily",)),
        (model("a", description=None), "description", ""),
        (model("a", resource_type="seed", config={"materialized": None}), "materialized", "seed"),
        (model("a", meta={"dagster": {"group": "x"}}), "dagster_meta", {"group": "x"}),
        (
            model("a", meta={"dagster": {"group": "x", "owners": ["o"]}}, config={"meta": {"dagster": {"group": "y"}}}),
            "dagster_meta",
            {"group": "y", "owners": ["o"]},
        ),
        (source("t", identifier="t_1"), "identifier", "t_1"),
    ],
)  # fmt: skip
def test_a_field_of_a_node_is_read_from_where_dbt_writes_it(
    entry: dict[str, Any], field: str, value: Any
) -> None:
    assert getattr(parsed(entry), field) == value


def test_columns_have_type_tags_and_constraints() -> None:
    columns = {
        "id": {
            "name": "id",
            "data_type": "integer",
            "description": "Key.",
            "tags": ["pii"],
            "constraints": [{"type": "not_null"}, {"type": "unique"}],
        },
        "name": {"name": "name"},
    }
    key, name = parsed(model("a", columns=columns)).columns
    assert (key.data_type, key.description, key.tags) == ("integer", "Key.", ("pii",))
    assert key.not_null and key.unique
    assert (name.data_type, name.description, name.not_null) == (None, "", False)


@pytest.mark.parametrize(
    ("fields", "field", "value"),
    [
        ({}, "test_type", "singular"),
        ({"test_metadata": {"name": "unique"}}, "test_type", "unique"),
        ({"resource_type": "unit_test"}, "test_type", "unit"),
        ({"config": {"severity": "WARN"}}, "severity", "warn"),
        ({"config": {"severity": None}}, "severity", "error"),
        ({"config": {"meta": {"description": "Why."}}}, "meta_description", "Why."),
        ({"attached_node": "model.shop.a"}, "attached_node", "model.shop.a"),
    ],
)
def test_a_field_of_a_test_is_read_from_where_dbt_writes_it(
    fields: dict[str, Any], field: str, value: Any
) -> None:
    test = parse_entry(data_test("t", parents=["model.shop.a"], **fields))
    assert isinstance(test, DbtTest)
    assert getattr(test, field) == value


def test_nodes_follow_their_dependencies_at_any_depth() -> None:
    depth = 3_000
    chain = [model("m0")]
    chain += [model(f"m{n}", parents=[f"model.shop.m{n - 1}"]) for n in range(1, depth)]
    index = index_manifest(manifest_of(*reversed(chain)))
    assert [node.name for node in index.nodes] == [f"m{n}" for n in range(depth)]


def test_disabled_entries_are_not_indexed() -> None:
    index = index_manifest(
        manifest_of(
            model("a", config={"enabled": False}),
            data_test("t", parents=["model.shop.a"], config={"enabled": False}),
        )
    )
    assert (index.nodes, index.tests) == ([], [])


def test_nodes_have_the_email_of_their_groups_owner() -> None:
    groups = {"group.shop.finance": {"name": "finance", "owner": {"email": "f@example.com"}}}
    index = index_manifest(manifest_of(model("a", config={"group": "finance"}), groups=groups))
    assert index.nodes[0].group_owner_emails == ("f@example.com",)


def test_a_unit_test_lists_the_nodes_it_mocks() -> None:
    unit_test = {
        **data_test("u", parents=["model.shop.b"], resource_type="unit_test"),
        "unique_id": "unit_test.shop.b.u",
        "given": [{"input": "ref('a')"}, {"input": "source('raw', 't')"}, {"input": "this"}],
    }
    index = index_manifest(
        manifest_of(
            model("a"), model("b"), source("t"), unit_tests={"unit_test.shop.b.u": unit_test}
        )
    )
    assert index.tests[0].unit_test_inputs == ("model.shop.a", "source.shop.raw.t")


def test_fields_missing_in_older_releases_are_optional() -> None:
    bare = {"metadata": {}, "nodes": {"model.shop.a": model("a")}}
    index = index_manifest(bare)
    assert [node.unique_id for node in index.nodes] == ["model.shop.a"]
    assert (index.project_name, index.adapter_type, index.project_id) == ("", "", None)


def test_a_manifest_in_memory_gives_the_same_index_as_the_state_except_offsets(
    shop_state: StateFile,
) -> None:
    manifest = decode_manifest(shop_state.read_manifest_json())
    packed, entries = parse_manifest(manifest)
    in_memory = index_manifest(manifest)
    assert entries
    assert [n.unique_id for n in in_memory.nodes] == [n.unique_id for n in shop_state.index.nodes]
    assert [n.code_version for n in in_memory.nodes] == [n.code_version for n in packed.nodes]
    assert {n.raw_length for n in in_memory.nodes} == {0}
    assert 0 not in {n.raw_length for n in packed.nodes}


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({}, None),
        ({"freshness": None}, None),
        ({"freshness": {"warn_after": {"count": None, "period": None}, "filter": "a"}}, None),
        ({"freshness": {"warn_after": {"count": 1, "period": "day"}}}, "a warning after 1 day"),
        (
            {
                "freshness": {
                    "warn_after": {"count": 12, "period": "hour"},
                    "error_after": {"count": 0, "period": "day"},
                }
            },
            "a warning after 12 hours, stale after 0 days",
        ),
        (
            {"config": {"freshness": {"error_after": {"count": 2, "period": "minute"}}}},
            "stale after 2 minutes",
        ),
    ],
)
def test_the_ages_of_a_source_are_known_if_dbt_checks_them(
    fields: dict[str, Any], expected: str | None
) -> None:
    assert parsed(source("orders", **fields)).freshness == expected
