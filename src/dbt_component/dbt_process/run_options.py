"""The options of dbt that a single run may choose, and the commands that accept each of them.

See: https://docs.getdbt.com/reference/commands/build and the pages beside it.
"""

import json
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from dbt_component.dbt_process.arguments import parse_arguments

_BUILDING = frozenset({"build", "run", "seed", "snapshot", "test"})
_REFRESHING = frozenset({"build", "run", "seed", "compile", "clone"})
_MODELS = frozenset({"build", "run"})


class RunOption(msgspec.Struct, frozen=True):
    """An option.

    Args:
        flag: Its name on the command line.
        type: The type of its value: a ``bool`` is a switch.
        meaning: One sentence, for the launchpad.
        commands: The commands that accept it.
        off_flag: What says no to a switch; empty if there is nothing.
    """

    flag: str
    type: type
    meaning: str
    commands: frozenset[str] = _BUILDING
    off_flag: str = ""


RUN_OPTIONS: Mapping[str, RunOption] = {
    "full_refresh": RunOption(
        "--full-refresh",
        bool,
        "Whether incremental models and seeds are built from nothing.",
        _REFRESHING,
    ),
    "vars": RunOption(
        "--vars", dict, "Variables; they win over those in `cli_args` and dbt_project.yml."
    ),
    "threads": RunOption("--threads", int, "How many nodes dbt runs at once."),
    "target": RunOption(
        "--target", str, "Target of the profile, which may be another schema or database."
    ),
    "empty": RunOption(
        "--empty", bool, "Whether models read no rows, to try their SQL.", _MODELS, "--no-empty"
    ),
    "sample": RunOption(
        "--sample", str, 'Time span of the rows to read, such as "3 days" (dbt 1.10).', _MODELS
    ),
    "event_time_start": RunOption(
        "--event-time-start", str, "Start of the microbatches to build (dbt 1.9).", _MODELS
    ),
    "event_time_end": RunOption(
        "--event-time-end", str, "End of the microbatches to build (dbt 1.9).", _MODELS
    ),
    "fail_fast": RunOption(
        "--fail-fast", bool, "Whether dbt stops at the first failure.", off_flag="--no-fail-fast"
    ),
    "store_failures": RunOption(
        "--store-failures",
        bool,
        "Whether rows that fail a test are stored in a table.",
        frozenset({"build", "test"}),
    ),
}
"""The options by their names in run config."""


def with_run_options(argv: Sequence[str], values: Mapping[str, Any]) -> list[str]:
    """A command line with the options that its command accepts. They come last, so they win over the same in ``argv``.

    Args:
        argv: The command line.
        values: Values by the names of ``RUN_OPTIONS``; ``None`` leaves an option alone.

    Raises:
        CliArgsError: ``argv`` can't be parsed.
    """
    arguments = parse_arguments(argv)
    added: list[str] = []
    for name, value in values.items():
        option = RUN_OPTIONS[name]
        if value is None or arguments.command.name not in option.commands:
            continue
        if option.type is bool:
            added += [option.flag] if value else ([option.off_flag] if option.off_flag else [])
        elif option.type is dict:
            if value:
                added += [option.flag, json.dumps({**arguments.vars, **value})]
        else:
            added += [option.flag, str(value)]
    return [*argv, *added]


def with_vars_below(argv: Sequence[str], values: Mapping[str, Any]) -> list[str]:
    """A command line with variables; those that it has already win.

    Args:
        argv: The command line.
        values: Variables by name.

    Raises:
        CliArgsError: ``argv`` can't be parsed.
    """
    arguments = parse_arguments(argv)
    if not values or not arguments.command.runs_selection:
        return list(argv)
    return [*argv, RUN_OPTIONS["vars"].flag, json.dumps({**values, **arguments.vars})]
