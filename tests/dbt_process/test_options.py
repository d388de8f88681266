"""The table of dbt's options agrees with the installed dbt."""

from collections.abc import Iterator

import click
import pytest
from dbt.cli.main import cli
from dbt.cli.options import MultiOption

from dbt_component.dbt_process.options import RESOURCE_TYPES, Arity, find_option
from tests.dbt_process.test_commands import dbt_commands


def declared_options() -> Iterator[tuple[str | None, str, Arity]]:
    """Command, name and arity of every option of the installed dbt."""
    for command, declared in (*dbt_commands(), (None, cli)):
        for parameter in declared.params:
            if isinstance(parameter, click.Option):
                for name in (*parameter.opts, *parameter.secondary_opts):
                    yield command, name, arity_of(parameter)


def arity_of(option: click.Option) -> Arity:
    if isinstance(option, MultiOption):
        return Arity.MANY
    return Arity.NONE if option.is_flag else Arity.ONE


def test_every_option_of_the_installed_dbt_is_known_with_its_arity() -> None:
    different = {
        (command, name): (arity, known.arity if known is not None else None)
        for command, name, arity in declared_options()
        if (known := find_option(name, command=command)) is None or known.arity is not arity
    }
    assert different == {}


def test_every_resource_type_of_the_installed_dbt_is_known() -> None:
    declared = {
        choice
        for _, command in dbt_commands()
        for parameter in command.params
        if "--resource-type" in parameter.opts and isinstance(parameter.type, click.Choice)
        for choice in parameter.type.choices
    }
    assert declared and declared <= RESOURCE_TYPES


@pytest.mark.parametrize(
    ("alias", "name"),
    [
        ("-s", "--select"),
        ("--models", "--select"),
        ("--resource-types", "--resource-type"),
        ("-t", "--target"),
        ("-h", "--help"),
    ],
)
def test_an_alias_leads_to_the_option(alias: str, name: str) -> None:
    option = find_option(alias, command="build")
    assert option is not None and option.name == name


def test_a_name_may_have_another_meaning_in_one_command() -> None:
    option = find_option("-s", command="init")
    assert option is not None and option.arity is Arity.NONE
