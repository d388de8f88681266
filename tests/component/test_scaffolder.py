"""Scaffolding: what is written loads and runs."""

from pathlib import Path

import pytest
import yaml
from dagster.components.component_scaffolding import scaffold_object

from dbt_component.errors import DagsterDbtError
from tests.dg_project import DgProject, run, specs_of

TYPE = "dbt_component.DbtProjectComponent"


def scaffold(project: DgProject, name: str, params: str, form: str = "yaml") -> Path:
    folder = project.defs_folder / name
    scaffold_object(folder, TYPE, params, form, project.root)
    return folder


def test_a_path_is_written_relative_to_the_project(dg_project: DgProject) -> None:
    folder = scaffold(dg_project, "shop", f'{{"project_path": "{dg_project.dbt_folder}"}}')
    written = yaml.safe_load((folder / "defs.yaml").read_text())
    assert written == {
        "type": TYPE,
        "attributes": {"project": "{{ context.project_root }}/shop"},
    }


def test_a_repository_is_written_as_a_mapping(dg_project: DgProject) -> None:
    folder = scaffold(
        dg_project, "g", '{"git_url": "https://example.com/r.git", "project_path": "dbt"}'
    )
    written = yaml.safe_load((folder / "defs.yaml").read_text())
    assert written["attributes"]["project"] == {
        "repo_url": "https://example.com/r.git",
        "repo_relative_path": "dbt",
    }
    assert dg_project.component("g").project.repository.repo_relative_path == "dbt"


def test_a_python_component_file_can_be_asked_for(dg_project: DgProject) -> None:
    folder = scaffold(
        dg_project, "p", f'{{"project_path": "{dg_project.dbt_folder}"}}', form="python"
    )
    assert "DbtProjectComponent" in (folder / "component.py").read_text()


@pytest.mark.parametrize(
    ("params", "expected"),
    [
        ('{"init": true, "project_path": "x"}', "`--init true` creates a new dbt project"),
        ('{"project_path": "/no/such/folder"}', "No dbt_project.yml"),
        ('{"git_url": "ext::sh -c id"}', "is refused"),
        ('{"git_url": "https://token@example.com/r.git"}', "set `token`"),
    ],
)
def test_contradictions_and_wrong_paths_are_refused_before_a_folder_is_made(
    dg_project: DgProject, params: str, expected: str
) -> None:
    with pytest.raises(DagsterDbtError, match=expected):
        scaffold(dg_project, "x", params)
    assert not (dg_project.defs_folder / "x").exists()


def test_no_folder_is_left_if_the_new_dbt_project_would_replace_another(
    dg_project: DgProject,
) -> None:
    (dg_project.root / "x_dbt").mkdir()
    with pytest.raises(DagsterDbtError, match="already exists") as caught:
        scaffold(dg_project, "x", '{"init": true}')
    assert "--project-path x_dbt" in str(caught.value)
    assert not (dg_project.defs_folder / "x").exists()
    assert list((dg_project.root / "x_dbt").iterdir()) == []


@pytest.mark.server
def test_init_makes_a_project_that_runs_beside_other_folders(
    dg_project: DgProject, monkeypatch: pytest.MonkeyPatch
) -> None:
    scaffold(dg_project, "sales", '{"init": true}')
    assert (dg_project.root / "sales_dbt" / "dbt_project.yml").exists()
    monkeypatch.setenv("DAGSTER_IS_DEV_CLI", "1")
    defs = dg_project.load()
    assert "customer_orders" in specs_of(defs)
    outcome = run(defs)
    assert outcome.success, outcome.failure
    with pytest.raises(Exception, match="already exists"):
        scaffold(dg_project, "sales", '{"init": true}')
