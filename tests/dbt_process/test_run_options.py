"""Options of a run: which commands get them, and that dbt knows them."""

from typing import Any

import pytest
from dbt.cli.main import cli

from dbt_component.dbt_process.run_options import RUN_OPTIONS, with_run_options


@pytest.mark.parametrize(
    ("argv", "values", "expected"),
    [
        (["build"], {"full_refresh": True}, ["build", "--full-refresh"]),
        (["build"], {"full_refresh": False, "threads": None, "vars": {}}, ["build"]),
        (["test"], {"full_refresh": True, "threads": 3}, ["test", "--threads", "3"]),
        (["docs", "generate"], {"full_refresh": True, "threads": 3}, ["docs", "generate"]),
        (["run"], {"empty": False, "fail_fast": True}, ["run", "--no-empty", "--fail-fast"]),
        (["build"], {"sample": "3 days"}, ["build", "--sample", "3 days"]),
        (
            ["build", "--vars", "{a: 1, b: 1}"],
            {"vars": {"b": 2}},
            ["build", "--vars", "{a: 1, b: 1}", "--vars", '{"a": 1, "b": 2}'],
        ),
    ],
)
def test_options_are_added_where_the_command_accepts_them(
    argv: list[str], values: dict[str, Any], expected: list[str]
) -> None:
    assert with_run_options(argv, values) == expected


@pytest.mark.parametrize("name", RUN_OPTIONS)
def test_dbt_accepts_each_option_for_these_commands(name: str) -> None:
    option = RUN_OPTIONS[name]
    flags = {
        command: {
            text for p in cli.commands[command].params for text in (*p.opts, *p.secondary_opts)
        }
        for command in option.commands
    }
    for command, known in flags.items():
        if (
            name == "store_failures" and command == "build"
        ):  # dbt takes it without listing it in every version
            continue
        assert option.flag in known, command
        assert not option.off_flag or option.off_flag in known, command
