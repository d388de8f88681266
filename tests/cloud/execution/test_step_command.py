"""The text of a step gives the same arguments again."""

import json
import shlex

import pytest

from dbt_component.cloud.execution.step_command import step_command
from dbt_component.errors import CliArgsError


@pytest.mark.parametrize(
    "argv",
    [
        ["build", "--select", "fqn:a.b", "fqn:c", "--indirect-selection", "empty"],
        [
            "build",
            "--select",
            "tag:it's",
            "path:models/with space",
            '"quoted"',
            "a\\b",
            "$HOME",
            "`x`",
        ],
        ["--no-use-colors", "run", "--select", "fqn:*", "--exclude", "fqn:a?b,resource_type:model"],
        ["run-operation", "grant", "--args", '{"role": "o\'neil", "x": ""}', ""],
    ],
)
def test_a_parser_of_shell_words_gives_the_same_arguments(argv: list[str]) -> None:
    text = step_command(argv)
    assert shlex.split(text) == ["dbt", *argv]
    assert "\n" not in text


def test_each_option_is_a_word_of_its_own() -> None:
    text = step_command(["build", "--indirect-selection", "empty"])
    assert text == "dbt build --indirect-selection empty"


def test_variables_are_written_in_one_line() -> None:
    text = step_command(["build", "--vars", "day: '2024-01-01'\nnote: |\n  two\n  lines\n", "-x"])
    assert "\n" not in text
    words = shlex.split(text)
    assert json.loads(words[3]) == {"day": "2024-01-01", "note": "two\nlines\n"}
    assert [words[:3], words[4:]] == [["dbt", "build", "--vars"], ["-x"]]


def test_other_arguments_of_several_lines_are_refused() -> None:
    with pytest.raises(CliArgsError, match="several lines"):
        step_command(["show", "--inline", "select 1\nunion all select 2"])


@pytest.mark.parametrize("option", ["--no-write-json", "--target-path=x", "--project-dir"])
def test_options_that_break_the_step_are_refused_with_the_reason(option: str) -> None:
    with pytest.raises(CliArgsError, match=option.partition("=")[0]):
        step_command(["build", option])
