"""cli_args: every kind of value arrives at dbt as one would write it."""

import datetime
from types import SimpleNamespace
from typing import Any

import pytest

from dbt_component.errors import CliArgsError
from dbt_component.execution.cli_args import render_cli_args, templated_vars
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
