"""One list of settings decides what is unchanged."""

from typing import Any

import pytest

from dbt_component.dbt_process.engine import Engine
from dbt_component.manifest.origin import Origin
from dbt_component.project.prepared_settings import prepared_settings, unequal_settings

ENGINE = Engine(python="python", versions={"dbt-core": "1.9.0", "dbt-duckdb": "1.9.1"})
PLAIN: dict[str, Any] = {"profile": None, "target": None}


def test_what_is_not_given_is_not_compared() -> None:
    assert prepared_settings(ENGINE, **PLAIN) == {
        "profile": "",
        "target": "",
        "dbt-core": "1.9.0",
        "dbt-duckdb": "1.9.1",
    }


def test_an_origin_gives_its_commit_and_only_set_settings() -> None:
    without = prepared_settings(ENGINE, **PLAIN, origin=Origin(repository="r", commit="c"))
    assert without["commit"] == "c" and "git" not in without
    with_settings = Origin(repository="r", commit="c", settings="{}")
    assert prepared_settings(ENGINE, **PLAIN, origin=with_settings)["git"] == "{}"


@pytest.mark.parametrize(
    "args", [["parse", "--vars", "{key: hunter2}"], ["parse", '--vars={"key": "hunter2"}']]
)
def test_values_of_variables_in_the_command_are_hashed(args: list[str]) -> None:
    text = prepared_settings(ENGINE, **PLAIN, prepare_args=args, salt="a")[
        "prepare_project_cli_args"
    ]
    assert "key" in text and "hunter2" not in text
    other = prepared_settings(ENGINE, **PLAIN, prepare_args=[*args[:-1], "x"], salt="a")
    assert other["prepare_project_cli_args"] != text


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ({"profile": "other"}, "profile: '' -> 'other'"),
        ({"target": "prod"}, "target: '' -> 'prod'"),
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
