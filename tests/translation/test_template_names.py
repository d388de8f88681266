from types import SimpleNamespace

import pytest
from jinja2 import TemplateSyntaxError

from dbt_component.translation.template_names import explain_unknown_attribute, undeclared_names


class Condition:
    @staticmethod
    def eager() -> str:
        return "eager"


SCOPE = {"dg": SimpleNamespace(Condition=Condition), "node": {"name": "a"}}


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("plain", set()),
        ("{{ a.b }} and {{ c(d) }}", {"a", "c", "d"}),
        ({"--vars": {"x": ["{{ a }}", 3, "{% for i in b %}{{ i }}{% endfor %}"]}}, {"a", "b"}),
        ("{{ range(3) }}", set()),
    ],
)
def test_names_are_found_at_any_depth(source: object, expected: set[str]) -> None:
    assert undeclared_names(source) == expected


def test_a_malformed_template_is_an_error() -> None:
    with pytest.raises(TemplateSyntaxError):
        undeclared_names(["{{ a"])


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        (
            "{{ dg.Condition.eagr() }}",
            "'dg.Condition' has no attribute 'eagr'. Did you mean 'eager'?",
        ),
        (
            "{{ dg.Conditon.eager() }}",
            "'dg' has no attribute 'Conditon'. Did you mean 'Condition'?",
        ),
        (["{{ dg.Condition.zzz }}"], "'dg.Condition' has no attribute 'zzz'."),
    ],
)
def test_an_attribute_that_does_not_exist_is_explained(source: object, expected: str) -> None:
    assert explain_unknown_attribute(source, SCOPE) == expected


@pytest.mark.parametrize(
    "source",
    [
        "{{ dg.Condition.eager().anything }}",
        "{{ node.missing }}",
        "{{ unknown.name }}",
        "text",
        None,
    ],
)
def test_what_is_known_only_in_a_run_is_not_judged(source: object) -> None:
    assert explain_unknown_attribute(source, SCOPE) is None
