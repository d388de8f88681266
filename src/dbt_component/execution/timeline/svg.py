"""Elements of an SVG as text. All text that comes from outside is made safe here."""

import unicodedata
from html import escape

_NARROW = frozenset("iljtfrI.,:;|!'()[]{} /-·")
_BROAD = frozenset("mwMW@%…")
_INVISIBLE = frozenset({"Cc", "Cf", "Cs"})  # control, direction of writing, halves of characters
_NOT_IN_XML = "\ufffe\uffff"

SvgValue = str | float


def element(name: str, content: str = "", /, **attributes: SvgValue) -> str:
    """An element. ``content`` is SVG; underscores in names of attributes stand for hyphens."""
    given = "".join(
        f' {key.strip("_").replace("_", "-")}="{_value(value)}"'
        for key, value in attributes.items()
    )
    return f"<{name}{given}>{content}</{name}>" if content else f"<{name}{given}/>"


def text(content: str, x: float, y: float, /, **attributes: SvgValue) -> str:
    return element("text", safe_text(content), x=x, y=y, **attributes)


def safe_text(content: str) -> str:
    """Text as XML; what can't be shown, or changes how other text is shown, becomes ``�``."""
    shown = (
        "\ufffd"
        if character in _NOT_IN_XML or unicodedata.category(character) in _INVISIBLE
        else character
        for character in content
    )
    return escape("".join(shown))


def text_width(content: str, size: float) -> float:
    """About how wide text is in a sans-serif font of ``size``; rather too much than too little."""
    return size * sum(map(_width, content))


def shortened(content: str, width: float, size: float) -> str:
    """The beginning of a text, as much as fits, with ``…`` if it is cut."""
    if text_width(content, size) <= width:
        return content
    left = width - text_width("…", size)
    for end, character in enumerate(content):
        left -= size * _width(character)
        if left < 0:
            return f"{content[:end]}…"
    return content


def _width(character: str) -> float:
    if character in _NARROW:
        return 0.36
    if character in _BROAD:
        return 1.0
    if unicodedata.east_asian_width(character) in "WF":
        return 1.1
    return 0.72 if character.isupper() else 0.6


def _value(value: SvgValue) -> str:
    if isinstance(value, str):
        return safe_text(value)
    return f"{round(value, 1) + 0.0:g}"  # the sum makes -0 a 0
