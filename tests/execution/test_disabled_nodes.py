"""Tests of disabled models, which dbt leaves in its manifest, are neither checks nor run."""

from pathlib import Path

import pytest
import yaml

from tests.dg_project import DgProject, checks_of, run

pytestmark = [pytest.mark.usefixtures("in_dev"), pytest.mark.server]


def add_disabled_models(project: Path) -> None:
    """A model disabled in each of dbt's ways, with tests on it, and tests that refer to one."""
    models = project / "models" / "off"
    models.mkdir()
    (models / "in_the_model.sql").write_text("{{ config(enabled=false) }} select 1 as id")
    (models / "in_the_project_file.sql").write_text("select 1 as id")
    (models / "by_a_variable.sql").write_text("select 1 as id")
    tests = ["unique", "not_null"]
    columns = [{"name": "id", "data_tests": tests}]
    related = {
        "relationships": {
            "arguments": {"to": "ref('in_the_model')", "field": "id"},
        }
    }
    (models / "off.yml").write_text(
        yaml.safe_dump(
            {
                "version": 2,
                "models": [
                    {"name": "in_the_model", "columns": columns},
                    {"name": "in_the_project_file", "columns": columns},
                    {
                        "name": "by_a_variable",
                        "config": {"enabled": "{{ var('with_it', false) }}"},
                        "columns": columns,
                    },
                    {"name": "on", "columns": [{"name": "id", "data_tests": ["unique", related]}]},
                ],
            }
        )
    )
    (models / "on.sql").write_text("select 1 as id")
    (project / "tests" / "of_a_disabled_model.sql").write_text(
        "select * from {{ ref('in_the_model') }} where id > 5"
    )
    file = project / "dbt_project.yml"
    content = yaml.safe_load(file.read_text())
    content["models"]["shop"]["off"] = {"in_the_project_file": {"+enabled": False}}
    file.write_text(yaml.safe_dump(content))


@pytest.mark.reliability(
    "Disabled nodes",
    tried="models disabled in SQL, in dbt_project.yml and by a variable, with generic, singular and relationships tests",
    outcome="neither the models nor their tests become assets or checks; a full run is green, like `dbt build`",
)
def test_a_full_run_of_a_project_with_disabled_models_is_green(dg_project: DgProject) -> None:
    add_disabled_models(dg_project.dbt_folder)
    dg_project.write_component()
    defs = dg_project.load()
    shown = {name for name in checks_of(defs) if name.startswith(("in_", "by_", "on:"))}
    assert shown == {"on:unique_on_id"}
    outcome = run(defs)
    assert outcome.success, outcome.failure
    assert outcome.checks["on:unique_on_id"]
    assert "on" in outcome.materialized
    assert not {"in_the_model", "in_the_project_file", "by_a_variable"} & {*outcome.materialized}
