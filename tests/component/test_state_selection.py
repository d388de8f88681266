"""``state:modified+`` in a component: its own selection, its schedules, and the command line of its runs."""

import os
from typing import Any

import dagster as dg
import pytest

from dbt_component import (
    DbtCliResource,
    DbtProject,
    build_schedule_from_dbt_selection,
    dbt_assets,
)
from dbt_component.errors import DefinitionError, SelectionError
from tests.dg_project import DgProject, run, specs_of
from tests.two_environments import TwoEnvironments

pytestmark = [
    pytest.mark.usefixtures("in_dev"),
    pytest.mark.server,
    pytest.mark.parametrize("two_environments", ["duckdb"], indirect=True),
]

PROJECT = {"project_dir": "{{ context.project_root }}/shop", "state_path": "production"}
CHANGED = "{{ config(materialized='table') }} select 'changed' as built_in"


@pytest.fixture
def project(two_environments: TwoEnvironments) -> DgProject:
    two_environments.write({"models/up.sql": CHANGED})
    return DgProject(two_environments.folder.parent)


def models(ids: set[str]) -> set[str]:
    return {i.rpartition(".")[2] for i in ids if i.startswith("model.")} - {"between"}


def test_a_component_and_its_schedule_define_and_run_what_is_modified(
    project: DgProject, two_environments: TwoEnvironments
) -> None:
    attributes: dict[str, Any] = {
        "project": PROJECT,
        "select": "state:modified+",
        "defer": True,
        "jobs": [{"name": "now", "select": "state:modified", "include_downstream": True}],
        "schedules": [
            {"name": "changed", "cron_schedule": "0 5 * * *", "select": "state:modified"},
            {"name": "of_job", "cron_schedule": "0 5 * * *", "job": "now"},
        ],
    }
    project.write_component(**attributes)
    defs = project.load()
    assert (
        specs_of(defs).keys()
        == {"up", "direct", "through"}
        == models(two_environments.ls("state:modified+"))
    )
    job = defs.resolve_job_def("changed_job")
    assert {key.to_user_string() for key in job.asset_layer.executable_asset_keys} == {"up"}
    outcome = run(defs)
    assert outcome.success, outcome.failure
    assert two_environments.rows("dev.through") == ["('changed',)"]
    # Production gets the change, and aside another one.
    two_environments.build_production()
    two_environments.write({"models/aside.sql": "select 2 as one"})
    defs = project.load()
    assert specs_of(defs).keys() == {"aside"}
    # Nothing is modified any more: nothing is defined, and the schedule skips its ticks.
    two_environments.build_production()
    defs = project.load()
    assert specs_of(defs) == {}
    for name, job_name in (("changed", "changed_job"), ("of_job", "now")):
        schedule = defs.resolve_schedule_def(name)
        assert schedule.job_name == job_name
        tick = schedule.evaluate_tick(dg.build_schedule_context())
        assert tick.run_requests == []
        assert "matches --select 'state:modified' now" in (tick.skip_message or "")
        assert defs.resolve_job_def(job_name).execute_in_process().success
    attributes["schedules"][0]["select"] = "tag:none"
    project.write_component(**attributes | {"select": "fqn:*"})
    with pytest.raises(DefinitionError, match="selects nothing"):
        project.load()


def test_a_missing_manifest_is_reported_with_the_key_and_the_remedy(
    project: DgProject, two_environments: TwoEnvironments
) -> None:
    schedule = {"name": "changed", "cron_schedule": "0 5 * * *", "select": "state:modified+"}
    project.write_component(project=PROJECT | {"state_path": "nowhere"}, schedules=[schedule])
    with pytest.raises(SelectionError) as caught:
        project.load()
    text = str(caught.value)
    assert "Schedule 'changed': --select 'state:modified+' compares the project" in text
    assert f"{two_environments.folder / 'nowhere' / 'manifest.json'!s}' does not exist" in text
    assert "defs.yaml:" in text
    project.write_component(project="{{ context.project_root }}/shop", select="state:modified+")
    with pytest.raises(SelectionError, match="no folder is named that holds it") as caught:
        project.load()
    assert "Set `state_path` of the project" in str(caught.value)


