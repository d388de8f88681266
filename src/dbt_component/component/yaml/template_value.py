"""Resolves values of defs.yaml and rejects templates without a value, such as an unset variable."""

import os
import re
from collections.abc import Iterator, Sequence
from typing import Any

from dagster import ResolutionContext
from pydantic import BaseModel

from dbt_component.errors import DefinitionError

_ENV_ATTRIBUTE = re.compile(r"\benv\.([A-Za-z_]\w*)")
_EXPRESSION = re.compile(r"\{[{%].*?[%}]\}", re.DOTALL)
_ENV_CALL = re.compile(r"\benv\(\s*['\"]([A-Za-z_]\w*)")


def resolve_template(context: ResolutionContext, value: Any, *, allow_empty: bool = False) -> Any:
    """Resolves the templates in a value, which may be nested.

    Dagster resolves ``{{ env.X }}`` to null if X is not set, and null would mean the same as a missing key:
    a build with an unset target would write to the profile's default target. A null in the file itself is
    kept.

    Args:
        context: The resolution context, at the path of the value.
        value: The value in the file.
        allow_empty: Whether ``{{ env.X }}`` may be an empty text.

    Raises:
        DefinitionError: A template resolves to null, or contains a variable that is not set.
    """
    if isinstance(value, dict):
        return {
            key: resolve_template(context.at_path(key), item, allow_empty=allow_empty)
            for key, item in value.items()
        }
    if isinstance(value, list):
        return [
            resolve_template(context.at_path(index), item, allow_empty=allow_empty)
            for index, item in enumerate(value)
        ]
    resolved = context.resolve_value(value)
    if not isinstance(value, str):
        return resolved
    unset = [name for name in _ENV_ATTRIBUTE.findall(value) if os.environ.get(name) is None]
    empty = [name for name in _ENV_ATTRIBUTE.findall(value) if os.environ.get(name) == ""]
    if resolved is None and _EXPRESSION.search(value):
        raise _no_value(context, value, unset or _ENV_CALL.findall(value), "is not set")
    if isinstance(resolved, str) and unset and "None" in resolved:
        raise _no_value(context, value, unset, "is not set")
    if resolved == "" and empty and not allow_empty:
        raise _no_value(context, value, empty, "is empty")
    return resolved


def find_unset_variable(attributes: BaseModel | None, problem: str) -> DefinitionError | None:
    """The error for ``{{ env('X') }}`` without X, which Dagster reports without the key and the file.

    Args:
        attributes: The attributes of defs.yaml, unresolved.
        problem: Dagster's message.
    """
    if attributes is None:
        return None
    for path, text in _texts(attributes.model_dump(exclude_unset=True)):
        for name in _ENV_CALL.findall(text):
            if os.environ.get(name) is None and re.search(rf"\b{name}\b", problem):
                return _error(path, text, [name], "is not set")
    return None


def _texts(
    value: Any, path: tuple[str | int, ...] = ()
) -> Iterator[tuple[tuple[str | int, ...], str]]:
    if isinstance(value, str):
        yield path, value
    elif isinstance(value, dict):
        for name, item in value.items():
            yield from _texts(item, (*path, name))
    elif isinstance(value, (list, tuple)):
        for index, item in enumerate(value):
            yield from _texts(item, (*path, index))


def _no_value(
    context: ResolutionContext, template: str, names: list[str], problem: str
) -> DefinitionError:
    path = [part for part in context.path if part != "attributes"]
    return _error(path, template, names, problem)


def _error(
    path: Sequence[str | int], template: str, names: list[str], problem: str
) -> DefinitionError:
    key, last_key = ".".join(map(str, path)), str(path[-1])
    shown = " ".join(_EXPRESSION.findall(template))  # the rest of the text may be a secret
    hint = f"Write a template that gives a value, or remove `{last_key}` from the file."
    reason = "it resolves to null"
    if names:
        name = names[0]
        reason = f"the environment variable {name!r} {problem}"
        hint = (
            f"Set {name}, or write a default: \"{{{{ env('{name}', 'default') }}}}\"."
            f" To do without, remove `{last_key}` from the file."
        )
    return DefinitionError(
        f"`{key}` has no value: it is the template {shown!r}, but {reason}.",
        hint=hint,
        key=key,
    )
