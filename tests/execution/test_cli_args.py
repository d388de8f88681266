"""cli_args: every kind of value arrives at dbt as one would write it."""

import datetime
from types import SimpleNamespace
from typing import Any

import pytest
from dagster.components.resolved.scopes import EnvScope

from dbt_component.errors import CliArgsError
from dbt_component.execution.cli_args import (
    refuse_impossible,
    refuse_unknown_names,
    render_cli_args,
    templated_vars,
)
from dbt_component.execution.partition_scope import NoPartition

WINDOW = SimpleNamespace(start=datetime.datetime(2024, 1, 1), end=datetime.datetime(2024, 1, 2))


@pytest.mark.parametrize(
    ("cli_args", "expected"),
    [
        (["build"], ["build"]),
        (["build", "--threads", 4], ["build", "--threads", "4"]),
        (["build", "--threads", "4"], ["build", "--threads", "4"]),
        (["build", "--threads", "{{ 2 + 2 }}"], ["build", "--threads", "4"]),
        (["build", {"--full-refresh": None}], ["build", "--full-refresh"]),
        (["build", {"--full-refresh": True}], ["build", "--full-refresh"]),
        (["build", {"--full-refresh": False}], ["build"]),
        (["build", {"--full-refresh": "{{ config.full }}"}], ["build", "--full-refresh"]),
        (["build", {"--select": ["a", "b"]}], ["build", "--select", "a", "b"]),
        (["build", "--vars", '{"a": 1}'], ["build", "--vars", '{"a": 1}']),
        (["build", {"--vars": {"a": 1, "b": None}}], ["build", "--vars", '{"a": 1, "b": null}']),
        (["build", {"--vars": {"k": "{{ partition_key }}"}}], ["build", "--vars", '{"k": "2024"}']),
        (
            ["build", {"--vars": {"d": "{{ partition_time_window.start.strftime('%Y') }}-x"}}],
            ["build", "--vars", '{"d": "2024-x"}'],
        ),
        (
            ["build", {"--vars": {"d": "{{ partition_time_window.start }}"}}],
            ["build", "--vars", '{"d": "2024-01-01T00:00:00"}'],
        ),
        (["build", {"--threads": 2, "--vars": {"a": "x"}}], ["build", "--threads", "2", "--vars", '{"a": "x"}']),
        (["build", "{{ None }}"], ["build"]),
    ],
)  # fmt: skip
def test_values(cli_args: list[Any], expected: list[str]) -> None:
    scope = {
        "partition_key": "2024",
        "partition_time_window": WINDOW,
        "config": {"full": True},
    }
    assert render_cli_args(cli_args, scope) == expected


def test_what_mentions_a_partition_is_left_out_without_one() -> None:
    scope = {"partition_key": NoPartition(), "partition_time_window": NoPartition()}
    args: list[Any] = [
        "build",
        {"--vars": {"a": "{{ partition_key }}", "b": 1}},
        {"--event-time-start": "{{ partition_time_window.start.strftime('%Y-%m-%d') }}"},
        "--target-{{ partition_key }}",
    ]
    assert render_cli_args(args, scope) == ["build", "--vars", '{"b": 1}']
    only_partitions: list[Any] = ["build", {"--vars": {"a": "x{{ partition_key }}"}}]
    assert render_cli_args(only_partitions, scope) == ["build"]


@pytest.mark.parametrize(
    ("template", "expected"),
    [
        ("{{ partition_range_start }}", "partition_range_start"),
        ("{{ 1 / 0 }}", "ZeroDivisionError"),
        ("{{ oops", "Malformed"),
    ],
)
def test_a_bad_template_names_itself_and_its_place(template: str, expected: str) -> None:
    with pytest.raises(CliArgsError) as caught:
        render_cli_args(["build", {"--vars": {"a": template}}], {"partition_key": "x"})
    assert expected in str(caught.value)
    assert "cli_args[1].--vars.a" in str(caught.value)


def test_variables_that_differ_from_run_to_run_are_found() -> None:
    args: list[Any] = [
        "build",
        {"--vars": {"day": "{{ partition_key }}", "fixed": "x"}},
        {"--threads": "{{ 1 }}"},
    ]
    assert templated_vars(args) == ["day"]


@pytest.mark.parametrize(
    "cli_args",
    [
        ["build"],
        ["docs", "generate"],
        ["docs", "{{ config.command }}"],
        ["{{ config.command }}", "--full-refresh"],
        ["--quiet", "{{ defer_args }}", "build"],
        ["build", "--select", "{{ config.select }}", {"--vars": {"a": "{{ partition_key }}"}}],
        [
            "build",
            {"--full-refresh": None, "--threads": 4, "--exclude": ["a", "b"], "--debug": False},
        ],
        ["build", "--vars", "{a: b c}", "-x"],
        [{"--log-level": "debug"}, "build"],
    ],
)
def test_arguments_that_may_be_right_are_accepted(cli_args: list[Any]) -> None:
    refuse_impossible(cli_args, may_have_other_options=False)


@pytest.mark.parametrize(
    ("cli_args", "key", "message"),
    [
        ({"build": None}, "cli_args", "must be a list"),
        (["docs"], "cli_args[0]", "'docs'"),
        (["build", {"--varz": {}}], "cli_args[1]", "'--varz'"),
        (["build", "--select"], "cli_args[1]", "needs a value"),
        (["build", "--full-refresh --debug"], "cli_args[1]", "is one item"),
        (["build", "--vars", "[1]"], "cli_args[1]", "'--vars' must be a mapping"),
        (["build", "--profiles-dir=x"], "cli_args[1]", "set `project.profiles_dir` instead"),
    ],
)
def test_arguments_that_fail_in_every_run_are_refused(
    cli_args: Any, key: str, message: str
) -> None:
    with pytest.raises(CliArgsError) as caught:
        refuse_impossible(cli_args, may_have_other_options=False)
    assert message in str(caught.value)
    assert caught.value.key == key


def test_another_dbt_may_have_other_options() -> None:
    refuse_impossible(["build", "--new-in-dbt-2"], may_have_other_options=True)
    with pytest.raises(CliArgsError, match="no option '--new-in-dbt-2'"):
        refuse_impossible(["build", "--new-in-dbt-2"], may_have_other_options=False)


def test_unknown_names_are_refused_with_a_close_one() -> None:
    args: list[Any] = ["build", {"--vars": {"a": "{{ partition_ky }}", "b": "{{ range(3) }}"}}]
    with pytest.raises(CliArgsError, match="Did you mean 'partition_key'") as caught:
        refuse_unknown_names(args, {"partition_key", "context"})
    assert caught.value.key == "cli_args[1]"
    refuse_unknown_names(args, {"partition_ky"})


@pytest.mark.parametrize(
    "item",
    [
        {"--full-refresh": "{{ env.REFRESH }}"},
        {"--vars": {"day": "{{ env.REFRESH }}"}},
        "--target={{ env.REFRESH }}",
        "{{ env.REFRESH }}",
    ],
)
def test_a_variable_that_is_not_set_is_named_and_passes_no_flag(
    item: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    scope = {"env": EnvScope()}
    monkeypatch.delenv("REFRESH", raising=False)
    with pytest.raises(CliArgsError, match="environment variable 'REFRESH' is not set"):
        render_cli_args(["build", item], scope)
    monkeypatch.setenv("REFRESH", "dev")
    assert "dev" in "".join(render_cli_args(["build", item], scope))
    monkeypatch.delenv("REFRESH")
    choice = "{{ '--full-refresh' if env.REFRESH else none }}"
    assert render_cli_args(["build", choice], scope) == ["build"]
