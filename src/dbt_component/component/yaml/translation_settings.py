"""``translation_settings:`` of defs.yaml."""

from dataclasses import dataclass
from typing import Annotated, Any

import dagster as dg
from pydantic import BaseModel, TypeAdapter, ValidationError

from dbt_component._dagster import derive_model_type
from dbt_component.component.yaml.strict_model import strict
from dbt_component.definitions.settings import DagsterDbtTranslatorSettings
from dbt_component.errors import DefinitionError

_BOOLEAN = TypeAdapter(bool)


def _is_on(context: dg.ResolutionContext, value: Any) -> bool:
    """A template may give text, for example from an environment variable: "false" is off."""
    resolved = context.resolve_value(value)
    if not isinstance(resolved, str):
        return bool(resolved)
    try:
        return _BOOLEAN.validate_python(resolved)
    except ValidationError as error:
        raise DefinitionError(
            f"{value!r} gives {resolved!r}, which is neither true nor false.",
            where="translation_settings in defs.yaml",
            hint="Make it one of true, false, yes, no, on, off, 1, 0.",
        ) from error


def _switch(description: str) -> dg.Resolver:
    return dg.Resolver(
        _is_on, model_field_type=bool, inject_before_resolve=False, description=description
    )


@dataclass(frozen=True)
class DagsterDbtComponentTranslatorSettings(DagsterDbtTranslatorSettings):
    """The switches of a component. Code references are on by default, unlike in ``@dbt_assets``."""

    enable_asset_checks: Annotated[bool, _switch("Turn dbt tests into asset checks.")] = True
    enable_duplicate_source_asset_keys: Annotated[
        bool, _switch("Let several sources share one asset key.")
    ] = False
    enable_code_references: Annotated[bool, _switch("Link each asset to its file.")] = True
    enable_dbt_selection_by_name: Annotated[
        bool,
        _switch(
            "Changes nothing: it makes the selections shorter that dagster-dbt passes to dbt, and here dbt"
            " gets the exact set of unique ids."
        ),
    ] = False
    enable_source_tests_as_checks: Annotated[
        bool, _switch("Also turn tests of sources upstream of selected assets into checks.")
    ] = False
    enable_source_metadata: Annotated[
        bool,
        _switch(
            "Add the table of a source to the dependency on it, so that Dagster can replace the dependency with"
            " the asset that makes the table."
        ),
    ] = True
    enable_dbt_views_as_virtual_assets: Annotated[
        bool, _switch("Mark views as virtual assets.")
    ] = False
    enable_unit_tests_as_checks: Annotated[
        bool, _switch("Turn dbt unit tests into checks of the model that they test.")
    ] = True

    @classmethod
    def model(cls) -> type[BaseModel]:
        return strict(derive_model_type(cls))
