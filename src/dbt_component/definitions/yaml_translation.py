"""Compiles ``translation:`` of defs.yaml once and applies it to every node."""

from collections.abc import Callable, Mapping
from typing import Any

import dagster as dg
from dagster import AssetAttributesModel, ResolutionContext
from jinja2 import TemplateSyntaxError
from pydantic import BaseModel, ValidationError

from dbt_component._dagster import resolve_partitions_def
from dbt_component.errors import TranslationError
from dbt_component.manifest.node_props import NodeProps
from dbt_component.translation.template import (
    Render,
    UndefinedValueError,
    compile_template,
    compile_value,
)

TranslationFn = Callable[[dg.AssetSpec, NodeProps], dg.AssetSpec]

_TEXT_FIELDS = frozenset({"description", "group_name", "code_version"})
_SCOPE_HINT = "`node` is the node's entry in manifest.json, `spec` its asset by default rules."


def compile_translation(context: ResolutionContext, model: Any) -> TranslationFn:
    """Compiles the ``translation`` of a component.

    Args:
        context: Resolution context of the component's attributes; gives scope and source position.
        model: The mapping form (a pydantic model) or the string form (a template that returns an
            AssetSpec, a mapping, or such a model).

    Returns:
        A function from (spec, node) to the translated spec.

    Raises:
        TranslationError: A template is malformed; raised before any node is translated.
    """
    here = context.at_path("translation")
    if isinstance(model, str):
        return _StringTranslation(here, model)
    return _MappingTranslation(here, model)


class _MappingTranslation:
    """The mapping form: compiled templates by field, whose results are converted to the field's type."""

    def __init__(self, context: ResolutionContext, model: BaseModel) -> None:
        self._context = context
        self._fields: list[tuple[str, Render]] = []
        for name in sorted(model.model_fields_set):
            value = getattr(model, name)
            try:
                self._fields.append((name, _compile_field(context, name, value)))
            except TemplateSyntaxError as error:
                raise TranslationError(
                    f"Malformed template in translation.{name}: {value!r}: {error.message}.",
                    where=_where(context, name),
                ) from error

    def __call__(self, spec: dg.AssetSpec, node: NodeProps) -> dg.AssetSpec:
        scope = {**self._context.scope, "node": node, "spec": spec}
        values: dict[str, Any] = {}
        for name, render in self._fields:
            try:
                values[name] = _coerce(name, render(scope))
            except Exception as error:
                raise _failed(self._context, name, node, error) from error
        return _apply(self._context, spec, node, values)


class _StringTranslation:
    """The string form: one template whose value is the complete result."""

    def __init__(self, context: ResolutionContext, source: str) -> None:
        self._context = context
        try:
            self._render = compile_template(source)
        except TemplateSyntaxError as error:
            raise TranslationError(
                f"Malformed template in translation: {source!r}: {error.message}.",
                where=_where(context, None),
            ) from error

    def __call__(self, spec: dg.AssetSpec, node: NodeProps) -> dg.AssetSpec:
        try:
            result = self._render({**self._context.scope, "node": node, "spec": spec})
        except Exception as error:
            raise _failed(self._context, None, node, error) from error
        if isinstance(result, dg.AssetSpec):
            return result
        if isinstance(result, Mapping):
            try:
                result = AssetAttributesModel(**result)
            except ValidationError as error:
                raise _failed(self._context, None, node, error) from error
        if isinstance(result, BaseModel):
            return _MappingTranslation(self._context, result)(spec, node)
        raise TranslationError(
            f"translation returned {type(result).__name__} for {node['unique_id']!r}.",
            where=_where(self._context, None),
            hint="Return an AssetSpec, or a mapping of asset attributes.",
        )


def _compile_field(context: ResolutionContext, name: str, value: Any) -> Render:
    if isinstance(value, BaseModel):
        if name == "partitions_def":
            partitions_def = resolve_partitions_def(context.at_path(name), value)
            return lambda scope: partitions_def
        value = value.model_dump(exclude_unset=True)
    return compile_value(value, is_text=name in _TEXT_FIELDS)


def _coerce(name: str, value: Any) -> Any:
    if value is None:
        return None
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


def _apply(
    context: ResolutionContext, spec: dg.AssetSpec, node: NodeProps, values: dict[str, Any]
) -> dg.AssetSpec:
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
        names = ", ".join(sorted([*values, *merged]))
        raise _failed(context, names, node, error) from error


def _failed(
    context: ResolutionContext, name: str | None, node: NodeProps, error: Exception
) -> TranslationError:
    field = f"translation.{name}" if name else "translation"
    text = str(error) or repr(error)
    if not isinstance(error, UndefinedValueError):
        text = f"{type(error).__name__}: {text}"
    return TranslationError(
        f"{field} failed on {node['resource_type']} {node['unique_id']!r}: {text}",
        where=_where(context, name),
        hint=_SCOPE_HINT,
    )


def _where(context: ResolutionContext, name: str | None) -> str | None:
    tree = context.source_position_tree
    if tree is None:
        return None
    path = [*context.path, *([name] if name else [])]
    position, _ = tree.lookup_closest_and_path(path, None)
    return f"{position.filename}:{position.start.line}"
