"""``translation:`` of defs.yaml as a mapping."""

from typing import Any

import dagster as dg
from pydantic import BaseModel, Field, create_model

from dbt_component.component.yaml.partitions import Partitions
from dbt_component.component.yaml.strict_model import strict
from dbt_component.definitions.asset_attributes import AssetAttributes
from dbt_component.definitions.yaml_translation import TranslationFn, compile_translation
from dbt_component.errors import DefinitionError

_PARTITIONS: Any = (
    Partitions.model() | str | None,
    Field(
        default=None,
        description="The partitions of the asset: a mapping as for `ops`, or a template that gives a"
        " PartitionsDefinition.",
        examples=[{"type": "daily", "start_date": "2024-01-01", "end_offset": 1}],
    ),
)
_model: type[BaseModel] = create_model(
    "AssetAttributes", __base__=AssetAttributes, partitions_def=_PARTITIONS
)
TranslationModel: Any = strict(_model)


def resolve_translation(context: dg.ResolutionContext, model: Any) -> TranslationFn:
    """Compiles the ``translation`` of a component; see ``compile_translation``.

    Raises:
        DefinitionError: Partitions are not valid.
        TranslationError: A template is malformed.
    """
    return compile_translation(context, model, resolve_partitions=_partitions_def)


def _partitions_def(context: dg.ResolutionContext, model: Any) -> dg.PartitionsDefinition:
    try:
        found: Partitions = Partitions.resolve_from_model(context, model)
        return found.partitions_def()
    except DefinitionError as error:
        error.key = f"translation.partitions_def.{error.key}"
        raise
