import dagster as dg
import pytest
from pydantic import Field, ValidationError

from dbt_component.component.yaml.schedule import Schedule
from dbt_component.component.yaml.strict_model import StrictResolvable


class Inner(StrictResolvable):
    colour: str = "red"


class Outer(StrictResolvable):
    inner: Inner | None = None
    several: list[Inner] = Field(default_factory=list)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("iner: {}", r"Unknown key 'iner'. Did you mean 'inner'\?"),
        ("zzz: 1", "Unknown key 'zzz'. Known keys: inner, several."),
        ("inner: {color: blue}", "Did you mean 'colour'"),
        ("several: [{colour: blue}, {colors: blue}]", "Did you mean 'colour'"),
    ],
)
def test_an_unknown_key_is_suggested_a_known_one_at_any_depth(text: str, expected: str) -> None:
    with pytest.raises(ValidationError, match=expected):
        Outer.resolve_from_yaml(text)


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("inner:\n  color: blue", "inner.color at <string>:2"),
        ("inner:\n  colour: [1]", "inner.colour at <string>:2"),
        ("several:\n- colour: blue\n- color: red", "several.1.color at <string>:3"),
        ("inner: 3", "inner at <string>:1"),
    ],
)
def test_an_error_is_reported_once_with_its_key_and_line(text: str, place: str) -> None:
    with pytest.raises(ValidationError) as caught:
        Outer.resolve_from_yaml(text)
    assert [error["loc"] for error in caught.value.errors()] == [(place,)]


def test_a_missing_key_is_reported_at_the_mapping_that_lacks_it() -> None:
    class Schedules(StrictResolvable):
        several: list[Schedule]

    with pytest.raises(ValidationError) as caught:
        Schedules.resolve_from_yaml("several:\n- name: a\n  cron_schedule: b\n- name: c")
    (error,) = caught.value.errors()
    assert error["loc"] == ("several.1.cron_schedule at <string>:4",)


def test_python_gets_the_suggestion_too() -> None:
    with pytest.raises(ValidationError, match="Did you mean 'colour'"):
        Inner(**{"color": "blue"})


def test_other_errors_are_left_as_they_are() -> None:
    class Number(dg.Resolvable, dg.Model):
        colour: int

    class StrictNumber(StrictResolvable):
        colour: int

    with pytest.raises(ValidationError) as theirs:
        Number.model_validate({"colour": "red"})
    with pytest.raises(ValidationError) as ours:
        StrictNumber.model_validate({"colour": "red"})
    assert ours.value.errors() == theirs.value.errors()
