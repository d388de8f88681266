"""``translation_settings:`` of defs.yaml."""

from dataclasses import dataclass

import dagster as dg
from pydantic import BaseModel

from dbt_component._dagster import derive_model_type
from dbt_component.component.yaml.strict_model import strict
from dbt_component.definitions.settings import CodeReferences, DagsterDbtTranslatorSettings


@dataclass(frozen=True)
class TranslationSettings(DagsterDbtTranslatorSettings, dg.Resolvable):
    """The switches by the component's defaults: code references are on."""

    enable_code_references: CodeReferences = True

    @classmethod
    def model(cls) -> type[BaseModel]:
        return strict(derive_model_type(cls))
