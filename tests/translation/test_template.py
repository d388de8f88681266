"""Templates keep the type of a value, and text from dbt stays text."""

from typing import Any

import pytest
from jinja2 import UndefinedError

from dbt_component.translation.template import (
    TemplateSyntaxError,
    UndefinedValueError,
    compile_template,
    compile_value,
)

SCOPE = {"node": {"name": "2024", "rows": 3, "tags": ["a"], "config": {"materialized": "view"}}}


@pytest.mark.parametrize(
    ("source", "value"),
    [
        ("plain", "plain"),
        ("", ""),
        ("{{ node.rows }}", 3),
        ("{{ node.tags }}", ["a"]),
        ("{{ node.tags + ['b'] }}", ["a", "b"]),
        ("{{- node.config.materialized -}}", "view"),
        ("{{ node.name }}", "2024"),
        ("{{ node.get('nothing') }}", None),
        ("x_{{ node.name }}", "x_2024"),
        ("{% if node.rows > 2 %}many{% else %}few{% endif %}", "many"),
        ("{{ 1 }}{{ 2 }}", 12),
        ("[1, 2]", [1, 2]),
    ],
)
def test_a_template_keeps_the_type_of_its_value(source: str, value: Any) -> None:
    assert compile_template(source)(SCOPE) == value


@pytest.mark.parametrize("source", ["2024", "{{ 20 }}24", "[1, 2]"])
def test_text_is_never_parsed_as_a_literal(source: str) -> None:
    assert isinstance(compile_template(source, is_text=True)(SCOPE), str)


@pytest.mark.parametrize("source", ["{{ nothing }}", "{{ node.nothing }}", "x {{ nothing.more }}"])
def test_an_unknown_name_is_an_error(source: str) -> None:
    with pytest.raises((UndefinedValueError, UndefinedError), match="nothing"):
        compile_template(source)(SCOPE)


def test_a_malformed_template_is_refused_when_compiled() -> None:
    with pytest.raises(TemplateSyntaxError):
        compile_template("{{ node.name")


def test_nested_values_are_compiled_in_place() -> None:
    render = compile_value({"rows": "{{ node.rows }}", "list": ["{{ node.name }}", 1], "n": None})
    assert render(SCOPE) == {"rows": 3, "list": ["2024", 1], "n": None}
