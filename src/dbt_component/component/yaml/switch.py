"""Switches of defs.yaml, which a template may give as text."""

from typing import Any

from dbt_component.errors import DefinitionError

_WORDS = {"true": True, "1": True, "false": False, "0": False}


def switch(value: Any, key: str, *, hint: str | None = None) -> bool:
    """Whether a switch is on.

    Args:
        value: True, false, or text that means one of them.
        key: The key in defs.yaml.
        hint: What else may be written there.

    Raises:
        DefinitionError: The value is none of these.
    """
    found = value if isinstance(value, bool) else _WORDS.get(str(value).lower())
    if found is None:
        raise DefinitionError(f"`{key}` must be true or false, not {value!r}.", key=key, hint=hint)
    return found
