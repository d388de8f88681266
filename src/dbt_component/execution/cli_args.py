"""Renders ``cli_args`` of defs.yaml to dbt's arguments, once the run's partition and config are known.

Each item is a string, or a mapping of flags to values. Values may be templates of any type:

* text stays text, and a single expression keeps its type: ``"{{ 4 }}"`` is passed as ``4``;
* a mapping is passed as JSON, a list as several values of its flag;
* ``true`` or no value passes the flag alone, ``false`` omits it;
* arguments that use a partition are omitted from unpartitioned runs.
"""

from collections.abc import Iterator, Mapping, Sequence, Set
from difflib import get_close_matches
from typing import Any

from jinja2 import TemplateSyntaxError

from dbt_component.dbt_process.arguments import (
    command_words,
    parse_arguments,
    refuse_step_flags,
    unknown_options,
)
from dbt_component.dbt_process.commands import GROUPS
from dbt_component.dbt_process.options import OPTION_NAMES
from dbt_component.errors import CliArgsError
from dbt_component.execution.run_template import LEFT_OUT, as_text, render_value
from dbt_component.translation.template_names import undeclared_names

CliArg = str | Mapping[str, Any]
"""An argument, or flags with their values; either may hold templates."""


def render_cli_args(
    cli_args: Sequence[CliArg], scope: Mapping[str, Any], *, where: str = "cli_args"
) -> list[str]:
    """Renders ``cli_args`` to the list of arguments for dbt.

    Raises:
        CliArgsError: A template is malformed, uses an unknown name, or fails. The error names the item.
    """
    arguments: list[str] = []
    for position, item in enumerate(cli_args):
        here = f"{where}[{position}]"
        if isinstance(item, Mapping):
            for flag, value in item.items():
                arguments.extend(_flag(str(flag), render_value(value, scope, f"{here}.{flag}")))
        else:
            rendered = render_value(item, scope, here)
            if rendered is LEFT_OUT or rendered is None:
                continue
            if isinstance(rendered, list):
                arguments.extend(as_text(value) for value in rendered)
            else:
                arguments.append(as_text(rendered))
    return arguments


def refuse_impossible(cli_args: Sequence[CliArg], *, may_have_other_options: bool) -> None:
    """Rejects arguments that would fail in every run, without rendering templates.

    Args:
        cli_args: The value in defs.yaml.
        may_have_other_options: Whether the dbt may have options that are unknown here.

    Raises:
        CliArgsError: It is not a list, a template is malformed, dbt has no such command or option, or an
            option is one that a step sets itself. The error names the item.
    """
    if isinstance(cli_args, (str, Mapping)) or not cli_args:
        raise CliArgsError(
            f"`cli_args` must be a list with a dbt command, not {cli_args!r}.",
            key="cli_args",
            hint="Write `cli_args: [build]`, and each argument as an item.",
        )
    items = [_unrendered(item, f"cli_args[{position}]") for position, item in enumerate(cli_args)]
    argv = [token for tokens in items for token in tokens]
    try:
        refuse_step_flags(argv)
        unknown = [] if may_have_other_options else unknown_options(argv)
        if unknown:
            raise _unknown_option(unknown[0])
        _refuse_command(argv)
    except CliArgsError as error:
        places = [place for place, tokens in enumerate(items) if _names(error, tokens)]
        error.key = f"cli_args[{places[0]}]" if places else "cli_args"
        raise


def _unrendered(item: CliArg, where: str) -> list[str]:
    try:
        undeclared_names(item)
    except TemplateSyntaxError as error:
        raise CliArgsError(
            f"Malformed template in {item!r}: {(error.message or '').rstrip('.')}.", key=where
        ) from None
    if isinstance(item, Mapping):
        return [token for flag, value in item.items() for token in _flag(str(flag), value)]
    return [item]


def _refuse_command(argv: Sequence[str]) -> None:
    """Rejects a command that dbt doesn't have, as far as no template precedes it."""
    templates = [place for place, token in enumerate(argv) if "{{" in token]
    words = command_words(argv)
    if any("{{" in word for word in words) or (not words and templates):
        return
    if words and " " in words[0]:
        raise _not_one_argument(words[0])
    if len(words) == 1 and words[0] in GROUPS and templates:
        return
    parse_arguments(argv)


def _unknown_option(token: str) -> CliArgsError:
    name = token.partition("=")[0]
    if " " in name:
        return _not_one_argument(token)
    close = get_close_matches(name, OPTION_NAMES, n=1)
    return CliArgsError(
        f"dbt has no option {name!r}.",
        hint=f"Did you mean {close[0]!r}?" if close else "See `dbt build --help`.",
    )


def _not_one_argument(token: str) -> CliArgsError:
    return CliArgsError(
        f"{token!r} is one item, which dbt takes for one argument.",
        hint=f"Write each argument as an item: [{', '.join(token.split())}].",
    )


def _names(error: CliArgsError, tokens: Sequence[str]) -> bool:
    """Whether the error's message names one of the tokens."""
    names = [token.partition("=")[0] if token.startswith("-") else token for token in tokens]
    return any(repr(name) in error.message for name in names)


def refuse_unknown_names(
    cli_args: Sequence[CliArg], names: Set[str], *, where: str = "cli_args"
) -> None:
    """Rejects templates that use other names than these.

    Args:
        cli_args: The arguments.
        names: The names.
        where: Their key in defs.yaml.

    Raises:
        CliArgsError: There is one. The error names the item.
    """
    for position, item in enumerate(cli_args):
        for name in sorted(undeclared_names(item) - names):
            close = get_close_matches(name, names, n=1)
            known = ", ".join(sorted(names))
            raise CliArgsError(
                f"Template {item!r} uses a name that does not exist: {name!r}.",
                key=f"{where}[{position}]",
                hint=f"Did you mean {close[0]!r}?" if close else f"Known names: {known}.",
            )


def templated_vars(cli_args: Sequence[CliArg]) -> list[str]:
    """Names of the variables under ``--vars`` whose value is a template and may differ between runs, sorted."""
    return sorted(
        str(name)
        for item in cli_args
        if isinstance(item, Mapping)
        for flag, value in item.items()
        if flag == "--vars" and isinstance(value, Mapping)
        for name, template in value.items()
        if isinstance(template, str) and "{{" in template
    )


def _flag(flag: str, value: Any) -> Iterator[str]:
    if value is LEFT_OUT or value is False:
        return
    yield flag
    if value is None or value is True:
        return
    if isinstance(value, list):
        yield from (as_text(item) for item in value)
    else:
        yield as_text(value)
