"""`dbt-component cloud`: the ad hoc jobs of an environment."""

import re
from pathlib import Path

import pytest
from click.testing import CliRunner

from dbt_component.cli import main
from dbt_component.cloud.cause import unique_cause
from tests.cloud.component.conftest import CloudProject
from tests.cloud.component.conftest import cloud_project as cloud_project
from tests.cloud.conftest import workspace_of
from tests.dbt_platform.platform import StandInPlatform

pytestmark = pytest.mark.server


def jobs(*arguments: str) -> tuple[int, str]:
    result = CliRunner().invoke(main, ["cloud", "jobs", *arguments])
    return result.exit_code, result.output


def test_idle_jobs_are_removed_and_those_in_use_are_not(
    cloud_project: CloudProject, dbt_platform: StandInPlatform
) -> None:
    project = cloud_project.write({"adhoc_job_name": "CLI", "adhoc_job_pool_size": 2}).project
    workspace = workspace_of(dbt_platform, adhoc_job_name="CLI", adhoc_job_pool_size=2)
    busy, idle = (job.id for job in workspace.adhoc_jobs.jobs())
    run = workspace.client.trigger(busy, steps=["dbt debug"], cause=unique_cause("test"))
    code, output = jobs("--project", str(project.root))
    assert code == 0, output
    assert f"{busy}  CLI  in use by 1 run" in output
    assert f"{idle}  CLI__1  idle" in output
    code, output = jobs("--project", str(project.root), "--delete")
    assert code == 0, output
    assert f"{idle}  CLI__1  deleted" in output
    left = {job.id for job in workspace.adhoc_jobs.leftovers()}
    assert busy in left and idle not in left
    workspace.client.cancel(run.id)
    dbt_platform.wait_for(run.id)


def test_doctor_says_which_run_the_state_comes_from_and_plan_that_it_plans_none(
    cloud_project: CloudProject, dbt_platform: StandInPlatform
) -> None:
    project = cloud_project.write().project
    job = dbt_platform.create_job("Nightly build", ["dbt build"])
    runner = CliRunner()
    before = runner.invoke(main, ["doctor", "--project", str(project.root)])
    assert before.exit_code == 1
    assert "does not exist" in before.output
    project.refresh()
    asked = len(dbt_platform.requests)
    found = runner.invoke(main, ["doctor", "--project", str(project.root)])
    assert found.exit_code == 0, found.output
    assert len(dbt_platform.requests) == asked
    assert re.search(
        r"on the dbt platform, whose project was read from \S+/runs/\d+ at \w{40}", found.output
    )
    assert "6 models" in found.output
    assert f"    Nightly build ({job.id})\n" in found.output
    dbt_platform.delete_job(job.id)
    planned = runner.invoke(main, ["plan", "--project", str(project.root)])
    assert planned.exit_code == 0
    assert "is left out: what a run on the dbt platform does" in planned.output


def test_without_a_component_the_environment_is_that_of_the_variables(
    cloud_project: CloudProject,
    dbt_platform: StandInPlatform,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    code, output = jobs("--project", str(tmp_path))
    assert code == 0, output
    assert f"environment {dbt_platform.environment_id}" in output
    monkeypatch.delenv("DBT_CLOUD_TOKEN")
    code, output = jobs("--project", str(tmp_path))
    assert code == 1
    assert "these variables are not set: DBT_CLOUD_TOKEN" in output
    monkeypatch.setenv("DBT_CLOUD_TOKEN", "wrong")
    code, output = jobs("--project", str(tmp_path))
    assert code == 1
    assert "wrong" not in output.replace("a wrong", "")
    monkeypatch.setenv("DBT_CLOUD_PROJECT_ID", "bakery")
    assert "project_id must be a number, not 'bakery'" in jobs("--project", str(tmp_path))[1]
