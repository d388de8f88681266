"""`dbt-component plan` tells what the next run does, and starts no dbt."""

import json
import subprocess
from typing import Any

import pytest
from click.testing import CliRunner

from dbt_component.cli import main
from tests.dg_project import DgProject
from tests.execution.unchanged.conftest import ALL, SkippingProject, built, ran
from tests.execution.unchanged.conftest import skipping as skipping

pytestmark = pytest.mark.server


def plan(project: SkippingProject, *args: str) -> str:
    result = CliRunner().invoke(main, ["plan", "--project", str(project.dg_project.root), *args])
    assert result.exit_code == 0, result.output
    return result.stdout


def planned(project: SkippingProject, *args: str) -> tuple[set[str], set[str], dict[str, Any]]:
    (component,) = json.loads(plan(project, "--json", *args))
    nodes = {n["asset_key"] for n in component["nodes"] if n["action"] == "build"}
    tests = {t["check"] for t in component["tests"] if t["action"] == "test"}
    return nodes, tests, component


def test_a_plan_is_what_the_run_does(
    skipping: SkippingProject, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DAGSTER_HOME", skipping.instance.root_directory)
    skipping.dg_project.load()
    assert planned(skipping)[0] == ALL
    assert skipping.run().success
    skipping.write({"macros/loudly.sql": "{% macro loudly(c) %}lower({{ c }}){% endmacro %}"})
    assert "the project is not as it was prepared (file macros/loudly.sql)" in plan(skipping)
    skipping.dg_project.load()
    with monkeypatch.context() as patch:

        def refuse(*_: object, **__: object) -> None:
            raise AssertionError("a process was started")

        patch.setattr(subprocess, "Popen", refuse)
        text = plan(skipping)
        nodes, tests, component = planned(skipping)
        forced = planned(skipping, "--force")[0]
    assert "  2 nodes to build, 7 unchanged; 1 test to run, 2 left out" in text
    assert "its code changed" in text and "loud is built in this run" in text
    assert "usual duration of what runs" in text and "longest chain" in text
    assert component["longest_chain_seconds"] > 0
    assert forced == ALL
    outcome = skipping.run()
    assert (built(outcome), ran(outcome)) == (nodes, tests)
    assert planned(skipping)[0] == set()


def test_a_plan_without_an_instance_or_without_the_setting_says_so(
    skipping: SkippingProject, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("DAGSTER_HOME", raising=False)
    skipping.dg_project.load()
    text = plan(skipping)
    assert "everything runs: DAGSTER_HOME is not set" in text and "9 nodes to build" in text
    skipping.dg_project.write_component()
    assert "everything runs: `skip_unchanged` is not set" in plan(skipping)
    assert planned(skipping, "--exclude", "totals report")[0] == ALL - {"totals", "report"}


def test_a_plan_knows_the_settings_of_each_op(
    skipping: SkippingProject, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DAGSTER_HOME", skipping.instance.root_directory)
    skipping.dg_project.write_component(
        skip_unchanged=True,
        cli_args=["build", {"--vars": {"minimum": 0}}],
        ops=[
            {"name": "chosen", "select": "chosen", "cli_args": ["build"], "vars": {"minimum": 1}},
            {"name": "always", "select": "outer", "cli_args": ["build", "--full-refresh"]},
        ],
    )
    skipping.dg_project.load()
    assert planned(skipping)[0] == ALL
    assert skipping.run().success
    assert planned(skipping)[0] == {"outer"}
    assert "`--full-refresh` is set" in plan(skipping)
    assert built(skipping.run()) == {"outer"}


@pytest.mark.parametrize("command", ["plan", "doctor"])
def test_a_wrong_defs_yaml_is_a_message_and_no_traceback(
    dg_project: DgProject, command: str
) -> None:
    dg_project.write_component(jobs=[{"nme": "nightly"}])
    result = CliRunner().invoke(main, [command, "--project", str(dg_project.root)])
    assert result.exit_code == 1
    assert isinstance(result.exception, SystemExit)
    assert "Did you mean 'name'?" in result.output
    assert "attributes.jobs.0.nme" in result.output
    assert "hint: Run `dg check yaml`." in result.output
