"""The public Python names for docs/reference.md, from signatures and docstrings, which are read and not imported."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import griffe

import dbt_component

_SOURCES = Path(__file__).resolve().parents[1] / "src"
# Where a name's module is -> the title of its section, in the order of the page.
_SECTIONS = {
    "component": "Components",
    "project": "Projects",
    "api.older": "From before `@dbt_assets`",
    "api.io": "Tables as DataFrames",
    "api": "Definitions, keys and selections",
    "definitions": "Translators",
    "execution.failure": "Errors",
    "execution": "Running dbt",
    "errors": "Errors",
}
_ORDER = (
    "Definitions, keys and selections",
    "Projects",
    "Running dbt",
    "Translators",
    "Tables as DataFrames",
    "Components",
    "From before `@dbt_assets`",
    "Errors",
)
_WIDTH = 100
# What other modules of the package call.
_NOT_FOR_USERS = {
    "DbtCliInvocation.expected",
    "DbtCliInvocation.fetch_also",
    "DbtCliInvocation.has_begun",
    "DbtCliInvocation.has_nothing_to_run",
    "DbtCliInvocation.has_only_failed_nodes",
    "DbtCliInvocation.reported",
    "DbtCliInvocation.start",
    "DbtCliInvocation.stop",
    "DbtCliInvocation.wait_in_background",
    "DbtProjectComponent.bind_to_file",
    "DbtProjectComponent.bind_to_project",
    "DbtProjectComponent.check_templates",
    "DbtProjectComponent.open_stored",
    "DbtProjectComponent.remember_inputs",
}


def python_lines() -> Iterator[str]:
    """A section for each kind of names, with signature, meaning, arguments, members and errors of each."""
    package = griffe.load("dbt_component", search_paths=[_SOURCES])
    by_section: dict[str, list[tuple[str, griffe.Object]]] = {title: [] for title in _ORDER}
    for name in sorted(dbt_component.__all__):
        found = package[name]
        if isinstance(found, griffe.Alias):
            found = found.final_target
        home = found.path.removeprefix("dbt_component.").rpartition(".")[0]
        by_section[_title(home)].append((name, found))
    for title, members in by_section.items():
        yield from (f"### {title}", "")
        for name, found in members:
            yield from _object_lines(name, found)


def _title(home: str) -> str:
    return next(title for prefix, title in _SECTIONS.items() if f"{home}.".startswith(f"{prefix}."))


def _object_lines(name: str, found: griffe.Object) -> Iterator[str]:
    yield from (f"#### `{name}`", "")
    if isinstance(found, griffe.Class):
        yield from _class_lines(name, found)
    elif isinstance(found, griffe.Function):
        yield from _code(found.signature(name=name))
        yield from _docstring_lines(found)
    else:
        yield from _docstring_lines(found)
        if found.docstring is None and isinstance(found, griffe.Attribute):
            yield from (f"`{found.value}`", "")


def _class_lines(name: str, found: griffe.Class) -> Iterator[str]:
    bases = [str(base) for base in found.bases]
    inherited = ", ".join(f"`{base.rpartition('.')[2].partition('[')[0]}`" for base in bases)
    yield from _code(found.signature(name=name))
    if inherited:
        yield from (f"A subclass of {inherited}.", "")
    yield from _docstring_lines(found)
    attributes, methods = [], []
    for member_name, member in found.members.items():
        if member_name.startswith("_") or isinstance(member, griffe.Alias):
            continue
        if member.docstring is None or f"{name}.{member_name}" in _NOT_FOR_USERS:
            continue
        if isinstance(member, griffe.Function):
            if not any(str(decorator.value) == "override" for decorator in member.decorators):
                methods.append((member_name, member))
        elif isinstance(member, griffe.Attribute):
            attributes.append((member_name, member))
    if attributes:
        yield from ("Properties:", "")
        for member_name, member in attributes:
            assert member.docstring is not None
            first = member.docstring.value.split("\n\n")[0]
            yield f"- `{member_name}`{_annotation(member.annotation)}: {_text(first)}"
        yield ""
    for member_name, method in methods:
        yield from (f"##### `{name}.{member_name}`", "")
        yield from _code(method.signature(name=member_name))
        yield from _docstring_lines(method)


def _docstring_lines(found: griffe.Object) -> Iterator[str]:
    if found.docstring is None:
        return
    for section in found.docstring.parse("google", warnings=False):
        if isinstance(section, griffe.DocstringSectionText):
            for paragraph in re.split(r"\n\s*\n", section.value.strip()):
                yield from (*_paragraph(paragraph), "")
        elif isinstance(section, griffe.DocstringSectionParameters):
            yield from ("Arguments:", "")
            for parameter in section.value:
                yield f"- `{parameter.name}`: {_text(parameter.description)}"
            yield ""
        elif isinstance(section, griffe.DocstringSectionReturns):
            yield from (f"Returns: {_text(' '.join(r.description for r in section.value))}", "")
        elif isinstance(section, griffe.DocstringSectionRaises):
            yield from ("Raises:", "")
            for error in section.value:
                yield f"- `{error.annotation}`: {_text(error.description)}"
            yield ""
        elif isinstance(section, griffe.DocstringSectionAttributes):
            yield from ("Attributes:", "")
            for attribute in section.value:
                yield f"- `{attribute.name}`: {_text(attribute.description)}"
            yield ""
        elif isinstance(section, griffe.DocstringSectionAdmonition):
            yield from (f"{section.title}: {_text(section.value.description)}", "")
        else:
            raise NotImplementedError(f"{found.path} has a section of kind {section.kind}")


def _paragraph(text: str) -> list[str]:
    """A list keeps its lines; other text becomes one line."""
    if re.match(r"\s*[-*] ", text):
        return [_text(item) for item in re.split(r"\n(?=\s*[-*] )", text)]
    return [_text(text)]


def _code(signature: str) -> Iterator[str]:
    """A signature, with an argument in each line if it is long."""
    yield "```py"  # a signature, not code that runs
    if len(signature) <= _WIDTH:
        yield signature
    else:
        head, arguments, tail = _parts(signature)
        yield f"{head}("
        for argument in arguments:
            yield f"    {argument},"
        yield tail
    yield from ("```", "")


def _parts(signature: str) -> tuple[str, list[str], str]:
    """The name, the arguments and the end of a signature such as ``f(a: dict[str, int], b) -> int``."""
    head, _, rest = signature.partition("(")
    depth, start, arguments = 0, 0, []
    for position, character in enumerate(rest):
        if character in "([{":
            depth += 1
        elif character in ")]}" and depth:
            depth -= 1
        elif character == "," and not depth:
            arguments.append(rest[start:position].strip())
            start = position + 1
        elif character == ")":
            arguments.append(rest[start:position].strip())
            return head, [a for a in arguments if a], rest[position:]
    raise ValueError(signature)


def _annotation(annotation: Any) -> str:
    return f" (`{annotation}`)" if annotation is not None else ""


def _text(text: str) -> str:
    """One line, with code marked as Markdown does."""
    return " ".join(text.replace("``", "`").split())
