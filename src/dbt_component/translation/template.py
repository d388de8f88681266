"""Jinja templates, compiled once and rendered many times.

A template that is a single expression (``"{{ node.meta.rows }}"``) gives that expression's value with its
type. A template with text around expressions is rendered in Jinja's native mode, as in Dagster. Unlike in
native mode, a *string* value of a single expression stays a string: names and descriptions from dbt are
data, and a folder called ``2024`` must not become a number.
"""

from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any

from jinja2 import Environment, TemplateSyntaxError, Undefined, nodes
from jinja2.nativetypes import NativeEnvironment

Render = Callable[[Mapping[str, Any]], Any]

_native = NativeEnvironment()
_plain = Environment(autoescape=False)  # noqa: S701 - the result is no HTML


class UndefinedValueError(Exception):
    """A template used a name or attribute that does not exist."""


@lru_cache(maxsize=4096)
def compile_template(source: str, *, is_text: bool = False) -> Render:
    """Compiles a string that may contain Jinja. Cached.

    Args:
        source: The template. Without Jinja, its value is constant.
        is_text: Whether text, alone or around expressions, stays text; if not, it may become a Python
            literal.

    Returns:
        A function from scope to value; it raises UndefinedValueError, or what the template raises.

    Raises:
        jinja2.TemplateSyntaxError: The template is malformed.
    """
    if not any(mark in source for mark in ("{{", "{%", "{#")):
        constant = source if is_text or not source else _native.from_string(source).render()
        return lambda scope: constant
    expression = _single_expression(source)
    if expression is not None:
        evaluate = _native.compile_expression(expression, undefined_to_none=False)

        def render_expression(scope: Mapping[str, Any]) -> Any:
            return _defined(evaluate(**scope))

        return render_expression
    template = (_plain if is_text else _native).from_string(source)

    def render_text(scope: Mapping[str, Any]) -> Any:
        return _defined(template.render(**scope))

    return render_text


def compile_value(value: Any, *, is_text: bool = False) -> Render:
    """Compiles the strings within nested lists and mappings; other values are constants."""
    if isinstance(value, str):
        return compile_template(value, is_text=is_text)
    if isinstance(value, Mapping):
        items = [(key, compile_value(item, is_text=is_text)) for key, item in value.items()]
        return lambda scope: {key: render(scope) for key, render in items}
    if isinstance(value, (list, tuple)):
        renders = [compile_value(item, is_text=is_text) for item in value]
        return lambda scope: [render(scope) for render in renders]
    return lambda scope: value


def _single_expression(source: str) -> str | None:
    """The expression's source if the template is a single ``{{ … }}``, else ``None``."""
    parsed = _native.parse(source)
    if len(parsed.body) != 1 or not isinstance(parsed.body[0], nodes.Output):
        return None
    output = parsed.body[0].nodes
    if len(output) != 1 or isinstance(output[0], nodes.TemplateData):
        return None
    stripped = source.strip()
    if not (stripped.startswith("{{") and stripped.endswith("}}")):
        return None
    return stripped[2:-2].strip("-+").strip()


def _defined(value: Any) -> Any:
    if isinstance(value, Undefined):
        raise UndefinedValueError(value._undefined_message)  # noqa: SLF001 - jinja has no public one
    return value


__all__ = [
    "Render",
    "TemplateSyntaxError",
    "UndefinedValueError",
    "compile_template",
    "compile_value",
]
