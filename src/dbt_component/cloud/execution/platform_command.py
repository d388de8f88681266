"""``PlatformCommand``: how one dbt command will run on the platform, as steps of a run."""

import shlex
from collections.abc import Sequence, Set
from dataclasses import dataclass, field

import msgspec

from dbt_component.cloud.execution.exact_selection import OwnSelection, select_exactly
from dbt_component.cloud.execution.step_command import step_command
from dbt_component.dbt_process.arguments import (
    DbtArguments,
    as_test,
    command_words,
    parse_arguments,
    refuse_step_flags,
)
from dbt_component.dbt_process.commands import find_command
from dbt_component.dbt_process.hidden_values import shown_argv
from dbt_component.definitions.listing import listed
from dbt_component.definitions.ruled_tests import RuledTests
from dbt_component.errors import CliArgsError, EngineError
from dbt_component.execution.plan import expected_nodes
from dbt_component.manifest.index import ManifestIndex
from dbt_component.project.prepared import PreparedProject
from dbt_component.selection.criteria import SelectionCriteria
from dbt_component.selection.state_methods import compared_files


@dataclass(frozen=True)
class PlatformCommand:
    """One dbt command, as steps of a run on the platform.

    Args:
        arguments: The command line as it was given.
        steps: The texts of the steps. There are two if `dbt build` leaves out unit tests, which it runs with their model
            only; none if there is nothing to run.
        expected: Unique ids that must report; empty for a command that chooses its nodes itself.
    """

    arguments: DbtArguments
    steps: tuple[str, ...]
    expected: frozenset[str] = field(default=frozenset())

    @property
    def dbt_command(self) -> str:
        """The command as text, for messages, without its selection. Values from the environment are masked."""
        return " ".join(["dbt", *shown_argv(self.arguments.argv)])

    @property
    def command_names(self) -> frozenset[str]:
        """Names of the commands of the steps, with their aliases."""
        words = (command_words(shlex.split(step)[1:]) for step in self.steps)
        return frozenset(name for found in words for name in find_command(found).names)


def command_as_given(argv: Sequence[str]) -> PlatformCommand:
    """A command that chooses its nodes itself.

    Raises:
        CliArgsError: The arguments are no command of dbt, or can't be sent to the platform.
    """
    return PlatformCommand(arguments=parse_arguments(argv), steps=(step_command(argv),))


def command_of_step(
    prepared: PreparedProject,
    argv: Sequence[str],
    *,
    wanted: frozenset[str],
    tests: RuledTests,
    own: OwnSelection | None = None,
) -> PlatformCommand:
    """A command over the nodes that Dagster chose.

    Args:
        prepared: What is known of the project.
        argv: The dbt command; its own selection narrows ``wanted``.
        wanted: Unique ids that Dagster chose.
        tests: What rules say about tests.
        own: The selection of the definitions.

    Raises:
        CliArgsError: The arguments are no command of dbt, or can't be sent to the platform.
        SelectionError: dbt does not accept the selection, or no arguments select exactly these nodes.
        EngineError: Rules change tests, which the platform's dbt can't be told.
    """
    refuse_step_flags(argv)
    arguments = parse_arguments(argv)
    index = prepared.manifest.index
    if arguments.has_selection:
        wanted &= prepared.select(_criteria_of(arguments))
    expected = expected_nodes(index, arguments, wanted)
    _refuse_rules(expected & (tests.severities.keys() | tests.passing_on))
    alone = _unit_tests_without_model(index, arguments, expected)
    steps: list[str] = []
    if expected - alone:
        steps.append(_step(index, arguments, arguments.argv, expected - alone, own))
    if alone:
        as_tests = as_test(arguments.argv)
        steps.append(_step(index, parse_arguments(as_tests), as_tests, alone, None))
    return PlatformCommand(arguments, tuple(steps), expected)


def _criteria_of(arguments: DbtArguments) -> SelectionCriteria:
    criteria = SelectionCriteria(
        select=" ".join(arguments.select) or SelectionCriteria().select,
        exclude=" ".join(arguments.exclude),
        selector=arguments.selector,
    )
    if compared_files(criteria):
        raise CliArgsError(
            f"{str(criteria)!r} compares with the artifacts of another run, which are not on this machine.",
            key="cli_args",
            hint="Remove that selection; Dagster's own selection says what runs.",
        )
    return criteria


def _step(
    index: ManifestIndex,
    arguments: DbtArguments,
    argv: Sequence[str],
    chosen: Set[str],
    own: OwnSelection | None,
) -> str:
    command = msgspec.structs.replace(arguments.command, reports_on=arguments.resource_types)
    return step_command([*argv, *select_exactly(index, chosen, command, own=own)])


def _unit_tests_without_model(
    index: ManifestIndex, arguments: DbtArguments, expected: frozenset[str]
) -> frozenset[str]:
    """Unit tests that `dbt build` would leave out, since it runs them with their model only."""
    if arguments.command.name != "build":
        return frozenset()
    return frozenset(
        unique_id
        for unique_id in expected
        if (test := index.test_by_id.get(unique_id)) is not None
        and test.is_unit_test
        and expected.isdisjoint(test.depends_on[:1])
    )


def _refuse_rules(changed: Set[str]) -> None:
    if changed:
        raise EngineError(
            f"Check rules set the severity of tests, or that they do not block: {listed(sorted(changed))}. The dbt of the"
            " dbt platform takes that from the project alone.",
            hint="Configure the tests in the dbt project instead, or remove the rules.",
        )
