"""The public Python names for docs/reference.md, from signatures and docstrings."""

import inspect
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import dagster as dg
import griffe
from reference_docstring import docstring_lines, listed, one_line
from reference_members import constructor_of, members_of, public_bases
from reference_signature import Signatures

import dbt_component
from dbt_component import errors
from dbt_component.execution import event_iterator

_SOURCES = Path(__file__).resolve().parents[1] / "src"
# Where a name's module is -> the title of its section. The first that fits counts.
_SECTIONS = {
    "cloud": "The dbt platform",
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
    "The dbt platform",
    "From before `@dbt_assets`",
    "Errors",
)
_MADE_BY = {
    "DbtCliInvocation": "DbtCliResource.cli",
    "DbtCloudCliInvocation": "DbtCloudWorkspace.cli",
    "DbtEventIterator": "DbtCliInvocation.stream",
}


class PythonPart:
    """The part of the page about Python, with a section for each kind of names."""

    def __init__(self) -> None:
        package = griffe.load("dbt_component", search_paths=[_SOURCES])
        assert isinstance(package, griffe.Module)
        self._signatures = Signatures(package)
        self.sections: dict[str, list[str]] = {title: [] for title in _ORDER}
        """The public names of each section, sorted."""
        self._objects: dict[str, griffe.Object] = {}
        for name in sorted(dbt_component.__all__, key=str.lower):
            found = package[name]
            found = found.final_target if isinstance(found, griffe.Alias) else found
            self._objects[name] = found
            self.sections[_title(found)].append(name)
        self._other_errors = {
            name: error
            for module in (errors, event_iterator)
            for name, error in _errors_in(module).items()
            if name not in self._objects
        }

    def lines(self) -> Iterator[str]:
        """All lines of the part."""
        for title, names in self.sections.items():
            yield from (f"### {title}", "")
            for name in names:
                yield from self._object_lines(name, self._objects[name])
            if title == "Errors":
                yield from self._other_error_lines()
        yield from self._alias_lines()

    def link(self, name: str) -> str:
        """A name as code, linked if the page describes it."""
        owner, _, member = name.removeprefix("@").partition("(")[0].partition(".")
        found = self._objects.get(owner)
        if owner in self._other_errors and not member:
            return f"[`{name}`](#other-errors)"
        if found is None or (member and member not in self._methods_of(found)):
            return f"`{name}`"
        return f"[`{name}`](#{anchor(f'{owner}.{member}' if member else owner)})"

    def _methods_of(self, found: griffe.Object) -> set[str]:
        if not isinstance(found, griffe.Class):
            return set()
        return {name for name, member in found.all_members.items() if member.is_function}

    @property
    def _public(self) -> set[str]:
        return {*self._objects, *self._other_errors}

    def _object_lines(self, name: str, found: griffe.Object) -> Iterator[str]:
        yield from (f"#### `{name}`", "")
        value = getattr(dbt_component, name)
        if isinstance(value, dg.ResourceDefinition):
            yield from ("A `dagster.ResourceDefinition`.", "")
            yield from docstring_lines(found, self.link)
            fields = value.config_schema.config_type.fields  # type: ignore[union-attr]
            meanings = {key: str(field.description) for key, field in fields.items()}
            yield from listed("Configuration, all of it optional", meanings, self.link)
        elif isinstance(found, griffe.Class):
            yield from self._class_lines(name, found)
        elif isinstance(found, griffe.Function):
            yield from self._signatures.lines(name, [*found.parameters], returns=found.returns)
            yield from docstring_lines(found, self.link)
        else:
            yield from ("```py", f"{name} = {value!r}".replace("'", '"'), "```", "")
            yield from docstring_lines(found, self.link)

    def _class_lines(self, name: str, found: griffe.Class) -> Iterator[str]:
        parameters = constructor_of(found)
        is_error = issubclass(getattr(dbt_component, name), Exception)
        if name in _MADE_BY:
            yield from (f"Returned by {self.link(_MADE_BY[name])}.", "")
        elif "__init__" in found.members or not is_error:
            yield from self._signatures.lines(name, parameters)
        bases = ", ".join(
            self.link(base) for base in dict.fromkeys(public_bases(found, self._public))
        )
        if bases:
            yield from (f"A subclass of {bases}.", "")
        is_dataclass = "dataclass" in found.labels
        title = "Arguments, which are also attributes" if is_dataclass else "Arguments"
        lines = list(docstring_lines(found, self.link, arguments=title))
        if name in _MADE_BY:
            lines = _without_list(lines, "Arguments")
        elif f"{title}:" not in lines:
            end = lines.index("Raises:") if "Raises:" in lines else len(lines)
            lines[end:end] = listed("Fields", _descriptions(name), self.link)
        yield from lines
        arguments = set() if name in _MADE_BY else {parameter.name for parameter in parameters}
        members = members_of(found, self._public, described=arguments)
        if members.attributes:
            yield from ("Properties:", "")
            for member_name, attribute in members.attributes.items():
                yield from self._property_lines(member_name, attribute)
            yield ""
        for member_name, method in members.methods.items():
            yield from (f"##### `{name}.{member_name}`", "")
            yield from self._signatures.lines(
                member_name,
                [*method.parameters],
                returns=method.returns,
                decorator="classmethod" if "classmethod" in method.labels else None,
            )
            yield from docstring_lines(method, self.link)

    def _property_lines(self, name: str, attribute: griffe.Attribute) -> Iterator[str]:
        kind = (
            "" if attribute.annotation is None else self._signatures.type_text(attribute.annotation)
        )
        head = f"- `{name}`" + (f" (`{kind}`)" if kind else "")
        text, raised = [], []
        for line in docstring_lines(attribute, self.link):
            if line.startswith("- "):
                raised.append(f"  {line}")
            elif line and line != "Raises:":
                text.append(line)
        yield f"{head}: {' '.join(text)}" + (" Raises:" if raised else "")
        yield from raised

    def _other_error_lines(self) -> Iterator[str]:
        yield from ("#### Other errors", "")
        yield from ("From `dbt_component.errors`, unless another module is named.", "")
        yield from ("| error | a subclass of | meaning |", "|---|---|---|")
        for name, error in self._other_errors.items():
            base = error.__bases__[0].__name__
            shown = self.link(base) if base in self._objects else f"`{base}`"
            meaning = one_line((inspect.getdoc(error) or "").partition("\n\n")[0], self.link)
            if error.__module__ != errors.__name__:
                meaning += f" From `{error.__module__}`."
            yield f"| `{name}` | {shown} | {meaning} |"
        yield ""

    def _alias_lines(self) -> Iterator[str]:
        yield from (
            "### Types in signatures",
            "",
            "`dg` is `dagster`. These names stand for other types:",
            "",
        )
        for name, alias in sorted(self._signatures.aliases.items()):
            assert alias.value is not None
            meaning = " ".join(docstring_lines(alias, self.link)).strip()
            if not meaning:
                raise ValueError(f"{alias.path} is in a public signature and has no docstring.")
            yield f"- `{name}`: `{self._signatures.type_text(alias.value)}`. {meaning}"
        yield from ("", "These classes are not exported:", "")
        for name, found in sorted(self._signatures.classes.items()):
            if name in self._public:
                continue
            if found.docstring is None:
                raise ValueError(f"{found.path} is in a public signature and has no docstring.")
            first = found.docstring.value.partition("\n\n")[0]
            yield f"- `{found.path}`: {one_line(first, self.link)}"


