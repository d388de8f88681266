"""A component whose translator a subclass replaces."""

import textwrap

import pytest

from tests.dg_project import DgProject, checks_of, specs_of

OWN = """
from dataclasses import dataclass
from functools import cached_property

from dagster.components.utils.translation import (
    ComponentTranslator,
    create_component_translator_cls,
)
from dbt_component import DagsterDbtTranslator, DbtProjectComponent


class Layers(DagsterDbtTranslator):
    def get_asset_key(self, props):
        return super().get_asset_key(props).with_prefix(props["package_name"])

    def get_group_name(self, props):
        return props["config"].get("materialized", props["resource_type"])

    def get_asset_check_spec(self, **arguments):
        spec = super().get_asset_check_spec(**arguments)
        return None if spec is None or "not_null" in spec.name else spec


@dataclass
class Replaced(DbtProjectComponent):
    @property
    def translator(self):
        return Layers(self.translation_settings)


class Shim(
    create_component_translator_cls(DbtProjectComponent, DagsterDbtTranslator),
    ComponentTranslator[DbtProjectComponent],
):
    def __init__(self, component, settings):
        self._component = component
        super().__init__(settings)

    def get_group_name(self, props):
        return "of_shim"

    def get_asset_spec(self, manifest, unique_id, project):
        spec = super().get_asset_spec(manifest, unique_id, project)
        props = self.get_resource_props(manifest, unique_id)
        return self.component.translation(spec, props)


@dataclass
class Shimmed(DbtProjectComponent):
    @cached_property
    def translator(self):
        return Shim(self, self.translation_settings)

    def get_asset_spec(self, manifest, unique_id, project):
        spec = super().get_asset_spec(manifest, unique_id, project)
        return spec.replace_attributes(key=spec.key.with_prefix("own"))

    def get_asset_check_spec(self, asset_spec, manifest, unique_id, project):
        spec = super().get_asset_check_spec(asset_spec, manifest, unique_id, project)
        return None if spec is None or "not_null" in spec.name else spec
"""


@pytest.mark.usefixtures("prepared")
@pytest.mark.parametrize(
    ("name", "prefix", "group"), [("Replaced", "shop", "table"), ("Shimmed", "own", "of_shim")]
)
def test_the_translator_overrides_and_yaml_apply_once_each(
    dg_project: DgProject, name: str, prefix: str, group: str
) -> None:
    (dg_project.defs_folder / "transform").mkdir()
    (dg_project.defs_folder / "transform" / "own.py").write_text(OWN)
    dg_project.write_yaml(
        textwrap.dedent(
            f"""
            type: {dg_project.module}.defs.transform.own.{name}
            attributes:
              project: "{{{{ context.project_root }}}}/shop"
              translation: {{key_prefix: [yaml]}}
            """
        )
    )
    defs = dg_project.load()
    customers = f"yaml/{prefix}/customers"
    spec = specs_of(defs)[customers]
    assert spec.group_name == group
    assert f"yaml/{prefix}/stg_customers" in {d.asset_key.to_user_string() for d in spec.deps}
    checks = checks_of(defs)
    assert f"{customers}:unique_customers_customer_id" in checks
    assert not [check for check in checks if "not_null" in check]
    component = dg_project.component()
    assert component.asset_key_for_model("customers").to_user_string() == customers
