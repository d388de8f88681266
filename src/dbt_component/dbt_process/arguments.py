"""Splits dbt command lines into command, selection and the options that affect parsing."""

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import msgspec
import yaml

from dbt_component.dbt_process import variables
from dbt_component.dbt_process.commands import GROUPS, DbtCommand, find_command
from dbt_component.dbt_process.hidden_values import shown_argv
from dbt_component.dbt_process.options import (
    DEFER,
    DEFER_STATE,
    EXCLUDE,
    EXCLUDE_RESOURCE_TYPE,
    FAVOR_STATE,
    PROFILE,
    RESOURCE_TYPE,
    RESOURCE_TYPES,
    SELECT,
    SELECTOR,
    STATE,
    TARGET,
    VARS,
    Arity,
    DbtOption,
    find_option,
)
from dbt_component.dbt_process.state_options import StateOptions
from dbt_component.errors import CliArgsError

_SELECTION = (SELECT, EXCLUDE, SELECTOR)
_PARSING = (VARS, PROFILE, TARGET)
_TYPE_VARIABLES = (
    (RESOURCE_TYPE, variables.RESOURCE_TYPES),
    (EXCLUDE_RESOURCE_TYPE, variables.EXCLUDE_RESOURCE_TYPES),
)
_EVERY_TYPE = frozenset({"all", "default"})
_SET_BY_A_STEP = {
    "--project-dir": "set `project` instead",
    "--profiles-dir": "set `project.profiles_dir` instead",
    "--target-path": "each run has its own target folder",
    "--log-path": "each run has its own log folder",
    "--log-format": "events do not come from the log, which stays human-readable text",
    "--indirect-selection": "runs list every node and test explicitly",
    "--partial-parse-file-path": "the parse cache comes from the component's state",
}


_ONLY_OF_BUILD = frozenset(
    {
        "empty",
        "event-time-end",
        "event-time-start",
        "exclude-resource-type",
        "export-saved-queries",
        "full-refresh",
        "include-saved-query",
        "resource-type",
        "sample",
        "show",
    }
)


_WITHOUT_EFFECT_ON_RESULTS = frozenset(
    [
        "cache-selected-only",
        "clean-project-files-only",
        "debug",
        "deprecated-no-print",
        "deprecated-print",
        "exclude-resource-type",
        "export-saved-queries",
        "fail-fast",
        "full-refresh",
        "include-saved-query",
        "log-cache-events",
        "log-file-max-bytes",
        "log-level",
        "log-level-file",
        "macro-debugging",
        "partial-parse",
        "partial-parse-file-diff",
        "populate-cache",
        "print",
        "printer-width",
        "profile",
        "quiet",
        "record-timing-info",
        "resource-type",
        "send-anonymous-usage-stats",
        "show",
        "show-all-deprecations",
        "show-resource-report",
        "single-threaded",
        "static-parser",
        "store-failures",
        "target",
        "threads",
        "use-colors",
        "use-colors-file",
        "use-experimental-parser",
        "use-fast-test-edges",
        "version-check",
        "warn-error",
        "warn-error-options",
        "write-json",
    ]
)


class DbtArguments(msgspec.Struct, frozen=True):
    """A dbt command line without its selection.

    Args:
        command: The dbt command.
        argv: The command and its other arguments, in order.
        select: Values of all ``--select`` options and their aliases.
        exclude: Values of all ``--exclude`` options.
        selector: The name of a YAML selector, or empty.
        vars: The parsed ``--vars``.
        profile: The value of ``--profile``; ``None`` if not given.
        target: The value of ``--target``; ``None`` if not given.
        resource_types: The resource types this command line reports on: ``command.reports_on``,
            narrowed by the options for resource types.
        state_options: The options about another project's manifest.
    """

    command: DbtCommand
    argv: list[str]
    select: list[str] = []
    exclude: list[str] = []
    selector: str = ""
    vars: dict[str, Any] = {}
    profile: str | None = None
    target: str | None = None
    resource_types: frozenset[str] = frozenset()
    state_options: StateOptions = StateOptions()

    @property
    def has_selection(self) -> bool:
        return bool(self.select or self.exclude or self.selector)


class _Part(msgspec.Struct, frozen=True):
    """An option with its values, or a plain word. ``option`` is ``None`` for a word or an unknown option."""

    tokens: tuple[str, ...]
    option: DbtOption | None = None
    values: tuple[str, ...] = ()


