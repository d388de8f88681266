"""Every command of dbt 1.8 to 1.11, with the events and effects to expect of it.

The table was established by running each command with each of these versions.

See: https://docs.getdbt.com/reference/dbt-commands
"""

import difflib
from collections.abc import Sequence
from typing import Any

import msgspec

from dbt_component.errors import CliArgsError


class DbtCommand(msgspec.Struct, frozen=True):
    """One dbt command.

    Args:
        name: The words after ``dbt``, for example ``source freshness``.
        reports_on: Resource types for which every selected node ends with an event (``NodeFinished``).
        builds: Whether success of a model, seed or snapshot means that its relation was created.
        tests: Whether the end of a test means that it was evaluated.
        takes_selection: Whether it accepts ``--select`` and ``--exclude``.
        runs_selection: Whether a Dagster step runs it over exactly the nodes that the step selected;
            other commands run as given.
        is_topological: Whether every node ends after the nodes it depends on.
        resource_types_since: The first dbt in which the command takes ``--resource-type``; ``None`` if none does.
    """

    name: str
    reports_on: frozenset[str] = frozenset()
    builds: bool = False
    tests: bool = False
    takes_selection: bool = False
    runs_selection: bool = False
    is_topological: bool = True
    resource_types_since: tuple[int, int] | None = None

    @property
    def names(self) -> list[str]:
        """The name and its aliases."""
        return [name for name, command in COMMANDS.items() if command == self]

    @property
    def can_defer(self) -> bool:
        """Whether ``--defer`` changes what it does: it compiles nodes or hooks."""
        return self.takes_selection and self.name != "list"


_TESTS = frozenset({"test", "unit_test"})
_RELATIONS = frozenset({"model", "seed", "snapshot"})
# Unit tests have no code of their own to compile.
_COMPILED = _RELATIONS | {"analysis", "function", "test"}
# Exposures are left out on purpose: dbt reports on them only since 1.10.
_BUILT = _RELATIONS | _TESTS | {"function", "saved_query"}


def _on_nodes(name: str, reports_on: frozenset[str], **fields: Any) -> DbtCommand:
    return DbtCommand(name, reports_on, takes_selection=True, **fields)


def _on_selection(name: str, reports_on: frozenset[str], **fields: Any) -> DbtCommand:
    return _on_nodes(name, reports_on, runs_selection=True, **fields)


_COMMANDS = (
    _on_selection("build", _BUILT, builds=True, tests=True, resource_types_since=(1, 8)),
    _on_selection("run", frozenset({"model"}), builds=True),
    _on_selection("seed", frozenset({"seed"}), builds=True),
    _on_selection("snapshot", frozenset({"snapshot"}), builds=True),
    _on_selection(
        "clone", _RELATIONS, builds=True, is_topological=False, resource_types_since=(1, 8)
    ),
    _on_selection("test", _TESTS, tests=True, resource_types_since=(1, 9)),
    _on_selection("compile", _COMPILED),
    _on_nodes("docs generate", _COMPILED),
    _on_nodes("show", _COMPILED),
    _on_nodes("source freshness", frozenset({"source"})),
    _on_nodes("list", frozenset(), resource_types_since=(1, 8)),
    # Repeats the failed nodes of an earlier command, so nothing is known in advance.
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
"""Every command, by its name and its aliases."""
COMMANDS.update({alias: COMMANDS[name] for alias, name in _ALIASES.items()})

GROUPS = frozenset(name.split()[0] for name in COMMANDS if " " in name)
"""First words of two-word commands."""


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
        hint = f"`{name}` must be followed by one of {', '.join(sorted(seconds))}."
    elif close := difflib.get_close_matches(name, COMMANDS, n=1):
        hint = f"Did you mean `{close[0]}`?"
    else:
        hint = f"dbt's commands are {', '.join(sorted(COMMANDS))}."
    raise CliArgsError(f"dbt has no command {name!r}.", key="cli_args", hint=hint)
