"""The table of dbt's environment variables agrees with the installed dbt."""

import dataclasses

import click
from dbt.cli.main import cli
from dbt.contracts.project import ProjectFlags

from dbt_component.dbt_process.variables import (
    VARIABLES,
    Handling,
    compared_variables,
    find_variable,
    in_every_inherited_spelling,
    spellings,
)
from tests.dbt_process.test_commands import dbt_commands


def test_every_variable_that_the_installed_dbt_reads_is_known() -> None:
    known = {spelling for name in VARIABLES for spelling in spellings(name)}
    declared = {
        name
        for _, command in (*dbt_commands(), ("", cli))
        for parameter in command.params
        if isinstance(parameter, click.Option) and parameter.envvar
        for name in ([parameter.envvar] if isinstance(parameter.envvar, str) else parameter.envvar)
    }
    assert "DBT_RESOURCE_TYPES" in declared
    assert declared <= known


def test_no_flag_of_dbt_project_yml_chooses_nodes() -> None:
    """So a step need only read the command line and the environment."""
    flags = {field.name for field in dataclasses.fields(ProjectFlags)}
    choosing = {
        name.removeprefix("DBT_").lower()
        for name, handling in VARIABLES.items()
        if handling is Handling.ARGUMENT
    }
    assert "indirect_selection" in flags
    assert flags.isdisjoint({"select", "exclude", "selector", "target", "profile", *choosing})


def test_the_newer_spelling_wins_where_dbt_reads_it() -> None:
    both = {"DBT_ENGINE_TARGET": "new", "DBT_TARGET": "old"}
    assert find_variable("DBT_TARGET", both) == ("DBT_ENGINE_TARGET", "new")
    assert find_variable("DBT_TARGET", both, core_version=(1, 10)) == ("DBT_TARGET", "old")
    assert find_variable("DBT_TARGET", {"DBT_TARGET": ""}) is None


def test_a_variable_is_set_in_each_spelling_that_is_inherited() -> None:
    values = [("DBT_TARGET_PATH", "here"), ("DBT_LOG_PATH", "there")]
    inherited = {"DBT_ENGINE_TARGET_PATH": "elsewhere"}
    assert in_every_inherited_spelling(values, inherited) == {
        "DBT_TARGET_PATH": "here", "DBT_ENGINE_TARGET_PATH": "here", "DBT_LOG_PATH": "there",
    }  # fmt: skip


def test_a_state_is_compared_by_what_changes_its_contents() -> None:
    assert set(compared_variables()) >= {"DBT_TARGET", "DBT_ENGINE_TARGET", "DBT_PROFILE"}