def parse_arguments(args: Sequence[str]) -> DbtArguments:
    """Parses a dbt command line the way dbt does.

    Unknown options are kept in ``argv``, since a newer dbt may have them. If they precede the command,
    their values must be attached with ``=``.

    Raises:
        CliArgsError: There is no command, dbt has no such command, a value is missing or is no resource type,
            or ``--vars`` can't be parsed.
    """
    words, parts = _split(args)
    if not words:
        raise CliArgsError(
            f"No dbt command in cli_args: {shown_argv(args)!r}.",
            key="cli_args",
            hint="Begin with a command, for example `build`.",
        )
    command = find_command(words)
    selectors = _values(parts, SELECTOR)
    return DbtArguments(
        command=command,
        argv=[token for part in parts if part.option not in _SELECTION for token in part.tokens],
        select=_values(parts, SELECT),
        exclude=_values(parts, EXCLUDE),
        selector=selectors[-1] if selectors else "",
        vars=_parse_vars(_values(parts, VARS)),
        profile=_last(_values(parts, PROFILE)),
        target=_last(_values(parts, TARGET)),
        resource_types=_narrow(
            command.reports_on,
            only=_types(parts, RESOURCE_TYPE),
            without=_types(parts, EXCLUDE_RESOURCE_TYPE),
        ),
        state_options=StateOptions(
            state=_last(_values(parts, STATE)),
            defer_state=_last(_values(parts, DEFER_STATE)),
            defer=_switch(parts, DEFER),
            favor_state=_switch(parts, FAVOR_STATE),
        ),
    )


def add_resource_types(
    args: Sequence[str],
    environ: Mapping[str, str],
    *,
    core_version: tuple[int, int] | None = None,
) -> list[str]:
    """A command line with the resource types that dbt would take from the environment as options.

    As in dbt, a variable has no effect on a command line that has the option, nor on a command without it.

    Args:
        args: The command line.
        environ: The environment.
        core_version: Version of dbt-core; ``None`` if it is unknown.

    Raises:
        CliArgsError: As in ``parse_arguments``, or a variable names an unknown type.
    """
    words, parts = _split(args)
    since = find_command(words).resource_types_since if words else None
    completed = list(args)
    if since is None or (core_version is not None and core_version < since):
        return completed
    for option, name in _TYPE_VARIABLES:
        found = variables.find_variable(name, environ, core_version=core_version)
        if found is not None and not any(part.option is option for part in parts):
            spelling, value = found
            _known_types(value, where=f"environment variable {spelling}={value!r}")
            completed += [option.name, *value.split()]
    return completed


def command_words(args: Sequence[str]) -> list[str]:
    """The one or two words of the command in a command line; empty if there is none."""
    return _split(args)[0]


def option_values(args: Sequence[str], name: str) -> list[str]:
    """The values of an option in a command line, such as ``--state``, in order."""
    parts = _split(args)[1]
    return [v for p in parts if p.option is not None and p.option.name == name for v in p.values]


def unknown_options(args: Sequence[str]) -> list[str]:
    """The options in a command line that no known version of dbt has."""
    parts = _split(args)[1]
    return [p.tokens[0] for p in parts if p.option is None and p.tokens[0].startswith("-")]


def refuse_step_flags(args: Sequence[str]) -> None:
    """Refuses options in ``cli_args`` that a step sets itself.

    Raises:
        CliArgsError: There is such an option.
    """
    for part in _split(args)[1]:
        name = part.option.name if part.option is not None else ""
        if name in _SET_BY_A_STEP:
            raise CliArgsError(
                f"cli_args may not contain {name!r}: {_SET_BY_A_STEP[name]}.", key="cli_args"
            )


def parse_options(argv: Sequence[str]) -> list[str]:
    """The subset of a command's arguments that makes other commands read the project the same way."""
    _, parts = _split(argv)
    return [token for part in parts if part.option in _PARSING for token in part.tokens]


def result_options(argv: Sequence[str]) -> list[str]:
    """The options of a command line that may change what dbt builds, in order.

    Left out are the selection, profile and target, and options that are known to change only which nodes run, how fast
    or with what output. An option that no known version of dbt has is kept.
    """
    kept: list[str] = []
    for part in _split(argv)[1]:
        if part.option is None:
            kept += [token for token in part.tokens if token.startswith("-")]
        elif part.option not in _SELECTION and not _is_without_effect(part.option):
            kept += part.tokens
    return kept


def _is_without_effect(option: DbtOption) -> bool:
    return option.name.removeprefix("--").removeprefix("no-") in _WITHOUT_EFFECT_ON_RESULTS


def as_test(argv: Sequence[str]) -> list[str]:
    """A command line of `dbt build` as one of `dbt test`, without the options that only `dbt build` has."""
    kept: list[str] = []
    for part in _split(argv)[1]:
        if part.option is None:
            kept += ["test" if token == "build" else token for token in part.tokens]
        elif part.option.name.removeprefix("--").removeprefix("no-") not in _ONLY_OF_BUILD:
            kept += part.tokens
    return kept


