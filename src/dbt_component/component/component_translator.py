"""The translator of a component: its methods for each node, then its YAML translation."""

from typing import Protocol

import dagster as dg

from dbt_component.component.translation_settings import TranslationSettingsModel
from dbt_component.definitions.settings import DagsterDbtTranslatorSettings
from dbt_component.definitions.translator import DagsterDbtTranslator
from dbt_component.definitions.yaml_translation import TranslationFn
from dbt_component.manifest.manifest import Manifest
from dbt_component.project.project import DbtProject


class SpecMethods(Protocol):
    """What a subclass of the component may override, and its YAML translation."""

    translation: TranslationFn | None

    def get_asset_spec(
        self, manifest: Manifest, unique_id: str, project: DbtProject | None
    ) -> dg.AssetSpec: ...

    def get_asset_check_spec(
        self,
        asset_spec: dg.AssetSpec,
        manifest: Manifest,
        unique_id: str,
        project: DbtProject | None,
    ) -> dg.AssetCheckSpec | None: ...


class ComponentTranslator(DagsterDbtTranslator):
    """Sends each node through the component's methods, then through its YAML translation."""

    def __init__(
        self, component: SpecMethods, settings: DagsterDbtTranslatorSettings | None
    ) -> None:
        super().__init__(settings or TranslationSettingsModel.defaults())
        self._component = component

    def get_asset_spec(
        self, manifest: Manifest, unique_id: str, project: DbtProject | None
    ) -> dg.AssetSpec:
        return self._component.get_asset_spec(manifest, unique_id, project)

    def get_asset_check_spec(
        self,
        asset_spec: dg.AssetSpec,
        manifest: Manifest,
        unique_id: str,
        project: DbtProject | None,
    ) -> dg.AssetCheckSpec | None:
        return self._component.get_asset_check_spec(asset_spec, manifest, unique_id, project)

    def finish_spec(self, spec: dg.AssetSpec, manifest: Manifest, unique_id: str) -> dg.AssetSpec:
        translate = self._component.translation
        if translate is None:
            return spec
        return translate(spec, manifest.props(unique_id))
