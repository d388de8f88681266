"""A template of `project:` without a value is an error that names the variable, the key and the line."""

from pathlib import Path
from typing import Any

import pytest

from dbt_component.errors import DefinitionError
from tests.dg_project import DgProject

FOLDER = {"project_dir": "{{ context.project_root }}/shop"}
GIT = {"repo_url": "https://git.example.com/shop.git"}


def error_of(project: DgProject) -> str:
    with pytest.raises(Exception) as caught:
        project.component()
    return str(caught.value.__cause__ or caught.value)


@pytest.mark.parametrize(
    ("given", "key"),
    [
        ({**FOLDER, "target": "{{ env.WAREHOUSE }}"}, "project.target"),
        ({**FOLDER, "profile": "{{ env.WAREHOUSE }}"}, "project.profile"),
        ({**FOLDER, "profiles_dir": "{{ env.WAREHOUSE }}"}, "project.profiles_dir"),
        ({**FOLDER, "profiles_dir": "{{ env.WAREHOUSE }}/profiles"}, "project.profiles_dir"),
        ({**FOLDER, "state_path": "{{ env.WAREHOUSE }}"}, "project.state_path"),
        ({**FOLDER, "dbt_executable": "{{ env.WAREHOUSE }}"}, "project.dbt_executable"),
        ({**FOLDER, "vars": {"a": {"b": "{{ env.WAREHOUSE }}"}}}, "project.vars.a.b"),
        ({**FOLDER, "vars": {"a": ["x_{{ env.WAREHOUSE }}"]}}, "project.vars.a.0"),
        ({"project_dir": "{{ env.WAREHOUSE }}"}, "project.project_dir"),
        ("{{ env.WAREHOUSE }}", "project"),
        ("{{ env.WAREHOUSE }}/shop", "project"),
        ({"repo_url": "{{ env.WAREHOUSE }}"}, "project.repo_url"),
        ({"repo_url": "https://{{ env.WAREHOUSE }}/shop.git"}, "project.repo_url"),
        ({**GIT, "ref": "{{ env.WAREHOUSE }}"}, "project.ref"),
        ({**GIT, "token": "{{ env.WAREHOUSE }}"}, "project.token"),
        ({**GIT, "username": "{{ env.WAREHOUSE }}"}, "project.username"),
        ({**GIT, "repo_relative_path": "{{ env.WAREHOUSE }}"}, "project.repo_relative_path"),
    ],
)
def test_a_template_with_an_unset_variable_is_refused(
    dg_project: DgProject, monkeypatch: pytest.MonkeyPatch, given: Any, key: str
) -> None:
    monkeypatch.delenv("WAREHOUSE", raising=False)
    path = dg_project.write_component(project=given)
    text = error_of(dg_project)
    assert f"`{key}` has no value" in text
    assert "the environment variable 'WAREHOUSE' is not set" in text
    assert f"where: {path}:" in text
    assert "{{ env('WAREHOUSE', 'default') }}" in text


