"""Definitions are built once for the same inputs in a process, and anew for any others."""

from typing import Any

import dagster as dg
import pytest

from dbt_component.definitions.assets import build_parts
from tests.dg_project import DgProject, run, specs_of

pytestmark = pytest.mark.usefixtures("prepared")


@pytest.fixture
def builds(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """One entry for each time that specs became assets."""
    seen: list[str] = []

    def build(*args: Any, **kwargs: Any) -> list[dg.AssetsDefinition]:
        seen.append("built")
        return build_parts(*args, **kwargs)

    monkeypatch.setattr("dbt_component.component.build.build_parts", build)
    return seen


def test_the_same_inputs_are_built_once(dg_project: DgProject, builds: list[str]) -> None:
    dg_project.write_component()
    first = specs_of(dg_project.load())
    second = specs_of(dg_project.load())
    assert len(builds) == 1
    assert first.keys() == second.keys()
    assert dg_project.component().asset_key_for_model("customers") == dg.AssetKey("customers")


def test_changed_yaml_is_seen(dg_project: DgProject, builds: list[str]) -> None:
    dg_project.write_component(translation={"group_name": "one"})
    assert specs_of(dg_project.load())["customers"].group_name == "one"
    dg_project.write_component(translation={"group_name": "two"})
    assert specs_of(dg_project.load())["customers"].group_name == "two"
    assert len(builds) == 2


def test_a_changed_environment_variable_is_seen(
    dg_project: DgProject, monkeypatch: pytest.MonkeyPatch
) -> None:
    dg_project.write_component(translation={"group_name": "{{ env.TEAM }}"})
    for team in ("one", "two"):
        monkeypatch.setenv("TEAM", team)
        assert specs_of(dg_project.load())["customers"].group_name == team


def test_template_variables_of_the_user_are_asked_each_time(dg_project: DgProject) -> None:
    path = dg_project.write_yaml(
        """
type: dbt_component.DbtProjectComponent
template_vars_module: .vars
attributes:
  project: "{{ context.project_root }}/shop"
  translation:
    group_name: "{{ team }}"
"""
    )
    (path.parent / "__init__.py").touch()
    (path.parent / "vars.py").write_text(
        "import itertools\nimport dagster as dg\nnumbers = itertools.count()\n"
        "@dg.template_var\ndef team():\n    return f'team_{next(numbers)}'\n"
    )
    groups = {specs_of(dg_project.load())["customers"].group_name for _ in range(2)}
    assert len(groups) == 2


def test_two_places_do_not_share(dg_project: DgProject, builds: list[str]) -> None:
    for folder in ("one", "two"):
        dg_project.write_component(
            folder, translation={"key_prefix": folder}, defs_state={"key": folder}
        )
    for _ in range(2):
        keys = specs_of(dg_project.load()).keys()
        assert {"one/customers", "two/customers"} <= keys
    assert len(builds) == 2


def test_subclasses_are_always_asked(dg_project: DgProject, builds: list[str]) -> None:
    path = dg_project.write_yaml(
        f"""
type: {dg_project.module}.own.OwnComponent
attributes:
  project: "{{{{ context.project_root }}}}/shop"
"""
    )
    own = dg_project.defs_folder.parent / "own.py"
    own.write_text(
        "from dbt_component import DbtProjectComponent\n"
        "class OwnComponent(DbtProjectComponent):\n    pass\n"
    )
    assert path.is_file()
    dg_project.load()
    dg_project.load()
    assert len(builds) == 2


def test_definitions_of_a_second_load_run(dg_project: DgProject) -> None:
    dg_project.write_component()
    dg_project.load()
    outcome = run(dg_project.load(), dg.AssetSelection.assets("raw_orders"))
    assert outcome.success, outcome.failure
    assert outcome.materialized == ["raw_orders"]