@pytest.mark.slow
def test_the_command_line_of_a_run_narrows_by_the_state_that_it_names(
    project: DgProject, two_environments: TwoEnvironments, capfd: pytest.CaptureFixture[str]
) -> None:
    arguments = ["build", "--select", "state:modified+", "{{ state_args }}", "{{ defer_args }}"]
    project.write_component(project=PROJECT, cli_args=arguments)
    defs = project.load()
    outcome = run(defs)
    assert outcome.success, outcome.failure
    assert set(outcome.materialized) == {"up", "direct", "through"}
    assert ", sliced" in capfd.readouterr().err
    two_environments.dbt("parse", "--target", "prod", target_path="production")
    outcome = run(defs)  # loaded before
    assert outcome.success, outcome.failure
    assert outcome.materialized == []
    project.write_component(
        project=PROJECT, cli_args=["build", "--select", "state:modified", "--state", "nowhere"]
    )
    outcome = run(project.load())
    assert not outcome.success
    assert "nowhere/manifest.json' does not exist" in outcome.failure


@pytest.mark.slow
def test_python_definitions_select_what_is_modified(
    project: DgProject, two_environments: TwoEnvironments
) -> None:
    opened = DbtProject(two_environments.folder, state_path="production")
    opened.prepare_if_dev()
    expected = {"up", "direct", "through"}

    @dbt_assets(manifest=opened, select="state:modified+")
    def changed(context: dg.AssetExecutionContext, dbt: DbtCliResource) -> Any:
        yield from dbt.cli(["build", *dbt.get_defer_args()], context=context).stream()

    assert {key.to_user_string() for key in changed.keys} == expected

    @dbt_assets(manifest=opened.manifest_path)
    def narrowed(context: dg.AssetExecutionContext, dbt: DbtCliResource) -> Any:
        args = ["build", "--select", "state:modified+", *dbt.get_state_args()]
        yield from dbt.cli([*args, *dbt.get_defer_args()], context=context).stream()

    for assets in (changed, narrowed):
        dbt = DbtCliResource(
            project_dir=os.fspath(two_environments.folder), state_path="production"
        )
        outcome = run(dg.Definitions([assets], resources={"dbt": dbt}))
        assert outcome.success, outcome.failure
        assert set(outcome.materialized) == expected
    assert two_environments.rows("dev.direct") == ["('changed',)"]
    two_environments.dbt("parse", "--target", "prod", target_path="production")

    def body(context: dg.AssetExecutionContext, dbt: DbtCliResource) -> Any:
        raise AssertionError("there is nothing to run")

    nothing = dbt_assets(manifest=opened, select="state:modified+")(body)
    assert nothing.keys == set()
    for assets in (nothing, changed):
        schedule = build_schedule_from_dbt_selection([assets], "job", "@daily", "state:modified+")
        defs = dg.Definitions([assets], schedules=[schedule], resources={"dbt": dbt})
        tick = defs.resolve_schedule_def("job_schedule").evaluate_tick(dg.build_schedule_context())
        assert "matches --select 'state:modified+' now" in (tick.skip_message or "")
    with pytest.raises(DefinitionError, match="selects no model"):
        dbt_assets(manifest=opened, select="tag:none")(body)


@pytest.mark.parametrize(
    ("defer", "problem"),
    [
        (True, "`defer` names no folder of a manifest.json"),
        ({"favor_state": True}, "`defer` names no folder of a manifest.json"),
        ("{{ env('NAME', 'maybe') }}", "`defer` must be true or false, not 'maybe'"),
        ("{{ env.NAME }}", "environment variable 'NAME' is not set"),
    ],
)
def test_a_defer_that_can_not_work_does_not_load(
    project: DgProject, defer: Any, problem: str
) -> None:
    project.write_component(project="{{ context.project_root }}/shop", defer=defer)
    with pytest.raises(DefinitionError, match=problem) as caught:
        project.load()
    assert "defs.yaml:" in str(caught.value)
