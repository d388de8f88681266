"""The methods that turn a component's nodes into assets and checks; a subclass may override them."""

from collections.abc import Mapping
from functools import cached_property
from typing import Any

import dagster as dg

from dbt_component._dagster import ComponentTranslator
from dbt_component.component.attributes import DbtAttributes
from dbt_component.component.yaml.translation_settings import DagsterDbtComponentTranslatorSettings
from dbt_component.definitions.resolving_manifest import resolving
from dbt_component.definitions.spec_rules import SpecRules
from dbt_component.definitions.translator import DagsterDbtTranslator
from dbt_component.project.project import DbtProject


class ComponentSpecMethods(DbtAttributes):
    """The spec methods of a component. By default they call its translator."""

    @cached_property
    def translator(self) -> DagsterDbtTranslator:
        """The default mapping from dbt to Dagster, before this component's overrides and YAML.

        Override it, as a property, to give another DagsterDbtTranslator. One that is also a ComponentTranslator of
        Dagster decides alone: it calls this component's overrides, and applies the YAML ``translation`` if it
        wants to.
        """
        return DagsterDbtTranslator(
            self.translation_settings or DagsterDbtComponentTranslatorSettings()
        )

    @property
    def spec_rules(self) -> SpecRules:
        """This component's methods, settings and YAML ``translation``."""
        translator = self.translator
        if isinstance(translator, ComponentTranslator):
            return SpecRules(translator, translator.settings)
        return SpecRules(self, translator.settings, self.translation)

    def get_resource_props(self, manifest: Mapping[str, Any], unique_id: str) -> Mapping[str, Any]:
        """The manifest entry of a node or test. Override it to alter the input of specs and templates."""
        return self.translator.get_resource_props(manifest, unique_id)

    def get_asset_spec(
        self, manifest: Mapping[str, Any], unique_id: str, project: DbtProject | None
    ) -> dg.AssetSpec:
        """The spec of a node before the YAML ``translation``. Override it to alter any spec."""
        view = resolving(manifest, lambda: self.spec_rules, project)
        translator = self.translator
        if isinstance(translator, ComponentTranslator):  # it has called this method
            return DagsterDbtTranslator.get_asset_spec(translator, view, unique_id, project)
        return translator.get_asset_spec(view, unique_id, project)

    def get_asset_check_spec(
        self,
        asset_spec: dg.AssetSpec,
        manifest: Mapping[str, Any],
        unique_id: str,
        project: DbtProject | None,
    ) -> dg.AssetCheckSpec | None:
        """The check of an asset that a test becomes; ``None`` leaves it out. Override it to alter checks."""
        view = resolving(manifest, lambda: self.spec_rules, project)
        translator = self.translator
        if isinstance(translator, ComponentTranslator):
            return DagsterDbtTranslator.get_asset_check_spec(
                translator, asset_spec, view, unique_id, project
            )
        return translator.get_asset_check_spec(
            asset_spec=asset_spec, manifest=view, unique_id=unique_id, project=project
        )
