"""The only door to names of Dagster that are not part of its public API."""

from collections.abc import Mapping
from typing import Any

import dagster as dg
from dagster._core.definitions.auto_materialize_policy import AutoMaterializePolicy
from dagster._core.definitions.definitions_load_context import (
    DefinitionsLoadContext,
    DefinitionsLoadType,
)
from dagster._core.definitions.metadata.source_code import (
    CodeReferencesMetadataValue,
    LocalFileCodeReference,
    UrlCodeReference,
)
from dagster._core.storage.defs_state.base import DefsStateStorage, set_defs_state_storage
from dagster.components.resolved.base import derive_model_type

__all__ = [
    "DefinitionsLoadContext",
    "DefinitionsLoadType",
    "DefsStateStorage",
    "code_references",
    "derive_model_type",
    "legacy_automation_condition",
    "set_defs_state_storage",
    "url_reference",
]


_CODE_REFERENCES = "dagster/code_references"


def legacy_automation_condition(policy_type: Any) -> dg.AutomationCondition[dg.AssetKey] | None:
    """The condition that dbt's ``auto_materialize_policy: {type: eager | lazy}`` stands for."""
    if policy_type == "eager":
        return AutoMaterializePolicy.eager().to_automation_condition()
    if policy_type == "lazy":
        return AutoMaterializePolicy.lazy().to_automation_condition()
    return None


def url_reference(metadata: Mapping[str, Any], url: str) -> Mapping[str, Any]:
    """Metadata with a reference to a web page added to those already in ``metadata``."""
    return _with_reference(metadata, UrlCodeReference.model_construct(url=url, label=None))


def code_references(metadata: Mapping[str, Any], path: str) -> Mapping[str, Any]:
    """Metadata with a reference to a local file added to those already in ``metadata``."""
    reference = LocalFileCodeReference.model_construct(file_path=path, line_number=None, label=None)
    return _with_reference(metadata, reference)


def _with_reference(
    metadata: Mapping[str, Any], reference: LocalFileCodeReference | UrlCodeReference
) -> Mapping[str, Any]:
    # Constructed without validation: one for each asset of a project, of values that are text.
    existing = metadata.get(_CODE_REFERENCES)
    before = (
        list(existing.code_references) if isinstance(existing, CodeReferencesMetadataValue) else []
    )
    return {
        _CODE_REFERENCES: CodeReferencesMetadataValue.model_construct(
            code_references=[*before, reference]
        )
    }
