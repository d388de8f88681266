"""A code version changes if and only if the node's result may change."""

from collections.abc import Callable
from typing import Any

import pytest

from dbt_component.manifest.parse import index_manifest
from tests.manifest_entries import manifest_of, model

Manifest = dict[str, Any]


def macro(name: str, sql: str, *, package: str = "shop", calls: list[str] | None = None) -> Any:
    return {
        "unique_id": f"macro.{package}.{name}",
        "package_name": package,
        "macro_sql": sql,
        "depends_on": {"macros": calls or []},
    }


def project() -> Manifest:
    """``orders`` calls ``cents``, which calls ``round``; it inlines ``base`` and reads ``upstream``."""
    macros = [
        macro("cents", "{{ round(x) }}", calls=["macro.shop.round"]),
        macro("round", "round({{ x }})"),
        macro("run_query", "…", package="dbt"),
    ]
    manifest = manifest_of(
        model("upstream"),
        model("base", parents=["model.shop.upstream"], config={"materialized": "ephemeral"}),
        model("orders", parents=["model.shop.base", "model.shop.upstream"]),
        macros={entry["unique_id"]: entry for entry in macros},
    )
    called = ["macro.shop.cents", "macro.dbt.run_query"]
    manifest["nodes"]["model.shop.orders"]["depends_on"]["macros"] = called
    return manifest


def version(manifest: Manifest, *, vars_digest: str = "") -> str | None:
    index = index_manifest(manifest, vars_digest=vars_digest)
    return index.node_by_id["model.shop.orders"].code_version


def node(manifest: Manifest, name: str = "orders") -> Any:
    return manifest["nodes"][f"model.shop.{name}"]


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(lambda m: node(m).update(raw_code="select 2"), id="code"),
        pytest.param(lambda m: node(m)["config"].update(materialized="view"), id="config"),
        pytest.param(lambda m: node(m).update(relation_name='"dev"."x"."orders"'), id="relation"),
        pytest.param(lambda m: m["macros"]["macro.shop.cents"].update(macro_sql="0"), id="macro"),
        pytest.param(lambda m: m["macros"]["macro.shop.round"].update(macro_sql="0"), id="its macro"),
        pytest.param(lambda m: node(m, "base").update(raw_code="select 2"), id="ephemeral parent"),
    ],
)  # fmt: skip
def test_it_changes_with_everything_the_result_depends_on(
    change: Callable[[Manifest], None],
) -> None:
    changed = project()
    change(changed)
    assert version(changed) != version(project())


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(lambda m: node(m)["config"].update(tags=["x"], meta={"a": 1}), id="tags"),
        pytest.param(lambda m: node(m).update(description="Orders."), id="description"),
        pytest.param(lambda m: node(m, "upstream").update(raw_code="select 2"), id="parent"),
        pytest.param(lambda m: m["macros"]["macro.dbt.run_query"].update(macro_sql="0"), id="dbt"),
    ],
)
def test_it_stays_the_same_if_the_result_does(change: Callable[[Manifest], None]) -> None:
    changed = project()
    change(changed)
    assert version(changed) == version(project())


def test_variables_count_only_for_code_that_reads_them() -> None:
    assert version(project(), vars_digest="1") == version(project(), vars_digest="2")
    reading = project()
    reading["macros"]["macro.shop.round"]["macro_sql"] = "{{ var('digits') }}"
    assert version(reading, vars_digest="1") != version(reading, vars_digest="2")


def test_a_seeds_version_depends_on_its_checksum() -> None:
    versions = {
        index_manifest(
            manifest_of(
                model(
                    "a", resource_type="seed", raw_code="", checksum={"checksum": checksum}
                )
            )
        ).nodes[0].code_version
        for checksum in ("one", "two")
    }  # fmt: skip
    assert len(versions) == 2


@pytest.mark.parametrize(
    ("fields", "reads"),
    [
        ({"raw_code": "{{ graph.nodes }}"}, True),
        ({"raw_code": "select 'paragraph'"}, False),
        ({"config": {"post-hook": [{"sql": "{{ graph.sources }}"}]}}, True),
        ({"config": {"pre-hook": ["{{ graph.sources }}"]}}, True),
    ],
)
def test_code_and_hooks_that_read_the_graph_are_detected(
    fields: dict[str, Any], reads: bool
) -> None:
    assert index_manifest(manifest_of(model("a", **fields))).nodes[0].reads_graph is reads


def test_macros_that_read_the_graph_are_listed() -> None:
    entry = macro("walk", "{% for node in graph.nodes %}")
    index = index_manifest(manifest_of(macros={entry["unique_id"]: entry}))
    assert index.graph_reading_macros == ["macro.shop.walk"]


def test_environment_variables_that_the_code_or_its_macros_name_count(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    named = project()
    node(named)["raw_code"] = "select {{ env_var('LEAST') }}"
    called = project()
    called["macros"]["macro.shop.round"]["macro_sql"] = "{{ env_var( \"LEAST\", '0') }}"
    secret = project()
    node(secret)["raw_code"] = "select {{ env_var('DBT_ENV_SECRET_X') }}"
    manifests = (named, called, project(), secret)
    before = [version(manifest) for manifest in manifests]
    monkeypatch.setenv("LEAST", "7")
    monkeypatch.setenv("DBT_ENV_SECRET_X", "7")
    after = [version(manifest) for manifest in manifests]
    changed = [one != other for one, other in zip(before, after, strict=True)]
    assert changed == [True, True, False, False]


def test_the_version_of_a_test_covers_its_arguments_configuration_and_macros() -> None:
    def version_of(**changes: Any) -> str:
        manifest = project()
        entry = {
            "unique_id": "test.shop.t",
            "resource_type": "test",
            "name": "t",
            "raw_code": "{{ test_above(**_dbt_generic_test_kwargs) }}",
            "test_metadata": {"name": "above", "kwargs": {"least": 1}},
            "config": {"severity": "ERROR", "tags": []},
            "depends_on": {"macros": ["macro.shop.cents"], "nodes": ["model.shop.orders"]},
        }
        manifest["nodes"]["test.shop.t"] = {**entry, **changes}
        manifest["macros"]["macro.shop.round"]["macro_sql"] = changes.get("macro", "round")
        return index_manifest(manifest).test_by_id["test.shop.t"].code_version

    first = version_of()
    assert len(first) == 40
    assert version_of(config={"severity": "ERROR", "tags": ["x"]}) == first
    assert version_of(description="Another.") == first
    others = {
        version_of(raw_code="select 1"),
        version_of(test_metadata={"name": "above", "kwargs": {"least": 2}}),
        version_of(config={"severity": "WARN"}),
        version_of(macro="trunc"),
    }
    assert len(others) == 4 and first not in others
