"""Pydantic models whose errors name the key in the file and suggest known keys for an unknown one."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cache
from typing import Any, ClassVar

import dagster as dg
from pydantic import (
    BaseModel,
    ConfigDict,
    GetJsonSchemaHandler,
    ModelWrapValidatorHandler,
    ValidationError,
    model_validator,
)
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema
from typing_extensions import Self

from dbt_component._dagster import derive_model_type

# YAML 1.1 reads this key as true, unless it is quoted.
_ON = "on"
_REMARKS = {
    "translator_settings": "the key is `translation_settings`",
    "cron": "the key is `cron_schedule`",
    "timezone": "the key is `execution_timezone`",
    "status": "the key is `default_status`",
    "target_path": "each run has a target folder of its own",
    "log_path": "each run has a target folder of its own, with dbt's log",
    "log_format": "events do not come from dbt's log, whose format does not matter",
    "state": "set `project.state_path`",
    "defer_state": "set `project.state_path` and `defer`",
    "profiles_dir": "set it in `project`",
}
_SECRETS = frozenset({"token"})
_HIDDEN = "***"


class StrictModel(dg.Model):
    """A model that rejects unknown keys and suggests known ones."""

    remarks: ClassVar[Mapping[str, str]] = _REMARKS
    """What is said of certain unknown keys."""

    @model_validator(mode="wrap")
    @classmethod
    def _suggest_keys(cls, value: Any, handler: ModelWrapValidatorHandler[Self]) -> Self:
        if isinstance(value, Mapping) and True in value and _ON in cls.model_fields:
            value = {_ON if key is True else key: item for key, item in value.items()}
        try:
            return handler(value)
        except ValidationError as error:
            details = [
                {**_with_suggestion(cls, detail), "loc": _key_path(value, detail)}
                for detail in error.errors()
            ]
            raise ValidationError.from_exception_data(
                error.title, _without_alternatives(details)
            ) from None

    @classmethod
    def __get_pydantic_json_schema__(
        cls, core_schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        """Lets `dg check yaml` list the known keys when it refuses one."""
        schema = handler.resolve_ref_schema(handler(core_schema))
        if schema.pop("additionalProperties", True) is False:
            names: list[str | bool] = sorted(schema["properties"])
            schema["propertyNames"] = {"enum": [*names, True] if _ON in names else names}
        schema["properties"] = {
            name: _mended(field, handler.resolve_ref_schema)
            for name, field in schema.get("properties", {}).items()
        }
        return schema


_SCALARS = ("boolean", "integer", "number")


def _mended(
    field: JsonSchemaValue, resolve: Callable[[JsonSchemaValue], JsonSchemaValue]
) -> JsonSchemaValue:
    """The schema of a field with conditions in place of alternatives: one is a template, in every field.

    JSON schema names no key in a value that fits none of several alternatives, but it does in the branch of a
    condition.
    """
    members = field.get("anyOf", [])
    texts = [m["type"] for m in members if m.get("type") in ("string", "null")]
    scalars = [m["type"] for m in members if m.get("type") in _SCALARS]
    mappings = [m for m in members if m.get("type") not in (*texts, *scalars)]
    if not texts or (scalars and not mappings):
        return field
    if len(mappings) == 1:
        chosen = mappings[0]
    else:
        types = [resolve(m).get("properties", {}).get("type", {}).get("const") for m in mappings]
        if None in types or not types:
            return field
        chosen = {"type": "object", "required": ["type"], "properties": {"type": {"enum": types}}}
        chosen["allOf"] = [
            {"if": {"required": ["type"], "properties": {"type": {"const": kind}}}, "then": mapping}
            for kind, mapping in zip(types, mappings, strict=True)
        ]
    others = {name: item for name, item in field.items() if name != "anyOf"}
    return {**others, "if": {"type": texts + scalars}, "then": {}, "else": chosen}


@dataclass(frozen=True, eq=False)
class Condition:
    """An annotation of a union of text and two mappings: the condition of the first mapping in JSON schema."""

    first_mapping: JsonSchemaValue

    def __get_pydantic_json_schema__(
        self, core_schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        """Returns the schema of the mappings; the alternative of text is that of a template."""
        _text, first, second = handler(core_schema)["oneOf"]
        return {"type": "object", "if": self.first_mapping, "then": first, "else": second}


def _with_suggestion(model: type[StrictModel], detail: Any) -> Any:
    kept = {name: detail[name] for name in ("type", "loc", "ctx") if name in detail}
    is_secret = not _SECRETS.isdisjoint(detail["loc"])
    kept["input"] = _HIDDEN if is_secret else _without_secrets(detail.get("input"))
    if detail["type"] != "extra_forbidden" or len(detail["loc"]) != 1:
        return kept
    key = str(detail["loc"][0])
    known = sorted(model.model_fields)
    close = get_close_matches(key, known, n=2)
    if key in model.remarks:
        remark = f"; {model.remarks[key]}"
    elif close:
        remark = f". Did you mean {' or '.join(map(repr, close))}?"
    else:
        remark = f". Known keys: {', '.join(known)}."
    message = ValueError(f"Unknown key {key!r}{remark}")
    return {**kept, "type": "value_error", "ctx": {"error": message}}


def _without_secrets(value: Any) -> Any:
    """A value of the file as messages may show it."""
    if isinstance(value, Mapping):
        return {
            key: _HIDDEN if key in _SECRETS else _without_secrets(item)
            for key, item in value.items()
        }
    if isinstance(value, list):
        return [_without_secrets(item) for item in value]
    return value


def _key_path(value: Any, detail: Any) -> tuple[str | int, ...]:
    """The path of keys to an error in the file, without the union members in pydantic's path.

    Dagster looks up the line by this path.
    """
    if not isinstance(value, Mapping):
        return tuple(detail["loc"])
    path: list[str | int] = []
    for key in detail["loc"]:
        is_key = isinstance(value, Mapping) and key in value
        if is_key or (isinstance(value, list) and isinstance(key, int)):
            path.append(key)
            value = value[key]
    if detail["type"] == "missing":
        path.append(detail["loc"][-1])
    return tuple(path)


def _without_alternatives(details: list[Any]) -> list[Any]:
    """Removes errors of the alternatives of a mapping: text, which every field may be as a template, and a switch."""
    unique = list({(d["type"], d["loc"], repr(d.get("ctx"))): d for d in details}.values())
    return [
        detail
        for detail in unique
        if detail["type"] not in ("string_type", "bool_type")
        or not any(
            other is not detail
            and other["loc"][: len(detail["loc"])] == detail["loc"]
            and (detail["type"] == "string_type" or len(other["loc"]) > len(detail["loc"]))
            for other in unique
        )
    ]


class StrictResolvable(StrictModel, dg.Resolvable):
    """Base of the nouns of defs.yaml: frozen, with templates resolved by Dagster.

    A field's type, default, description and examples are also its entry in the component's schema.
    """

    model_config = ConfigDict(frozen=True)

    @classmethod
    def model(cls) -> type[BaseModel]:
        return strict(derive_model_type(cls))


@cache
def strict(model: type[BaseModel], base: type[StrictModel] = StrictModel) -> type[BaseModel]:
    """A subclass of a derived model that suggests keys.

    Args:
        model: The model.
        base: What suggests them.
    """
    return type(model.__name__, (model, base), {"__module__": model.__module__})
