"""Finds the names that a template uses, without rendering it."""

from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from types import ModuleType, SimpleNamespace
from typing import Any

from jinja2 import Environment, meta, nodes

_LISTED = (type, ModuleType, SimpleNamespace)
_environment = Environment(autoescape=False)  # noqa: S701 - nothing is rendered


def undeclared_names(source: Any) -> set[str]:
    """The names that templates in nested lists and mappings expect in scope, apart from Jinja's own.

    Raises:
        jinja2.TemplateSyntaxError: A template is malformed.
    """
    found: set[str] = set()
    for template in _templates(source):
        found |= meta.find_undeclared_variables(_environment.parse(template))
    return found - _environment.globals.keys()


def explain_unknown_attribute(source: Any, scope: Mapping[str, Any]) -> str | None:
    """Explains the first attribute of a class, module or namespace in scope that does not exist.

    Jinja itself takes ``dg.AutomationCondition.eagr`` for a generic type.

    Args:
        source: Templates in nested lists and mappings.
        scope: The values of names; those of other types are not examined.

    Returns:
        A sentence, with a close name; ``None`` if all attributes exist.

    Raises:
        jinja2.TemplateSyntaxError: A template is malformed.
    """
    for template in _templates(source):
        for access in _environment.parse(template).find_all(nodes.Getattr):
            path = _path_of(access)
            owner = _find(scope, path[:-1])
            if owner is None or path[-1] in dir(owner):
                continue
            close = get_close_matches(path[-1], dir(owner), n=1)
            suggestion = f" Did you mean {close[0]!r}?" if close else ""
            return f"{'.'.join(path[:-1])!r} has no attribute {path[-1]!r}.{suggestion}"
    return None


def _templates(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        if any(mark in value for mark in ("{{", "{%", "{#")):
            yield value
    elif isinstance(value, Mapping):
        for item in value.values():
            yield from _templates(item)
    elif isinstance(value, (list, tuple)):
        for item in value:
            yield from _templates(item)


def _path_of(access: nodes.Expr) -> list[str]:
    """The names in ``a.b.c``; empty unless it starts with a plain name."""
    if isinstance(access, nodes.Name):
        return [access.name]
    if isinstance(access, nodes.Getattr) and (before := _path_of(access.node)):
        return [*before, access.attr]
    return []


def _find(scope: Mapping[str, Any], path: list[str]) -> Any:
    """The class, module or namespace at ``path``; ``None`` if there is none."""
    if not path or path[0] not in scope:
        return None
    found = scope[path[0]]
    for name in path[1:]:
        if not isinstance(found, _LISTED):
            return None
        found = getattr(found, name, None)
    return found if isinstance(found, _LISTED) else None
