"""Renders templates whose scope is a run: in ``cli_args`` and ``vars`` of defs.yaml."""

import json
import os
import re
from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from jinja2 import TemplateSyntaxError

from dbt_component.errors import CliArgsError
from dbt_component.execution.partition_scope import NO_PARTITION, NoPartition, RangeHasNoKey
from dbt_component.execution.run_partition import PartitionTime
from dbt_component.translation.template import UndefinedValueError, compile_template

LEFT_OUT = object()
"""The value of a template that needs a partition, in a run without one."""

_PLAIN_VARIABLE = re.compile(r"\{\{-?\s*env\.([A-Za-z_]\w*)\s*-?\}\}")


def render_value(value: Any, scope: Mapping[str, Any], where: str) -> Any:
    """Renders the strings in a value, which may be nested.

    Args:
        value: Text, a mapping, a list, or a value without templates.
        scope: The names that templates may use.
        where: The key of the value, for errors.

    Returns:
        The value; ``LEFT_OUT`` if all of it needs a partition and the run has none. What needs one in a mapping or a
        list is left out there.

    Raises:
        CliArgsError: A template is malformed, uses an unknown name, or fails.
    """
    if isinstance(value, Mapping):
        rendered = {
            str(key): render_value(item, scope, f"{where}.{key}") for key, item in value.items()
        }
        kept = {key: item for key, item in rendered.items() if item is not LEFT_OUT}
        return LEFT_OUT if rendered and not kept else kept
    if isinstance(value, (list, tuple)):
        items = [render_value(item, scope, where) for item in value]
        return [item for item in items if item is not LEFT_OUT]
    if not isinstance(value, str):
        return value
    _refuse_unset_variable(value, where)
    try:
        result = compile_template(value, is_text=True)(scope)
    except CliArgsError as error:
        error.key = error.key or where
        raise
    except TemplateSyntaxError as error:
        raise CliArgsError(
            f"Malformed template {value!r}: {(error.message or '').rstrip('.')}.", key=where
        ) from error
    except UndefinedValueError as error:
        raise CliArgsError(
            f"Template {value!r} uses a name that does not exist: {error}.",
            key=where,
            hint=f"Known names: {', '.join(sorted(scope))}.",
        ) from error
    except Exception as error:
        raise CliArgsError(
            f"Template {value!r} failed: {type(error).__name__}: {error}", key=where
        ) from error
    if isinstance(result, NoPartition) or (isinstance(result, str) and NO_PARTITION in result):
        return LEFT_OUT
    if isinstance(result, RangeHasNoKey):
        return str(result)
    return result


def _refuse_unset_variable(template: str, where: str) -> None:
    """Rejects ``{{ env.X }}`` without X: its null would pass a flag such as --full-refresh alone."""
    for name in _PLAIN_VARIABLE.findall(template):
        if os.environ.get(name) is None:
            raise CliArgsError(
                f"Template {template!r} has no value: the environment variable {name!r} is not set.",
                key=where,
                hint=f"Set {name}, or write a default: \"{{{{ env('{name}', 'default') }}}}\".",
            )


def as_text(value: Any) -> str:
    """A rendered value as an argument of a command line: a mapping as JSON, a time in ISO 8601."""
    if isinstance(value, Mapping):
        return json.dumps(value, default=as_json)
    if isinstance(value, (datetime, date)):
        return _time_text(value)
    return str(value)


def as_json_value(value: Any) -> Any:
    """A rendered value, with times and the like as text."""
    return json.loads(json.dumps(value, default=as_json))


def as_json(value: Any) -> str:
    """A rendered value that JSON has no form for."""
    return _time_text(value) if isinstance(value, (datetime, date)) else str(value)


def _time_text(value: date) -> str:
    return str(value) if isinstance(value, PartitionTime) else value.isoformat()
