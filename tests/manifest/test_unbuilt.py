"""A manifest without builds is the same whatever command wrote it."""

from typing import Any

from dbt_component.manifest.unbuilt import without_builds

PARSED = {"build_path": None, "compiled_path": None}
BUILT = {
    "build_path": "target/run/a.sql",
    "compiled": True,
    "compiled_code": "select 1",
    "compiled_path": "target/compiled/a.sql",
    "extra_ctes": [],
    "extra_ctes_injected": True,
}
MACROS = [
    ("shop", "cents"),
    ("shop", "run_query"),
    ("dbt", "run_query"),
    ("dbt", "get_where_subquery"),
    ("dbt", "test_unique"),
    ("dbt_postgres", "postgres__now"),
    ("dbt", "default__now"),
    ("utils", "pivot"),
    ("utils", "cents"),
    ("utils", "grant"),
]


def manifest(recorded: list[str], fields: dict[str, Any], **entry: Any) -> dict[str, Any]:
    node = {
        "unique_id": "model.shop.a",
        "package_name": "shop",
        **fields,
        "depends_on": {"nodes": ["seed.shop.raw"], "macros": recorded},
        **entry,
    }
    return {
        "metadata": {"project_name": "shop", "adapter_type": "postgres"},
        "nodes": {"model.shop.a": node},
        "macros": {f"macro.{p}.{n}": {"name": n, "package_name": p} for p, n in MACROS},
    }


def macros_of(**entry: Any) -> list[str]:
    found = without_builds(manifest([], PARSED, **entry))["nodes"]["model.shop.a"]
    macros: list[str] = found["depends_on"]["macros"]
    return macros


def test_what_a_build_adds_is_left_out() -> None:
    code = {"raw_code": "select {{ cents('a') }} {% if execute %}{{ utils.pivot() }}{% endif %}"}
    parsed = manifest(["macro.shop.cents"], PARSED, **code)
    built = manifest(["macro.shop.cents", "macro.utils.pivot", "macro.dbt.x"], BUILT, **code)
    found = without_builds(built)
    assert found == without_builds(parsed)
    entry = found["nodes"]["model.shop.a"]
    assert entry["depends_on"] == {
        "nodes": ["seed.shop.raw"],
        "macros": ["macro.shop.cents", "macro.utils.pivot"],
    }
    assert (entry["raw_code"], entry["compiled_path"]) == (code["raw_code"], None)
    assert built["nodes"]["model.shop.a"]["compiled"], "the given manifest is not changed"


def test_macros_are_looked_for_as_dbt_does() -> None:
    assert macros_of(raw_code="{{ run_query('x') }}") == ["macro.shop.run_query"]
    assert macros_of(raw_code="{{ dbt.run_query('x') }}") == ["macro.dbt.run_query"]
    assert macros_of(raw_code="{{ cents(1) }}", package_name="utils") == ["macro.utils.cents"]
    assert macros_of(raw_code="{{ pivot() }}") == []  # of another package, so dbt does not find it
    assert macros_of(raw_code="{{ adapter.dispatch('now')() }}") == [
        "macro.dbt.default__now",
        "macro.dbt_postgres.postgres__now",
    ]


def test_hooks_and_arguments_of_tests_count() -> None:
    hooks = {"pre-hook": [{"sql": "{{ utils.grant('x') }}"}], "post-hook": "{{ cents(1) }}"}
    assert macros_of(raw_code="", config=hooks) == ["macro.shop.cents", "macro.utils.grant"]
    kwargs = {"model": "{{ get_where_subquery(ref('a')) }}"}
    assert macros_of(
        raw_code="{{ test_unique(**_dbt_generic_test_kwargs) }}", test_metadata={"kwargs": kwargs}
    ) == ["macro.dbt.get_where_subquery", "macro.dbt.test_unique"]


def test_a_manifest_without_these_parts_is_as_it_was() -> None:
    plain = {"metadata": {}, "nodes": {"seed.shop.raw": {"name": "raw"}}}
    assert without_builds(plain) == plain
