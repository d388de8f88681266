"""Hides values of variables (`vars`, ``--vars``) that came from the environment in what this package and dbt report."""

import json
import os
import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from typing import Any, TypeVar

import msgspec
import yaml

from dbt_component.dbt_process.events import (
    DbtEvent,
    InvocationResult,
    LogLine,
    NodeFinished,
    NodeOutcome,
    RawEvent,
)

_NodeT = TypeVar("_NodeT", NodeFinished, NodeOutcome)

MASK = "***"
_SHORTEST = 4  # a shorter value appears everywhere by chance
_SWITCHES = frozenset(
    {"true", "false", "none", "null"}
)  # of a variable that only turns something on or off
_SECRET_NAME = re.compile(r"SECRET|TOKEN|PASS|PWD|KEY|CREDENTIAL|DSN", re.IGNORECASE)
_NO_SECRETS = frozenset({"PWD", "OLDPWD"})  # of every shell: the current folder
_HIDDEN_VARIABLE = "DBT_ENV_SECRET_DBT_COMPONENT_"


def shown_argv(argv: Sequence[str], *, hidden: Collection[str] = ()) -> list[str]:
    """A command line for people.

    In ``--vars``, all values that came from the environment are masked, and those of the variables in
    ``hidden`` unless they are numbers or booleans: a template may have changed a text so that it is not recognised.
    """
    environment = _environment()

    def shown(name: str, value: Any) -> Any:
        is_hidden = name in hidden and value is not None and not isinstance(value, (int, float))
        if is_hidden or any(_found_in(text, environment) for text in _texts(value)):
            return MASK
        return value

    return replace_vars(argv, shown)


def replace_vars(argv: Sequence[str], replace: Callable[[str, Any], Any]) -> list[str]:
    """A command line with other values in ``--vars``: ``replace`` gets the name and value of each variable.

    Text that is no mapping is masked.
    """
    changed: list[str] = []
    is_value = False
    for token in argv:
        option, is_attached, text = token.partition("=")
        if is_value:
            changed.append(_replace_in(token, replace))
        elif option == "--vars" and is_attached:
            changed.append(f"--vars={_replace_in(text, replace)}")
        else:
            changed.append(token)
        is_value = token == "--vars" and not is_value
    return changed


def _replace_in(text: str, replace: Callable[[str, Any], Any]) -> str:
    try:
        vars = yaml.safe_load(text)
    except yaml.YAMLError:
        return MASK
    if not isinstance(vars, dict):
        return MASK if vars else text
    return json.dumps(
        {str(name): replace(str(name), value) for name, value in vars.items()}, default=str
    )


class HiddenValues:
    """The values of variables that came from the environment, to be masked in dbt's messages.

    dbt lists all variables with their values if one is missing. Those values are masked where they are quoted. A
    value that came from an environment variable named like a secret (``…_TOKEN``, ``…_PASSWORD``) is masked
    everywhere, by dbt itself too (see ``environment``).
    """

    def __init__(self, vars: Mapping[str, Any]) -> None:
        environment = _environment()
        texts = {text: _found_in(text, environment) for text in _texts(vars)}
        self._quoted = sorted((text for text, names in texts.items() if names), key=len)
        secrets = {
            part
            for text, names in texts.items()
            for name in names
            if _SECRET_NAME.search(name) and name not in _NO_SECRETS
            for part in (text, environment[name])
        }
        self._secrets = sorted(secrets, key=lambda text: (len(text), text))

    @property
    def environment(self) -> dict[str, str]:
        """Variables for dbt's process. dbt masks their values in its log and console output."""
        return {f"{_HIDDEN_VARIABLE}{number}": text for number, text in enumerate(self._secrets, 1)}

    def mask(self, text: str) -> str:
        """Masks the values in a message."""
        for value in reversed(self._secrets):
            text = text.replace(value, MASK)
        for value in reversed(self._quoted):
            text = text.replace(json.dumps(value), f'"{MASK}"').replace(repr(value), f"'{MASK}'")
        return text

    def mask_event(self, event: DbtEvent) -> DbtEvent:
        """Masks the values in an event's messages and compiled code."""
        if not self._quoted:
            return event
        if isinstance(event, LogLine):
            return msgspec.structs.replace(event, message=self.mask(event.message))
        if isinstance(event, NodeFinished):
            return self._mask_node(event)
        if isinstance(event, RawEvent):
            return RawEvent(self._mask_all(event.event))
        if isinstance(event, InvocationResult):
            return msgspec.structs.replace(
                event,
                error=None if event.error is None else self.mask(event.error),
                nodes=[self._mask_node(node) for node in event.nodes],
            )
        return event

    def _mask_all(self, value: Any) -> Any:
        """Masks the values in all texts of a JSON value."""
        if isinstance(value, str):
            return self.mask(value)
        if isinstance(value, dict):
            return {key: self._mask_all(item) for key, item in value.items()}
        return [self._mask_all(item) for item in value] if isinstance(value, list) else value

    def _mask_node(self, node: _NodeT) -> _NodeT:
        if node.message is None and node.compiled_code is None:
            return node
        return msgspec.structs.replace(
            node,
            message=None if node.message is None else self.mask(node.message),
            compiled_code=None if node.compiled_code is None else self.mask(node.compiled_code),
        )


def _environment() -> dict[str, str]:
    return {
        name: value
        for name, value in os.environ.items()
        if len(value) >= _SHORTEST and value.lower() not in _SWITCHES
    }


def _found_in(text: str, environment: Mapping[str, str]) -> list[str]:
    """Names of the environment variables whose value is in a text."""
    if len(text) < _SHORTEST:
        return []
    return [name for name, value in environment.items() if value in text]


def _texts(value: Any) -> Iterator[str]:
    """All strings in a value, at any depth; numbers as text."""
    if isinstance(value, Mapping):
        for item in value.values():
            yield from _texts(item)
    elif isinstance(value, (list, tuple)):
        for item in value:
            yield from _texts(item)
    elif value is not None and not isinstance(value, bool):
        yield str(value)
