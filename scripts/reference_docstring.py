"""Docstrings in Google style as Markdown."""

import re
from collections.abc import Callable, Iterator, Mapping

import griffe

Link = Callable[[str], str]
"""Returns a name as code, linked if the page has a section about it."""

_CODE = re.compile(r"(``[^`]+``|`[^`]+`)")


def docstring_lines(
    found: griffe.Object, link: Link, *, arguments: str = "Arguments"
) -> Iterator[str]:
    """The lines of an object's docstring, each part followed by an empty line.

    Args:
        found: The object; without a docstring there are no lines.
        link: Links the names of public objects.
        arguments: Title of the list of arguments.

    Raises:
        NotImplementedError: The docstring has a section that this function does not know.
    """
    if found.docstring is None:
        return
    for section in found.docstring.parse("google", warnings=False):
        if isinstance(section, griffe.DocstringSectionText):
            for paragraph in re.split(r"\n\s*\n", section.value.strip()):
                yield from (*_paragraph(paragraph, link), "")
        elif isinstance(section, griffe.DocstringSectionParameters):
            yield from listed(arguments, {p.name: p.description for p in section.value}, link)
        elif isinstance(section, griffe.DocstringSectionReturns):
            returned = " ".join(r.description for r in section.value)
            yield from (f"Returns: {one_line(returned, link)}", "")
        elif isinstance(section, griffe.DocstringSectionRaises):
            yield from ("Raises:", "")
            for error in section.value:
                yield f"- {link(str(error.annotation))}: {one_line(error.description, link)}"
            yield ""
        elif isinstance(section, griffe.DocstringSectionAdmonition):
            yield from (f"{section.title}: {one_line(section.value.description, link)}", "")
        else:
            raise NotImplementedError(f"{found.path} has a section of kind {section.kind}")


def listed(title: str, meanings: Mapping[str, str], link: Link) -> Iterator[str]:
    """A list of names with their meanings; nothing if there are none."""
    if not meanings:
        return
    yield from (f"{title}:", "")
    for name, meaning in meanings.items():
        yield f"- `{name}`: {one_line(meaning, link)}"
    yield ""


def one_line(text: str, link: Link) -> str:
    """Text in one line, with code marked as Markdown does and public names linked."""
    parts = _CODE.split(" ".join(text.split()))
    return "".join(link(part.strip("`")) if n % 2 else part for n, part in enumerate(parts))


def _paragraph(text: str, link: Link) -> list[str]:
    """A list keeps its lines; other text becomes one line."""
    if re.match(r"\s*[-*] ", text):
        return [one_line(item, link) for item in re.split(r"\n(?=\s*[-*] )", text)]
    return [one_line(text, link)]
