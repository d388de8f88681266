"""Every dbt command of dbt 1.8 to 1.11, and what may be expected of one.

What the table states was found by running each command with each of these versions.

See: https://docs.getdbt.com/reference/dbt-commands
"""

import difflib
from collections.abc import Sequence

import msgspec

from dbt_component.errors import CliArgsError


class DbtCommand(msgspec.Struct, frozen=True):
    """One dbt command.

    Args:
        name: The words after ``dbt``, for example ``source freshness``.
        reports_on: Resource types of which every selected node ends with an event (``NodeFinished``).
        builds: Whether the success of a model, seed or snapshot means that its relation was made.
        tests: Whether the end of a test means that it was evaluated.
        takes_selection: Whether there are ``--select`` and ``--exclude``.
        runs_selection: Whether a step of Dagster's runs it over exactly the nodes that it selected; other
            commands run as they are given.
        is_topological: Whether every node ends after the nodes that it depends on.
    """

    name: str
    reports_on: frozenset[str] = frozenset()
    builds: bool = False
    tests: bool = False
    takes_selection: bool = False
    runs_selection: bool = False
    is_topological: bool = True


_TESTS = frozenset({"test", "unit_test"})
_RELATIONS = frozenset({"model", "seed", "snapshot"})
# Unit tests have no code of their own to compile.
_COMPILED = _RELATIONS | {"analysis", "function", "test"}
# Exposures are missing on purpose: dbt reports on them since 1.10 only.
_BUILT = _RELATIONS | _TESTS | {"function", "saved_query"}


def _on_nodes(name: str, reports_on: frozenset[str], **fields: bool) -> DbtCommand:
    return DbtCommand(name, reports_on, takes_selection=True, **fields)


def _on_selection(name: str, reports_on: frozenset[str], **fields: bool) -> DbtCommand:
    return _on_nodes(name, reports_on, runs_selection=True, **fields)


_COMMANDS = (
    _on_selection("build", _BUILT, builds=True, tests=True),
    _on_selection("run", frozenset({"model"}), builds=True),
    _on_selection("seed", frozenset({"seed"}), builds=True),
    _on_selection("snapshot", frozenset({"snapshot"}), builds=True),
    _on_selection("clone", _RELATIONS, builds=True, is_topological=False),
    _on_selection("test", _TESTS, tests=True),
    _on_selection("compile", _COMPILED),
    _on_nodes("docs generate", _COMPILED),
    _on_nodes("show", _COMPILED),
    _on_nodes("source freshness", frozenset({"source"})),
    _on_nodes("list", frozenset()),
    # Repeats what failed of another command, so nothing can be expected of it beforehand.
    DbtCommand("retry"),
    DbtCommand("run-operation"),
    DbtCommand("parse"),
    DbtCommand("deps"),
    DbtCommand("debug"),
    DbtCommand("clean"),
    DbtCommand("init"),
    DbtCommand("docs serve"),
)
_ALIASES = {"ls": "list", "source snapshot-freshness": "source freshness"}

COMMANDS = {command.name: command for command in _COMMANDS}
"""Every command by its name and by its aliases."""
COMMANDS.update({alias: COMMANDS[name] for alias, name in _ALIASES.items()})

GROUPS = frozenset(name.split()[0] for name in COMMANDS if " " in name)
"""First words of the commands that have two."""


def find_command(words: Sequence[str]) -> DbtCommand:
    """Looks up a command.

    Args:
        words: The one or two words of the command. ``docs`` and ``source`` need the second one.

    Raises:
        CliArgsError: dbt has no such command.
    """
    name = " ".join(words)
    command = COMMANDS.get(name)
    if command is not None:
        return command
    seconds = [known.partition(" ")[2] for known in COMMANDS if known.startswith(f"{name} ")]
    if seconds:
        hint = f"`{name}` is followed by one of {', '.join(sorted(seconds))}."
    elif close := difflib.get_close_matches(name, COMMANDS, n=1):
        hint = f"Did you mean `{close[0]}`?"
    else:
        hint = f"dbt's commands are {', '.join(sorted(COMMANDS))}."
    raise CliArgsError(f"dbt has no command {name!r}.", where="cli_args", hint=hint)
