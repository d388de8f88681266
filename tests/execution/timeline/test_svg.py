"""No text from outside can break an SVG, and cut text fits."""

import xml.etree.ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dbt_component.execution.timeline.svg import element, safe_text, shortened, text, text_width

ANY_TEXT = st.text(st.characters())  # surrogates and control characters too


@given(content=ANY_TEXT, attribute=ANY_TEXT)
def test_any_text_makes_a_well_formed_element_with_that_text(content: str, attribute: str) -> None:
    made = text(content, 1, 2, aria_label=attribute)
    root = ET.fromstring(made.encode())
    assert len(root) == 0
    assert len(root.text or "") == len(content)
    assert set(root.attrib) == {"x", "y", "aria-label"}


def test_what_would_hide_or_turn_text_is_shown_as_unknown() -> None:
    assert safe_text("a\u202eb\x00c\ud800d\uffff") == "a�b�c�d�"
    assert safe_text("café 表 <&>\"'") == "café 表 &lt;&amp;&gt;&quot;&#x27;"


def test_numbers_are_short() -> None:
    assert element("rect", x=1.0, y=2.25, width=-0.04) == '<rect x="1" y="2.2" width="0"/>'


@given(content=ANY_TEXT, width=st.floats(0, 300))
def test_cut_text_fits_and_is_the_beginning(content: str, width: float) -> None:
    cut = shortened(content, width, 11)
    if cut != content:
        assert content.startswith(cut.removesuffix("…"))
        assert cut == "…" or text_width(cut, 11) <= width + 0.001
        assert text_width(content, 11) > width


@pytest.mark.parametrize(("one", "other"), [("i", "a"), ("a", "W"), ("a", "表")])
def test_letters_have_widths_of_their_own(one: str, other: str) -> None:
    assert text_width(one, 11) < text_width(other, 11)
