"""Renders ``cli_args`` of defs.yaml to dbt's arguments, once the run's partition and config are known.

Each item is a string, or a mapping of flags to values. Values may be templates of any type:

* text stays text, and a single expression keeps its type: ``"{{ 4 }}"`` is passed as ``4``;
* a mapping is passed as JSON, a list as several values of its flag;
* ``true`` or no value passes the flag alone, ``false`` omits it;
* arguments that use a partition are omitted from unpartitioned runs.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime
from typing import Any

from jinja2 import TemplateSyntaxError

from dbt_component.errors import CliArgsError
from dbt_component.execution.partition_scope import NO_PARTITION, NoPartition, RangeHasNoKey
from dbt_component.translation.template import UndefinedValueError, compile_template

CliArg = str | Mapping[str, Any]


_LEFT_OUT = object()


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
                arguments.extend(_flag(str(flag), _render(value, scope, f"{here}.{flag}")))
        else:
            rendered = _render(item, scope, here)
            if rendered is _LEFT_OUT or rendered is None:
                continue
            if isinstance(rendered, list):
                arguments.extend(_text(value) for value in rendered)
            else:
                arguments.append(_text(rendered))
    return arguments


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
    if value is _LEFT_OUT or value is False:
        return
    yield flag
    if value is None or value is True:
        return
    if isinstance(value, list):
        yield from (_text(item) for item in value)
    else:
        yield _text(value)


def _text(value: Any) -> str:
    if isinstance(value, Mapping):
        return json.dumps(value, default=_json)
    if isinstance(value, (datetime, date)):
        return value.isoformat()
    return str(value)


def _json(value: Any) -> str:
    return value.isoformat() if isinstance(value, (datetime, date)) else str(value)


def _render(value: Any, scope: Mapping[str, Any], where: str) -> Any:
    """Renders the strings in ``value``; returns ``_LEFT_OUT`` if it needs a partition that is missing."""
    if isinstance(value, Mapping):
        rendered = {str(key): _render(item, scope, f"{where}.{key}") for key, item in value.items()}
        kept = {key: item for key, item in rendered.items() if item is not _LEFT_OUT}
        return _LEFT_OUT if rendered and not kept else kept
    if isinstance(value, (list, tuple)):
        items = [_render(item, scope, where) for item in value]
        return [item for item in items if item is not _LEFT_OUT]
    if not isinstance(value, str):
        return value
    try:
        result = compile_template(value, is_text=True)(scope)
    except CliArgsError:
        raise
    except TemplateSyntaxError as error:
        raise CliArgsError(
            f"Malformed template {value!r}: {error.message}.", where=where
        ) from error
    except UndefinedValueError as error:
        raise CliArgsError(
            f"Template {value!r} uses a name that does not exist: {error}.",
            where=where,
            hint=f"Known names: {', '.join(sorted(scope))}.",
        ) from error
    except Exception as error:
        raise CliArgsError(
            f"Template {value!r} failed: {type(error).__name__}: {error}", where=where
        ) from error
    if isinstance(result, NoPartition) or (isinstance(result, str) and NO_PARTITION in result):
        return _LEFT_OUT
    if isinstance(result, RangeHasNoKey):
        return str(result)
    return result
