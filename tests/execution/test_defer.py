"""Runs that defer to the manifest of another environment."""

from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from dbt_component import DbtCliResource
from tests.dg_project import DgProject, RunOutcome, run
from tests.two_environments import TwoEnvironments

pytestmark = [pytest.mark.usefixtures("in_dev"), pytest.mark.server]

PROJECT = {"project_dir": "{{ context.project_root }}/shop", "state_path": "production"}


@pytest.fixture
def project(two_environments: TwoEnvironments) -> DgProject:
    return DgProject(two_environments.folder.parent)


def run_component(project: DgProject, *keys: str, **attributes: Any) -> RunOutcome:
    """Runs assets of a component in development; all of them if no keys are given."""
    project.write_component(**{"project": PROJECT, **attributes})
    selection = dg.AssetSelection.assets(*keys) if keys else None
    outcome = run(project.load(), selection)
    assert outcome.success, outcome.failure
    return outcome


def test_what_does_not_exist_in_the_target_is_read_from_production(
    project: DgProject,
    two_environments: TwoEnvironments,
    capfd: pytest.CaptureFixture[str],
) -> None:
    keys = ("direct", "through", "seeded")
    outcome = run_component(project, *keys, defer=True)
    assert sorted(outcome.materialized) == sorted(keys)
    assert two_environments.rows("dev.direct") == ["('prod',)"]
    assert two_environments.rows("dev.through") == ["('prod',)"]
    assert two_environments.rows("dev.seeded") == ["(1,)"]
    assert two_environments.rows("dev.up") is None
    log = capfd.readouterr().err
    assert (
        f"--defer --defer-state {two_environments.folder / 'production'}` over 3 nodes, sliced"
        in log
    )


def test_what_exists_in_the_target_is_read_there_unless_the_state_is_favored(
    project: DgProject, two_environments: TwoEnvironments
) -> None:
    run_component(project, "up", "direct", defer=True)
    assert two_environments.rows("dev.up") == ["('dev',)"]
    assert two_environments.rows("dev.direct") == ["('dev',)"]
    favoring = {"state_path": "production", "favor_state": True}
    run_component(project, "direct", defer=favoring)
    assert two_environments.rows("dev.direct") == ["('prod',)"]
    run_component(project, "up", "direct", defer=favoring)  # up is selected too
    assert two_environments.rows("dev.direct") == ["('dev',)"]


def test_a_test_of_a_model_that_is_only_in_production_reads_it_there(
    project: DgProject,
) -> None:
    project.write_component(project=PROJECT, defer=True, cli_args=["test"])
    checks = dg.AssetSelection.checks_for_assets("up")
    outcome = run(project.load(), checks)
    assert outcome.success, outcome.failure
    assert outcome.checks == {"up:not_null_up_built_in": True}


@pytest.mark.slow
def test_a_parent_that_production_does_not_have_is_not_deferred(
    project: DgProject, two_environments: TwoEnvironments
) -> None:
    two_environments.write(
        {
            "models/fresh.sql": "select 1 as one",
            "models/mixed.sql": "select built_in, one from {{ ref('up') }} cross join {{ ref('fresh') }}",
        }
    )
    project.write_component(project=PROJECT, defer=True)
    outcome = run(project.load(), dg.AssetSelection.assets("mixed"))
    assert not outcome.success
    assert "fresh" in outcome.failure
    outcome = run(project.load(), dg.AssetSelection.assets("mixed", "fresh"))
    assert outcome.success, outcome.failure
    assert two_environments.rows("dev.mixed") == ["('prod', 1)"]


@pytest.mark.slow
def test_a_model_that_reads_the_graph_gets_the_one_that_dbt_makes_when_it_defers(
    project: DgProject,
    two_environments: TwoEnvironments,
    capfd: pytest.CaptureFixture[str],
) -> None:
    two_environments.write(
        {
            "models/counter.sql": "{{ config(materialized='table') }}"
            " select {{ graph.nodes.values() | selectattr('defer_relation') | list | length }} as deferred,"
            " {{ graph.nodes | length }} as nodes, built_in from {{ ref('up') }}"
        }
    )
    arguments = ["--defer", "--defer-state", "production"]
    two_environments.dbt("run", "--select", "counter", *arguments)
    expected = two_environments.rows("dev.counter")
    run_component(project, "counter", defer=True)
    assert two_environments.rows("dev.counter") == expected
    assert "counter reads `graph`, which dbt makes anew when it defers" in capfd.readouterr().err
    run_component(project, "counter", cli_args=["build", *arguments])
    assert two_environments.rows("dev.counter") == expected


def test_clone_copies_from_the_state_without_saying_defer(
    project: DgProject, two_environments: TwoEnvironments
) -> None:
    run_component(project, "up", "direct", defer=True, cli_args=["clone"])
    assert two_environments.rows("dev.up") == ["('prod',)"]
    assert two_environments.rows("dev.direct") == ["('prod',)"]


@pytest.mark.slow
@pytest.mark.parametrize("two_environments", ["duckdb"], indirect=True)
def test_every_command_of_a_body_defers_and_what_its_arguments_say_wins(
    project: DgProject, two_environments: TwoEnvironments, capfd: pytest.CaptureFixture[str]
) -> None:
    (two_environments.folder / "production").rename(two_environments.folder / "elsewhere")
    arguments = ["--defer-state", "elsewhere"]
    run_component(project, "direct", defer=True, cli_args=["run", *arguments])
    assert two_environments.rows("dev.direct") == ["('prod',)"]
    assert "`dbt run --defer-state elsewhere --defer` over" in capfd.readouterr().err
    run_component(
        project, "direct", cli_args=["run", "--defer", "--state", "elsewhere"], defer=True
    )
    assert "`dbt run --defer --state elsewhere` over" in capfd.readouterr().err
    project.write_component(project=PROJECT, defer=True, cli_args=["run", "--no-defer"])
    assert not run(project.load(), dg.AssetSelection.assets("direct")).success
    assert "`dbt run --no-defer` over" in capfd.readouterr().err


@pytest.mark.parametrize("two_environments", ["duckdb"], indirect=True)
def test_a_missing_manifest_fails_the_run_instead_of_reading_the_target(
    project: DgProject, two_environments: TwoEnvironments
) -> None:
    manifest = two_environments.folder / "production" / "manifest.json"
    manifest.unlink()
    file = project.write_component(project=PROJECT, defer=True)
    outcome = run(project.load(), dg.AssetSelection.assets("direct"))
    assert not outcome.success
    assert f"There is no manifest to defer to: '{manifest}' does not exist." in outcome.failure
    assert f"{file.name}:" in outcome.failure
    assert "switch `defer` off" in outcome.failure


@pytest.mark.parametrize("two_environments", ["duckdb"], indirect=True)
def test_defer_args_are_absent_without_a_manifest(
    project: DgProject, two_environments: TwoEnvironments, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_component(project, "direct", cli_args=["run", "{{ defer_args }}"])
    assert two_environments.rows("dev.direct") == ["('prod',)"]
    # dbt takes a relative folder from the project's, not from that of this process.
    monkeypatch.chdir(two_environments.folder.parent)
    folder = two_environments.folder / "production"
    dbt = DbtCliResource(project_dir="shop", state_path="production")
    assert dbt.get_state_args() == ["--state", str(folder)]
    assert dbt.get_defer_args() == ["--defer", "--defer-state", str(folder)]
    assert dbt.cli(["run", "--select", "direct", *dbt.get_defer_args()]).wait().is_successful()
    Path(folder, "manifest.json").unlink()
    assert dbt.get_state_args() == dbt.get_defer_args() == []
