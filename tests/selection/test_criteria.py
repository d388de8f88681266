"""Criteria of a selection: valid combinations, cache key and text form."""

import itertools

import pytest

from dbt_component.errors import SelectionError
from dbt_component.selection.criteria import DEFAULT_SELECT, SelectionCriteria


@pytest.mark.parametrize(
    ("fields", "conflict"),
    [
        ({"select": "a"}, "`select` 'a'"),
        ({"exclude": "b"}, "`exclude` 'b'"),
        ({"select": "a", "exclude": "b"}, "`select` 'a'"),
    ],
)
def test_a_selector_can_not_be_combined(fields: dict[str, str], conflict: str) -> None:
    with pytest.raises(SelectionError) as caught:
        SelectionCriteria(selector="nightly", **fields)
    assert f"`selector` 'nightly' can't be combined with {conflict}" in str(caught.value)


@pytest.mark.parametrize("select", ["", "*", DEFAULT_SELECT])
def test_a_selector_may_accompany_a_select_of_everything(select: str) -> None:
    assert SelectionCriteria(select=select, selector="nightly").selector == "nightly"


@pytest.mark.parametrize(
    ("criteria", "expected"),
    [
        (SelectionCriteria(), True),
        (SelectionCriteria(select=""), True),
        (SelectionCriteria(select="*"), True),
        (SelectionCriteria(select="fqn:*"), True),
        (SelectionCriteria(select="tag:daily"), False),
        (SelectionCriteria(select="* tag:daily"), False),
        (SelectionCriteria(exclude="orders"), False),
        (SelectionCriteria(select="*", exclude="orders"), False),
        (SelectionCriteria(selector="nightly"), False),
    ],
)
def test_only_unrestricted_criteria_are_everything(
    criteria: SelectionCriteria, expected: bool
) -> None:
    assert criteria.is_everything is expected


def test_cache_keys_differ_between_different_criteria() -> None:
    different = [
        SelectionCriteria(),
        SelectionCriteria(select="a"),
        SelectionCriteria(select="a b"),
        SelectionCriteria(select="a", exclude="b"),
        SelectionCriteria(exclude="a"),
        SelectionCriteria(selector="a"),
    ]
    for one, other in itertools.combinations(different, 2):
        assert one.cache_key != other.cache_key


def test_equal_criteria_have_the_same_cache_key() -> None:
    one, other = (SelectionCriteria(select="a", exclude="b") for _ in range(2))
    assert one == other
    assert one.cache_key == other.cache_key


@pytest.mark.parametrize(
    ("criteria", "text"),
    [
        (SelectionCriteria(), "--select 'fqn:*'"),
        (SelectionCriteria(select="tag:daily orders+"), "--select 'tag:daily orders+'"),
        (SelectionCriteria(select="a", exclude="b"), "--select 'a' --exclude 'b'"),
        (SelectionCriteria(exclude="b"), "--select 'fqn:*' --exclude 'b'"),
        (SelectionCriteria(selector="nightly"), "--selector 'nightly'"),
    ],
)
def test_the_text_form_is_dbts_command_line(criteria: SelectionCriteria, text: str) -> None:
    assert str(criteria) == text
