"""The keys of defs.yaml for docs/reference.md, from the JSON schema that editors and `dg check yaml` use."""

from collections.abc import Iterator, Mapping
from typing import Any

from dbt_component import DbtProjectComponent

_Schema = Mapping[str, Any]
# Keys of Dagster's own models that it does not describe.
_MEANINGS = {"translation.key": "The asset key, in place of the default one."}


def yaml_lines() -> Iterator[str]:
    """A table of the keys of `attributes:`, and one for each of them that is a mapping or a list of mappings."""
    schema = DbtProjectComponent.model().model_json_schema()
    yield "The keys of `attributes:`, in a component of `type: dbt_component.DbtProjectComponent`."
    yield ""
    yield from _table(schema["properties"])
    for key, field in schema["properties"].items():
        inner: dict[str, _Schema] = {}
        for mapping in _mappings(field, schema["$defs"]):
            for name, member in mapping["properties"].items():
                inner.setdefault(f"{key}.{name}", member)
        if inner:
            yield from ("", f"### `{key}`", "")
            yield from _table(inner)


def _table(fields: Mapping[str, _Schema]) -> Iterator[str]:
    yield from ("| key | meaning |", "|---|---|")
    for key, field in fields.items():
        described = field.get("description") or _MEANINGS[key]
        meaning = " ".join(str(described).split()).replace("|", "\\|")
        yield f"| `{key}` | {meaning} |"


def _mappings(field: _Schema, definitions: Mapping[str, _Schema]) -> list[_Schema]:
    """The alternatives of a field that are mappings with known keys."""
    if "$ref" in field:
        field = definitions[field["$ref"].rpartition("/")[2]]
        return [field] if "properties" in field else []
    parts = [field[name] for name in ("then", "else", "items") if name in field]
    return [mapping for part in parts for mapping in _mappings(part, definitions)]
