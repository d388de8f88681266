"""One list of settings decides what is unchanged."""

from typing import Any

import pytest

from dbt_component.dbt_process.engine import Engine
from dbt_component.manifest.origin import Origin
from dbt_component.project.prepared_settings import prepared_settings, unequal_settings

ENGINE = Engine(python="python", versions={"dbt-core": "1.9.0", "dbt-duckdb": "1.9.1"})
PLAIN: dict[str, Any] = {"profile": None, "target": None, "vars": {}}


def test_what_is_not_given_is_not_compared() -> None:
    assert prepared_settings(ENGINE, **PLAIN) == {
        "profile": "",
        "target": "",
        "vars": "{}",
        "dbt-core": "1.9.0",
        "dbt-duckdb": "1.9.1",
    }


def test_an_origin_gives_its_commit_and_only_set_settings() -> None:
    without = prepared_settings(ENGINE, **PLAIN, origin=Origin(repository="r", commit="c"))
    assert without["commit"] == "c" and "git" not in without
    with_settings = Origin(repository="r", commit="c", settings="{}")
    assert prepared_settings(ENGINE, **PLAIN, origin=with_settings)["git"] == "{}"


def test_variables_are_equal_in_any_order_and_of_any_type() -> None:
    first = prepared_settings(ENGINE, profile=None, target=None, vars={"a": 1, "b": {1, 2} - {2}})
    second = prepared_settings(ENGINE, profile=None, target=None, vars={"b": {1}, "a": 1})
    assert first == second


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ({"profile": "other"}, "profile: '' -> 'other'"),
        ({"target": "prod"}, "target: '' -> 'prod'"),
        ({"vars": {"a": 1}}, "vars: '{}' -> '{\"a\": 1}'"),
        ({"profiles_hash": "2"}, "profiles.yml differs"),
        ({"package_version": "9"}, "dbt-component: '1' -> '9'"),
        (
            {"prepare_args": ["compile"]},
            "prepare_project_cli_args: '[\"parse\"]' -> '[\"compile\"]'",
        ),
        ({"profiles_hash": None}, None),
    ],
)
def test_a_difference_is_named(changed: dict[str, Any], expected: str | None) -> None:
    given = {**PLAIN, "profiles_hash": "1", "package_version": "1", "prepare_args": ["parse"]}
    recorded = prepared_settings(ENGINE, **given)
    current = prepared_settings(ENGINE, **{**given, **changed})
    assert unequal_settings(recorded, current) == ([expected] if expected else [])


def test_a_new_distribution_of_dbt_is_a_difference() -> None:
    recorded = prepared_settings(ENGINE, **PLAIN)
    newer = Engine(python="python", versions={**ENGINE.versions, "dbt-postgres": "1.9.0"})
    assert unequal_settings(recorded, prepared_settings(newer, **PLAIN)) == [
        "dbt-postgres: None -> '1.9.0'"
    ]
