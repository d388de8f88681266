"""The table of dbt's commands agrees with the installed dbt."""

from collections.abc import Iterator

import click
import pytest
from dbt.cli.main import cli

from dbt_component.dbt_process.commands import COMMANDS, find_command
from dbt_component.errors import CliArgsError


def dbt_commands(group: click.Group = cli, prefix: str = "") -> Iterator[tuple[str, click.Command]]:
    """Every command of the installed dbt, by its one or two words."""
    for name, command in group.commands.items():
        if isinstance(command, click.Group):
            yield from dbt_commands(command, f"{prefix}{name} ")
        else:
            yield prefix + name, command


def test_every_command_of_the_installed_dbt_is_in_the_table() -> None:
    assert {name for name, _ in dbt_commands()} <= COMMANDS.keys()


@pytest.mark.parametrize(("name", "declared"), dbt_commands())
def test_a_command_takes_a_selection_if_dbt_declares_one(
    name: str, declared: click.Command
) -> None:
    has_select = any("--select" in parameter.opts for parameter in declared.params)
    assert COMMANDS[name].takes_selection is has_select


@pytest.mark.parametrize(("name", "declared"), dbt_commands())
def test_a_command_takes_resource_types_if_dbt_declares_them(
    name: str, declared: click.Command
) -> None:
    has_types = any("--resource-type" in parameter.opts for parameter in declared.params)
    assert (COMMANDS[name].resource_types_since is not None) is has_types


@pytest.mark.parametrize(
    ("words", "name", "builds", "reports_on_models"),
    [
        (["build"], "build", True, True),
        (["run"], "run", True, True),
        (["clone"], "clone", True, True),
        (["compile"], "compile", False, True),
        (["docs", "generate"], "docs generate", False, True),
        (["source", "freshness"], "source freshness", False, False),
        (["source", "snapshot-freshness"], "source freshness", False, False),
        (["ls"], "list", False, False),
        (["list"], "list", False, False),
        (["run-operation"], "run-operation", False, False),
    ],
)
def test_a_command_is_found_by_its_words(
    words: list[str], name: str, builds: bool, reports_on_models: bool
) -> None:
    command = find_command(words)
    assert (command.name, command.builds) == (name, builds)
    assert ("model" in command.reports_on) is reports_on_models


@pytest.mark.parametrize(
    ("words", "hint"),
    [
        (["biuld"], "Did you mean `build`?"),
        (["source", "fresh"], "Did you mean `source freshness`?"),
        (["docs"], "`docs` must be followed by one of generate, serve."),
        (["zzz"], "dbt's commands are build, "),
    ],
)
def test_the_error_for_an_unknown_command_suggests_a_valid_one(words: list[str], hint: str) -> None:
    with pytest.raises(CliArgsError) as caught:
        find_command(words)
    assert f"dbt has no command {' '.join(words)!r}" in str(caught.value)
    assert hint in str(caught.value)