def test_a_target_from_an_empty_variable_is_refused(
    dg_project: DgProject, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WAREHOUSE", "")
    dg_project.write_component(project={**FOLDER, "target": "{{ env.WAREHOUSE }}"})
    assert "the environment variable 'WAREHOUSE' is empty" in error_of(dg_project)


@pytest.mark.parametrize("key", ["select", "exclude", "selector"])
def test_a_selection_from_an_unset_variable_is_refused(dg_project: DgProject, key: str) -> None:
    dg_project.write_component(**{key: "{{ env.WAREHOUSE }}"})
    assert f"`{key}` has no value" in error_of(dg_project)


def test_a_template_that_resolves_to_null_without_a_variable_is_refused(
    dg_project: DgProject,
) -> None:
    dg_project.write_component(project={**FOLDER, "target": "{{ none }}"})
    assert "`project.target` has no value" in error_of(dg_project)


def test_text_around_a_template_is_not_shown_because_it_may_be_a_secret(
    dg_project: DgProject,
) -> None:
    dg_project.write_component(project={**GIT, "token": "my-token-{{ env.WAREHOUSE }}"})
    text = error_of(dg_project).split("where:")[0]
    assert "'{{ env.WAREHOUSE }}'" in text
    assert "my-token" not in text


@pytest.mark.parametrize(
    ("given", "target"),
    [
        (FOLDER, None),
        ({**FOLDER, "target": None}, None),
        ({**FOLDER, "target": "{{ env.WAREHOUSE or 'dev' }}"}, "dev"),
        ({**FOLDER, "target": "{{ env('WAREHOUSE', 'dev') }}"}, "dev"),
        ({**FOLDER, "target": "{{ 'dev' if env.WAREHOUSE is none else 'prod' }}"}, "dev"),
        ({**FOLDER, "target": "None"}, None),
        ({**FOLDER, "target": "{{ env.HOME and 'None_of_these' }}"}, "None_of_these"),
    ],
)
def test_a_missing_key_and_a_template_with_a_default_are_accepted(
    dg_project: DgProject, monkeypatch: pytest.MonkeyPatch, given: Any, target: str | None
) -> None:
    monkeypatch.delenv("WAREHOUSE", raising=False)
    dg_project.write_component(project=given)
    assert dg_project.component().project.settings.target == target


def test_a_variable_of_dbt_may_be_empty_or_null(
    dg_project: DgProject, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WAREHOUSE", "")
    dg_project.write_component(
        project={**FOLDER, "vars": {"suffix": "{{ env.WAREHOUSE }}", "limit": None}}
    )
    assert dg_project.component().project.settings.vars == {"suffix": "", "limit": None}


def test_a_template_may_give_a_project_that_is_already_open(dg_project: DgProject) -> None:
    (dg_project.defs_folder / "transform").mkdir()
    (dg_project.defs_folder / "transform/template_vars.py").write_text(
        "import dagster as dg\n"
        "from pathlib import Path\n"
        "from dbt_component import DbtProject\n"
        "@dg.template_var\n"
        f"def opened(): return DbtProject(Path({str(dg_project.dbt_folder)!r}), target='other')\n"
    )
    dg_project.write_yaml(
        "type: dbt_component.DbtProjectComponent\n"
        "template_vars_module: .template_vars\n"
        "attributes: {project: '{{ opened }}'}\n"
    )
    component = dg_project.component()
    assert component.project.settings.target == "other"
    assert Path(component.project.project_dir).is_dir()


@pytest.mark.parametrize(
    ("attributes", "key"),
    [
        ({"project": {**FOLDER, "target": "{{ env('WAREHOUSE') }}"}}, "project.target"),
        ({"project": {**GIT, "token": "{{ env('WAREHOUSE') }}"}}, "project.token"),
        ({"project": "{{ env('WAREHOUSE') }}/shop"}, "project"),
        ({"select": "tag:{{ env('WAREHOUSE') }}"}, "select"),
        ({"op": {"tags": {"team": "{{ env('WAREHOUSE') }}"}}}, "op.tags.team"),
        (
            {"schedules": [{"name": "n", "cron_schedule": "{{ env('WAREHOUSE') }}"}]},
            "schedules.0.cron_schedule",
        ),
    ],
)
def test_a_required_variable_that_is_not_set_is_named_with_its_key_and_line(
    dg_project: DgProject, monkeypatch: pytest.MonkeyPatch, attributes: dict[str, Any], key: str
) -> None:
    monkeypatch.delenv("WAREHOUSE", raising=False)
    path = dg_project.write_component(**attributes)
    with pytest.raises(DefinitionError) as caught:
        dg_project.component()
    text = str(caught.value)
    assert f"`{key}` has no value: it is the template" in text
    assert "the environment variable 'WAREHOUSE' is not set" in text
    assert f"where: {path}:" in text
    assert "Set WAREHOUSE" in text
