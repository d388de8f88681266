"""The rules that turn nodes into specs: methods, settings, and the YAML translation."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import dagster as dg

from dbt_component.definitions.ruled_tests import NO_RULES, RuledTests
from dbt_component.definitions.settings import DagsterDbtTranslatorSettings
from dbt_component.definitions.yaml_translation import TranslationFn
from dbt_component.manifest.manifest import Manifest
from dbt_component.project.project import DbtProject


class SpecMethods(Protocol):
    """The methods that a subclass of the translator, or of the component, may override.

    ``manifest`` is a ResolvingManifest in ``get_asset_spec`` and ``get_asset_check_spec``, and the project's own
    in ``get_resource_props``.
    """

    def get_resource_props(self, manifest: Manifest, unique_id: str) -> Mapping[str, Any]:
        """The manifest entry of a node or test."""
        ...

    def get_asset_spec(
        self, manifest: Manifest, unique_id: str, project: DbtProject | None
    ) -> dg.AssetSpec:
        """The spec of a node before the YAML translation."""
        ...

    def get_asset_check_spec(
        self,
        asset_spec: dg.AssetSpec,
        manifest: Manifest,
        unique_id: str,
        project: DbtProject | None,
    ) -> dg.AssetCheckSpec | None:
        """The check of an asset that a test becomes; ``None`` leaves it out."""
        ...


@dataclass(frozen=True)
class SpecRules:
    """The rules for one set of definitions; ``methods`` apply first, then ``translation`` and ``tests``."""

    methods: SpecMethods
    settings: DagsterDbtTranslatorSettings
    translation: TranslationFn | None = None
    tests: RuledTests = NO_RULES
