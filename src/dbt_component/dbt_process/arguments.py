"""dbt command-line arguments, taken apart: command, selection, and what changes how dbt parses."""

import json
from collections.abc import Sequence
from typing import Any

import msgspec
import yaml

from dbt_component.errors import CliArgsError

_SELECTION_FLAGS = {
    "--select": "select",
    "-s": "select",
    "--models": "select",
    "-m": "select",
    "--model": "select",
    "--exclude": "exclude",
    "--selector": "selector",
}
_RUNNABLE_TYPES: dict[str, frozenset[str]] = {
    "build": frozenset({"model", "seed", "snapshot", "test", "unit_test"}),
    "run": frozenset({"model"}),
    "seed": frozenset({"seed"}),
    "snapshot": frozenset({"snapshot"}),
    "test": frozenset({"test", "unit_test"}),
    "compile": frozenset(),
    "clone": frozenset(),
}
_PARSE_FLAGS = frozenset({"--vars", "--profile", "--target", "-t"})
_FORBIDDEN = {
    "--project-dir": "set `project` instead",
    "--profiles-dir": "set `project.profiles_dir` instead",
    "--target-path": "each run has a target folder of its own",
    "--log-path": "each run has a log folder of its own",
    "--log-format": "events do not come from the log; the log stays text for people",
    "--indirect-selection": "runs name every node and test exactly",
    "--partial-parse-file-path": "the parse cache comes from the component's state",
}


class DbtArguments(msgspec.Struct, frozen=True):
    """Arguments without their selection.

    ``argv`` is the command and its other arguments, in order. ``resource_types`` are those that the
    command reports on; ``None`` if it is not known (all are possible). ``parse_overrides`` are the
    arguments that make dbt read the project differently from how the state was prepared.
    """

    command: str
    argv: list[str]
    select: list[str] = []
    exclude: list[str] = []
    selector: str = ""
    vars: dict[str, Any] = {}
    profile: str | None = None
    target: str | None = None
    resource_types: frozenset[str] = frozenset()

    @property
    def has_selection(self) -> bool:
        return bool(self.select or self.exclude or self.selector)


def parse_arguments(args: Sequence[str]) -> DbtArguments:
    """Takes dbt arguments apart.

    Selection flags may be repeated and take several values, as in dbt; all are kept.

    Raises:
        CliArgsError: There is no command to run nodes with, or a flag that a run must not change.
    """
    argv: list[str] = []
    found: dict[str, list[str]] = {"select": [], "exclude": [], "selector": []}
    values: dict[str, list[str]] = {
        "--vars": [],
        "--profile": [],
        "--target": [],
        "-t": [],
        "--resource-type": [],
        "--resource-types": [],
        "--exclude-resource-type": [],
        "--exclude-resource-types": [],
    }
    position = 0
    while position < len(args):
        token = args[position]
        flag, has_value, value = token.partition("=") if token.startswith("-") else (token, "", "")
        if flag in _FORBIDDEN:
            raise CliArgsError(
                f"cli_args must not hold {flag!r}: {_FORBIDDEN[flag]}.", where="cli_args"
            )
        if flag in _SELECTION_FLAGS:
            taken = [value] if has_value else list(_values_after(args, position))
            if not taken:
                raise CliArgsError(f"{flag!r} needs a value.", where="cli_args")
            found[_SELECTION_FLAGS[flag]].extend(taken)
            position += 1 if has_value else 1 + len(taken)
            continue
        if flag in values:
            if has_value:
                values[flag].append(value)
            elif position + 1 < len(args):
                values[flag].append(args[position + 1])
        argv.append(token)
        position += 1
    command = next((token for token in argv if token in _RUNNABLE_TYPES), None)
    if command is None:
        raise CliArgsError(
            f"No dbt command in cli_args: {list(args)!r}.",
            where="cli_args",
            hint=f"Begin with one of {', '.join(sorted(_RUNNABLE_TYPES))}.",
        )
    types = _RUNNABLE_TYPES[command]
    only = {t for f in ("--resource-type", "--resource-types") for t in values[f]}
    without = {
        t for f in ("--exclude-resource-type", "--exclude-resource-types") for t in values[f]
    }
    if only and "all" not in only:
        types = types & only
    return DbtArguments(
        command=command,
        argv=argv,
        select=found["select"],
        exclude=found["exclude"],
        selector=" ".join(found["selector"]),
        vars=_parse_vars(values["--vars"]),
        profile=_last(values["--profile"]),
        target=_last([*values["-t"], *values["--target"]]),
        resource_types=frozenset(types - without),
    )


def parse_options(argv: Sequence[str]) -> list[str]:
    """Those of a command's arguments that other commands need to read the project the same way."""
    kept: list[str] = []
    for position, token in enumerate(argv):
        flag, has_value, _ = token.partition("=")
        if flag in _PARSE_FLAGS:
            kept += [token] if has_value else list(argv[position : position + 2])
    return kept


def _values_after(args: Sequence[str], position: int) -> Sequence[str]:
    end = position + 1
    while end < len(args) and not args[end].startswith("-"):
        end += 1
    return args[position + 1 : end]


def _parse_vars(texts: Sequence[str]) -> dict[str, Any]:
    merged: dict[str, Any] = {}
    for text in texts[-1:]:
        try:
            parsed = json.loads(text)
        except ValueError:
            try:
                parsed = yaml.safe_load(text)
            except yaml.YAMLError as error:
                raise CliArgsError(
                    f"--vars is neither JSON nor YAML: {text!r}.", where="cli_args"
                ) from error
        if parsed is not None and not isinstance(parsed, dict):
            raise CliArgsError(f"--vars must be a mapping, not {text!r}.", where="cli_args")
        merged.update(parsed or {})
    return merged


def _last(values: Sequence[str]) -> str | None:
    return values[-1] if values else None
