"""Compiles ``translation:`` of defs.yaml once and applies it to every node."""

import re
from collections.abc import Callable, Mapping
from typing import Any

import dagster as dg
from dagster import ResolutionContext
from jinja2 import TemplateSyntaxError, UndefinedError
from pydantic import BaseModel, ValidationError

from dbt_component._dagster import resolve_partitions_def, scope_attributes
from dbt_component.definitions.asset_attributes import AssetAttributes
from dbt_component.definitions.automation_condition import parse_automation_condition
from dbt_component.definitions.freshness_policy import parse_freshness_policy
from dbt_component.definitions.yaml_place import find_place
from dbt_component.errors import DagsterDbtError, TranslationError
from dbt_component.manifest.node_props import NodeProps
from dbt_component.translation.template import (
    Render,
    UndefinedValueError,
    compile_template,
    compile_value,
)
from dbt_component.translation.template_names import explain_unknown_attribute

TranslationFn = Callable[[dg.AssetSpec, NodeProps], dg.AssetSpec]
"""Returns the final spec of an asset, given the spec by default rules and the node's entry in manifest.json."""

_TEXT_FIELDS = frozenset({"description", "group_name", "code_version"})
_PARSED_FIELDS = {
    "automation_condition": parse_automation_condition,
    "freshness_policy": parse_freshness_policy,
}
_NOT_USER_CODE = frozenset({"dagster", "dagster_shared", "dbt_component", "jinja2", "pydantic"})
_DEFAULT_EXAMPLE = "\"{{ node.meta.owner | default('team:data') }}\""
_SCOPE_HINT = "`node` is the node's entry in manifest.json, `spec` its asset by default rules."


PartitionsResolver = Callable[[ResolutionContext, Any], dg.PartitionsDefinition | None]


def compile_translation(
    context: ResolutionContext,
    model: Any,
    *,
    resolve_partitions: PartitionsResolver = resolve_partitions_def,
) -> TranslationFn:
    """Compiles the ``translation`` of a component.

    Args:
        context: Resolution context of the key; gives scope and source position.
        model: The mapping form (a pydantic model) or the string form (a template that returns an
            AssetSpec, a mapping, or such a model).
        resolve_partitions: Builds partitions from their model.

    Returns:
        A function from (spec, node) to the translated spec.

    Raises:
        TranslationError: A template is malformed; raised before any node is translated.
    """
    if isinstance(model, str):
        return _StringTranslation(context, model)
    return _MappingTranslation(context, model, resolve_partitions)


class _MappingTranslation:
    """The mapping form: compiled templates by field, whose results are converted to the field's type."""

    def __init__(
        self,
        context: ResolutionContext,
        model: BaseModel,
        resolve_partitions: PartitionsResolver = resolve_partitions_def,
    ) -> None:
        self._context = context
        self._fields: list[tuple[str, Any, Render]] = []
        known = {name: scope_attributes(value) for name, value in context.scope.items()}
        for name in sorted(model.model_fields_set):
            value = getattr(model, name)
            try:
                render = _compile_field(context, name, value, resolve_partitions)
                problem = explain_unknown_attribute(value, known)
            except TemplateSyntaxError as error:
                raise TranslationError(
                    f"Malformed template in translation.{name}: {value!r}: {(error.message or '').rstrip('.')}.",
                    where=find_place(context, name),
                ) from None
            if problem is not None:
                raise TranslationError(
                    f"translation.{name} is {value!r}, but {problem}",
                    where=find_place(context, name),
                )
            self._fields.append((name, value, render))

    def __call__(self, spec: dg.AssetSpec, node: NodeProps) -> dg.AssetSpec:
        scope = {**self._context.scope, "node": node, "spec": spec}
        values: dict[str, Any] = {}
        for name, source, render in self._fields:
            try:
                values[name] = _coerce(name, render(scope))
            except Exception as error:
                raise _failed(self._context, name, node, error, source) from _in_user_code(error)
        try:
            return _apply(spec, values)
        except _RefusedValueError as refused:
            sources = {name: source for name, source, _ in self._fields}
            source = sources.get(refused.name, sources.get("key_prefix"))
            raise _failed(self._context, refused.name, node, refused.error, source) from None


class _StringTranslation:
    """The string form: one template whose value is the complete result."""

    def __init__(self, context: ResolutionContext, source: str) -> None:
        self._context = context
        self._source = source
        try:
            self._render = compile_template(source)
        except TemplateSyntaxError as error:
            raise TranslationError(
                f"Malformed template in translation: {source!r}: {(error.message or '').rstrip('.')}.",
                where=find_place(context),
            ) from None

    def __call__(self, spec: dg.AssetSpec, node: NodeProps) -> dg.AssetSpec:
        try:
            result = self._render({**self._context.scope, "node": node, "spec": spec})
        except Exception as error:
            raise _failed(self._context, None, node, error, self._source) from _in_user_code(error)
        if isinstance(result, dg.AssetSpec):
            return result
        if isinstance(result, Mapping):
            try:
                result = AssetAttributes(**result)
            except ValidationError as error:
                raise _failed(self._context, None, node, error, dict(result)) from None
        if isinstance(result, BaseModel):
            return _MappingTranslation(self._context, result)(spec, node)
        raise TranslationError(
            f"translation returned {type(result).__name__} for {node['unique_id']!r}.",
            where=find_place(self._context),
            hint="Return an AssetSpec, or a mapping of asset attributes.",
        )


