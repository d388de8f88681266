"""``translation_settings:`` of defs.yaml."""

from typing import Any

from dagster.components.resolved.context import ResolutionContext
from pydantic import Field

from dbt_component.component.strict_model import StrictModel
from dbt_component.definitions.settings import DagsterDbtTranslatorSettings


class TranslationSettingsModel(StrictModel):
    enable_asset_checks: bool | str = Field(
        default=True, description="Make dbt tests asset checks."
    )
    enable_duplicate_source_asset_keys: bool | str = Field(
        default=False, description="Let several sources share one asset key."
    )
    enable_code_references: bool | str = Field(
        default=True, description="Link each asset to its file."
    )
    enable_dbt_selection_by_name: bool | str = Field(
        default=False,
        description="Without effect: runs name nodes by unique id. Accepted for compatibility.",
    )
    enable_source_tests_as_checks: bool | str = Field(
        default=False, description="Make tests of sources upstream of selected assets checks too."
    )
    enable_source_metadata: bool | str = Field(
        default=True,
        description="Put a source's table name on the dependency, so that Dagster can match it to the"
        " asset that makes the table.",
    )
    enable_dbt_views_as_virtual_assets: bool | str = Field(
        default=False, description="Mark views as virtual assets."
    )
    enable_unit_tests_as_checks: bool | str = Field(
        default=True, description="Make dbt unit tests checks of the model that they test."
    )

    @classmethod
    def resolve(cls, context: ResolutionContext, value: Any) -> DagsterDbtTranslatorSettings:
        if isinstance(value, DagsterDbtTranslatorSettings):
            return value
        given = {
            name: context.at_path(name).resolve_value(item)
            for name, item in value.model_dump().items()
        }
        return DagsterDbtTranslatorSettings(**{name: bool(item) for name, item in given.items()})

    @classmethod
    def defaults(cls) -> DagsterDbtTranslatorSettings:
        """The component's defaults: code references are on."""
        return DagsterDbtTranslatorSettings(enable_code_references=True)