def anchor(heading: str) -> str:
    """The anchor that GitHub gives a heading."""
    kept = (c for c in heading.lower() if c.isalnum() or c in "_- ")
    return "".join(kept).replace(" ", "-")


def _title(found: griffe.Object) -> str:
    home = found.path.removeprefix("dbt_component.")
    for prefix, title in _SECTIONS.items():
        if home.startswith(f"{prefix}."):
            return title
    raise ValueError(f"Give {found.path} a section in scripts/reference_python.py.")


def _errors_in(module: ModuleType) -> dict[str, type[Exception]]:
    return {
        name: value
        for name, value in vars(module).items()
        if inspect.isclass(value)
        and issubclass(value, errors.DagsterDbtError)
        and value.__module__ == module.__name__
    }


def _descriptions(name: str) -> dict[str, str]:
    """The descriptions of a pydantic class's fields."""
    fields: dict[str, Any] = getattr(getattr(dbt_component, name), "model_fields", {})
    return {key: str(field.description) for key, field in fields.items() if field.description}


def _without_list(lines: list[str], title: str) -> list[str]:
    """The lines without one list and its title."""
    if f"{title}:" not in lines:
        return lines
    start = lines.index(f"{title}:")
    end = lines.index("", start + 2) + 1
    return lines[:start] + lines[end:]