def _compile_field(
    context: ResolutionContext, name: str, value: Any, resolve_partitions: PartitionsResolver
) -> Render:
    if isinstance(value, BaseModel):
        if name == "partitions_def":
            partitions_def = resolve_partitions(context.at_path(name), value)
            return lambda scope: partitions_def
        value = value.model_dump(exclude_unset=True)
    return compile_value(value, is_text=name in _TEXT_FIELDS or name in _PARSED_FIELDS)


def _coerce(name: str, value: Any) -> Any:
    if value is None:
        return None
    if name in _PARSED_FIELDS:
        return _PARSED_FIELDS[name](value)
    if name in _TEXT_FIELDS:
        return str(value)
    if name == "key":
        return _asset_key(value)
    if name == "key_prefix":
        return [value] if isinstance(value, str) else [str(part) for part in value]
    if name == "deps":
        return [_asset_key(dep) for dep in value]
    if name == "tags":
        return {str(key): str(tag) for key, tag in value.items()}
    if name in ("owners", "kinds"):
        return [value] if isinstance(value, str) else [str(item) for item in value]
    return value


def _asset_key(value: Any) -> dg.AssetKey:
    if isinstance(value, dg.AssetKey):
        return value
    if isinstance(value, (list, tuple)):
        return dg.AssetKey([str(part) for part in value])
    return dg.AssetKey.from_user_string(str(value))


class _RefusedValueError(Exception):
    """Dagster refused the value of one field."""

    def __init__(self, name: str, error: Exception) -> None:
        super().__init__(name)
        self.name = name
        self.error = error


def _apply(spec: dg.AssetSpec, values: dict[str, Any]) -> dg.AssetSpec:
    """Merges ``metadata`` and ``tags`` into the spec's; all other values replace the spec's."""
    prefix = values.pop("key_prefix", None)
    if prefix is not None:
        values["key"] = values.get("key", spec.key).with_prefix(prefix)
    merged: dict[str, Any] = {
        name: values.pop(name) or {} for name in ("metadata", "tags") if name in values
    }
    if "kinds" in values:
        values["kinds"] = set(values["kinds"] or [])
    try:
        if values:
            spec = spec.replace_attributes(**values)
        return spec.merge_attributes(**merged) if merged else spec
    except Exception as error:
        raise _find_refused(spec, values, merged) or error from None


def _find_refused(
    spec: dg.AssetSpec, values: dict[str, Any], merged: dict[str, Any]
) -> _RefusedValueError | None:
    for change, fields in ((spec.replace_attributes, values), (spec.merge_attributes, merged)):
        for name, value in fields.items():
            try:
                change(**{name: value})
            except Exception as error:
                return _RefusedValueError(name, error)
    return None


def _failed(
    context: ResolutionContext, name: str | None, node: NodeProps, error: Exception, source: Any
) -> TranslationError:
    field = f"translation.{name}" if name else "translation"
    text = str(error) or repr(error)
    hint = _SCOPE_HINT
    if isinstance(error, UndefinedValueError):
        hint = f"If only some nodes have it, give a default: {_DEFAULT_EXAMPLE}. {_SCOPE_HINT}"
    elif isinstance(error, UndefinedError) and (unknown := _unknown_name(error)) is not None:
        text = f"there is no {unknown!r}"
        if hasattr(dg, unknown):
            hint = f"Did you mean `dg.{unknown}`? `dg` is Dagster. {_SCOPE_HINT}"
    elif isinstance(error, DagsterDbtError):
        text, hint = error.message, error.hint or hint
    else:
        text = f"{type(error).__name__}: {text}"
    return TranslationError(
        f"{field} failed on {node['resource_type']} {node['unique_id']!r}: {text.rstrip('.')}. The value in"
        f" the file is {source!r}.",
        where=find_place(context, name or ""),
        hint=hint,
    )


def _unknown_name(error: UndefinedError) -> str | None:
    """The name that a template uses and its scope does not have; ``None`` for an attribute."""
    found = re.fullmatch(r"'(\w+)' is undefined", str(error))
    return found.group(1) if found else None


def _in_user_code(error: Exception) -> Exception | None:
    """The error with the user's own stack frames only; ``None`` if it has none."""
    frames = error.__traceback__
    while frames is not None:
        code = frames.tb_frame
        module = str(code.f_globals.get("__name__", "")).partition(".")[0]
        if module not in _NOT_USER_CODE and not code.f_code.co_filename.startswith("<"):
            return error.with_traceback(frames)
        frames = frames.tb_next
    return None
