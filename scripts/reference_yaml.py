"""The keys of defs.yaml for docs/reference.md, from the JSON schema that editors and `dg check yaml` use."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from dbt_component import DbtCloudComponent, DbtProjectComponent

_Schema = Mapping[str, Any]
_UNSET = "__DAGSTER_UNSET_DEFAULT__"
# Keys of Dagster's own models that it does not describe.
_MEANINGS = {"translation.key": "The asset key, in place of the default one."}
_NAMES = {"object": "mapping", "integer": "number"}
_REFUSED = {"insights"}  # in the schema so that an error can explain it


class YamlPart:
    """The part of the page about YAML: a table of the keys at the top, and one for each key that holds keys.

    Args:
        schema: The JSON schema of a component.
        without: Keys that are described elsewhere.
    """

    def __init__(self, schema: _Schema, *, without: frozenset[str] = frozenset()) -> None:
        self._without = without
        self._definitions: Mapping[str, _Schema] = schema["$defs"]
        self._top = schema
        self.sections: dict[str, dict[str, tuple[_Schema, str]]] = {}
        """The keys of each mapping, each with its schema and when it is required or accepted."""
        for key, field in schema["properties"].items():
            if key in without:
                continue
            inner: dict[str, tuple[_Schema, str]] = {}
            mappings = self._mappings(field)
            for mapping in mappings:
                needed = mapping.get("required", [])
                for name, member in mapping["properties"].items():
                    note = "Required." if name in needed else ""
                    if any(name not in other["properties"] for other in mappings):
                        is_decisive = name in needed
                        note = "" if is_decisive else f"Only with `{', '.join(needed)}`."
                    inner.setdefault(f"{key}.{name}", (member, note))
            if inner:
                self.sections[key] = inner

    @classmethod
    def of_project(cls) -> "YamlPart":
        """The keys of DbtProjectComponent."""
        return cls(DbtProjectComponent.model().model_json_schema())

    @classmethod
    def of_platform(cls) -> "YamlPart":
        """The keys that DbtCloudComponent alone has."""
        known = frozenset(DbtProjectComponent.model().model_fields)
        return cls(DbtCloudComponent.model().model_json_schema(), without=known)

    def introduction(self) -> Iterator[str]:
        """What is said before the tables."""
        if not self._without:
            yield "The keys of `attributes:`, in a component of `type: dbt_component.DbtProjectComponent`."
            yield "In place of any value there may be a template, a string such as `{{ env('DBT_TARGET') }}`, that gives one."
            return
        shared = sorted(self._without & self._top["properties"].keys())
        yield "The keys of `attributes:`, in a component of `type: dbt_component.DbtCloudComponent` ([docs/dbt-cloud.md](dbt-cloud.md)), besides those"
        yield f"that it shares with DbtProjectComponent: {', '.join(f'`{key}`' for key in shared)}."

    def lines(self) -> Iterator[str]:
        """All lines of the part."""
        yield from self.introduction()
        yield ""
        required = self._top.get("required", ())
        yield from self._table(
            {
                key: (field, "Required." if key in required else "")
                for key, field in self._top["properties"].items()
                if key not in self._without
            }
        )
        for key, fields in self.sections.items():
            yield from ("", f"### `{key}`", "")
            if key == "project":
                yield "A mapping has either `project_dir`, for a project in a folder, or `repo_url`, for one in Git."
                yield ""
            yield from self._table(fields)

    def _table(self, fields: Mapping[str, tuple[_Schema, str]]) -> Iterator[str]:
        yield from ("| key | type | meaning |", "|---|---|---|")
        for key, (field, note) in fields.items():
            kind = f"[{self._type(field)}](#{key})" if key in self.sections else self._type(field)
            meaning = [" ".join(str(field.get("description") or _MEANINGS[key]).split())]
            if note:
                meaning.append(note)
            meaning.extend(self._kinds(field))
            default = field.get("default")
            if default not in (None, _UNSET, "") and "Default:" not in meaning[0]:
                meaning.append(f"Default: {_code(default)}.")
            examples = field.get("examples")
            if examples:
                meaning.append(f"Example: {_code(examples[0])}.")
            text = " ".join(meaning).replace("|", "\\|")
            yield f"| `{key}` | {kind} | {text} |"

    def _type(self, field: _Schema) -> str:
        """The types of a value in words. A string that can only be a template beside another type is not named."""
        found = [name for name in dict.fromkeys(self._types(field)) if name != "null"]
        if len(found) > 1 and not any(_is_plain_string(e) for e in field.get("examples", ())):
            found = [name for name in found if name != "string"]
        return " or ".join(found)

    def _types(self, field: _Schema) -> Iterator[str]:
        if "$ref" in field:
            yield "mapping"
        elif "enum" in field:
            yield " or ".join(f"`{value}`" for value in field["enum"] if value not in _REFUSED)
        elif "anyOf" in field:
            for part in field["anyOf"]:
                yield from self._types(part)
        elif "if" in field:
            yield from field["if"].get("type", ())
            yield from self._types(field["else"])
        elif field.get("type") == "array":
            of = " or ".join(map(_plural, dict.fromkeys(self._types(field["items"]))))
            yield f"list of {of}"
        elif "type" in field:
            yield _NAMES.get(field["type"], str(field["type"]))

    def _kinds(self, field: _Schema) -> Iterator[str]:
        """The keys of a mapping whose `type` decides on them."""
        for part in field.get("else", {}).get("allOf", ()):
            model = self._definitions[part["then"]["$ref"].rpartition("/")[2]]
            kind = part["if"]["properties"]["type"]["const"]
            needed = model.get("required", ())
            optional = [name for name in model["properties"] if name not in (*needed, "type")]
            parts = [
                f"{word} {', '.join(f'`{name}`' for name in names)}"
                for word, names in (("needs", needed), ("takes", optional))
                if names
            ]
            yield f"`type: {kind}` {' and '.join(parts) or 'has no further keys'}."

    def _mappings(self, field: _Schema) -> list[_Schema]:
        """The alternatives of a field that are mappings with known keys."""
        if "$ref" in field:
            field = self._definitions[field["$ref"].rpartition("/")[2]]
            return [field] if "properties" in field else []
        parts = [field[name] for name in ("then", "else", "items") if name in field]
        return [mapping for part in parts for mapping in self._mappings(part)]


def _plural(kind: str) -> str:
    return f"{kind}s" if kind.isalpha() else kind


def _is_plain_string(example: Any) -> bool:
    is_template = isinstance(example, str) and example.startswith("{{") and example.endswith("}}")
    return isinstance(example, str) and not is_template


def _code(value: Any) -> str:
    """A value as YAML in one line, as code in a cell of a table."""
    text = value if isinstance(value, str) else json.dumps(value)
    return f"`{text}`"