def as_source_freshness(argv: Sequence[str]) -> list[str]:
    """`dbt source freshness` with the profile, target, variables and threads of another command line."""
    kept = [
        token
        for part in _split(argv)[1]
        if part.option is not None and (part.option in _PARSING or part.option.name == "--threads")
        for token in part.tokens
    ]
    return ["source", "freshness", *kept]


def _split(args: Sequence[str]) -> tuple[list[str], list[_Part]]:
    """Splits a command line by the rules of dbt's parser (click).

    Returns:
        The words of the command, and all parts in order, including these words.
    """
    words: list[str] = []
    parts: list[_Part] = []
    waiting = list(args)
    while waiting:
        token = waiting.pop(0)
        if not token.startswith("-") or token == "-":
            if not words or (len(words) == 1 and words[0] in GROUPS):
                words.append(token)
            parts.append(_Part((token,)))
            continue
        is_long = token.startswith("--")
        if is_long:
            name, equals, attached = token.partition("=")
            is_attached = bool(equals)
        else:
            name, attached = token[:2], token[2:]
            is_attached = bool(attached)
        option = find_option(name, command=" ".join(words) or None)
        if option is None:
            parts.append(_Part((token,)))
        elif option.arity is Arity.NONE:
            if is_attached and not is_long:  # several switches in one token, such as -xd
                waiting.insert(0, f"-{attached}")
                token = name
            parts.append(_Part((token,), option))
        else:
            values = [attached] if is_attached else [_first_value(option, name, waiting)]
            more = _more_values(option, waiting)
            tokens = (token, *more) if is_attached else (token, *values, *more)
            parts.append(_Part(tokens, option, (*values, *more)))
    return words, parts


def _first_value(option: DbtOption, name: str, waiting: list[str]) -> str:
    if not waiting or (option.arity is Arity.MANY and waiting[0].startswith("-")):
        raise CliArgsError(f"{name!r} needs a value.", key="cli_args")
    return waiting.pop(0)


def _more_values(option: DbtOption, waiting: list[str]) -> list[str]:
    taken: list[str] = []
    while option.arity is Arity.MANY and waiting and not waiting[0].startswith("-"):
        taken.append(waiting.pop(0))
    return taken


def _values(parts: Iterable[_Part], option: DbtOption) -> list[str]:
    return [value for part in parts if part.option is option for value in part.values]


def _switch(parts: Iterable[_Part], option: DbtOption) -> bool | None:
    """Whether the last of the two forms is not the one with ``--no-``; ``None`` if there is none."""
    given = [part.tokens[0] for part in parts if part.option is option]
    return given[-1] == option.name if given else None


def _types(parts: Iterable[_Part], option: DbtOption) -> frozenset[str]:
    return _known_types(" ".join(_values(parts, option)), where=f"cli_args, {option.name}")


def _known_types(text: str, *, where: str) -> frozenset[str]:
    types = frozenset(text.lower().split())
    if unknown := sorted(types - RESOURCE_TYPES):
        raise CliArgsError(
            f"dbt has no resource type {unknown[0]!r}.",
            where=where,
            hint=f"Separate types by spaces; dbt's types are {', '.join(sorted(RESOURCE_TYPES))}.",
        )
    return types


def _narrow(
    types: frozenset[str], *, only: frozenset[str], without: frozenset[str]
) -> frozenset[str]:
    if only and not only & _EVERY_TYPE:
        types &= only
    return types - without


def _parse_vars(texts: Sequence[str]) -> dict[str, Any]:
    """The value of the last ``--vars``; like dbt, ignores earlier ones. Errors do not show it: it may be secret."""
    if not texts:
        return {}
    text = texts[-1]
    try:
        parsed = json.loads(text)
    except ValueError:
        try:
            parsed = yaml.safe_load(text)
        except yaml.YAMLError as error:
            mark = getattr(error, "problem_mark", None)
            place = "" if mark is None else f" (line {mark.line + 1}, column {mark.column + 1})"
            raise CliArgsError(
                f"The value of '--vars' is neither JSON nor YAML{place}.", key="cli_args"
            ) from None
    if parsed is not None and not isinstance(parsed, dict):
        raise CliArgsError(
            f"The value of '--vars' must be a mapping, not a {type(parsed).__name__}.",
            key="cli_args",
        )
    return parsed or {}


def _last(values: Sequence[str]) -> str | None:
    return values[-1] if values else None
