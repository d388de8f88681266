"""``project.state_path`` names the manifest that runs defer to."""

import shutil

import pytest

from dbt_component import DbtCliResource
from tests.dg_project import DgProject, run

pytestmark = [pytest.mark.usefixtures("in_dev"), pytest.mark.server]


def test_a_run_defers_to_the_manifest_in_state_path(dg_project: DgProject) -> None:
    production = DbtCliResource(project_dir=str(dg_project.dbt_folder), target="dev")
    built = production.cli(
        ["build", "--select", "+stg_customers", "--exclude", "test_type:data"]
    ).wait()
    folder = dg_project.dbt_folder / "production"
    folder.mkdir()
    shutil.copy(built.target_path / "manifest.json", folder)
    project = {
        "project_dir": "{{ context.project_root }}/shop",
        "target": "other",
        "state_path": "production",
    }
    # In the schema of target `other` there is no parent of stg_customers.
    dg_project.write_component(
        project=project, select="stg_customers", cli_args=["run", "{{ defer_args }}"]
    )
    outcome = run(dg_project.load())
    assert outcome.success, outcome.failure
    assert outcome.materialized == ["stg_customers"]
    dg_project.write_component(project=project, select="stg_customers", cli_args=["run"])
    assert not run(dg_project.load()).success
