"""dbt's arguments taken apart."""

import pytest

from dbt_component.dbt_process.arguments import parse_arguments
from dbt_component.errors import CliArgsError, SelectionError
from dbt_component.selection.criteria import SelectionCriteria


def test_selection_flags_keep_all_their_values() -> None:
    parsed = parse_arguments(
        [
            "--debug",
            "build",
            "--select",
            "a",
            "b",
            "-s",
            "c",
            "--exclude=d",
            "--fail-fast",
            "--vars",
            "{x: 1}",
        ]
    )
    assert parsed.command == "build"
    assert parsed.select == ["a", "b", "c"]
    assert parsed.exclude == ["d"]
    assert parsed.argv == ["--debug", "build", "--fail-fast", "--vars", "{x: 1}"]
    assert parsed.vars == {"x": 1}


@pytest.mark.parametrize(
    ("args", "types"),
    [
        (["run"], {"model"}),
        (["test"], {"test", "unit_test"}),
        (["build", "--exclude-resource-type", "unit_test"], {"model", "seed", "snapshot", "test"}),
        (["build", "--resource-type", "seed"], {"seed"}),
    ],
)
def test_a_command_reports_on_its_resource_types(args: list[str], types: set[str]) -> None:
    assert parse_arguments(args).resource_types == types


@pytest.mark.parametrize(
    ("args", "expected"),
    [
        ([], "No dbt command"),
        (["--threads", "4"], "No dbt command"),
        (["build", "--target-path", "x"], "--target-path"),
        (["build", "--project-dir=x"], "--project-dir"),
        (["build", "--select"], "needs a value"),
        (["build", "--vars", "[1"], "neither JSON nor YAML"),
        (["build", "--vars", "just text"], "must be a mapping"),
    ],
)
def test_arguments_that_can_not_be_sent_are_refused(args: list[str], expected: str) -> None:
    with pytest.raises(CliArgsError, match=expected.replace("-", r"\-")):
        parse_arguments(args)


def test_a_selector_stands_alone() -> None:
    with pytest.raises(SelectionError, match="can't be combined"):
        SelectionCriteria(select="a", selector="b")
    assert SelectionCriteria(selector="b").is_everything is False
    assert SelectionCriteria(select="").is_everything is True
