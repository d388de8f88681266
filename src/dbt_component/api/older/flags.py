"""Keyword arguments and configuration values as flags of dbt's command line."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

_GLOBAL = ("debug", "warn_error")
_RENAMED = {"bypass_cache": "no_populate_cache"}  # dbt renamed the option


def with_underscores(options: Mapping[str, Any]) -> dict[str, Any]:
    """The options by names with underscores; ``project-dir`` is the same option as ``project_dir``."""
    return {str(name).replace("-", "_"): value for name, value in options.items()}


def command_line(command: str, options: Mapping[str, Any]) -> list[str]:
    """A dbt command with options as flags.

    ``True`` gives the flag alone; ``False``, ``None`` and empty values omit it; a mapping is passed as JSON, and a
    list as several values.

    Args:
        command: The command's words, such as ``docs generate``.
        options: Values by the names of dbt's options, with underscores.
    """
    before: list[str] = []
    after: list[str] = []
    for name, value in options.items():
        (before if name in _GLOBAL else after).extend(_flag(_RENAMED.get(name, name), value))
    return [*before, *command.split(), *after]


def _flag(name: str, value: Any) -> Sequence[str]:
    flag = f"--{name.replace('_', '-')}"
    if value is True:
        return [flag]
    if value is None or value is False or value in ("", [], (), {}):
        return []
    if isinstance(value, Mapping):
        return [flag, json.dumps(value, default=str)]
    if isinstance(value, (list, tuple, set, frozenset)):
        return [flag, *map(str, value)]
    return [flag, str(value)]
