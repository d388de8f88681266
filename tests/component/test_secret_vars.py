"""A value of `vars` that came from the environment stays there: not in the state, nor in what Dagster records."""

from pathlib import Path
from typing import Any

import dagster as dg
import pytest
from click.testing import CliRunner

from dbt_component.cli import main
from dbt_component.errors import PrepareError
from tests.dg_project import DgProject, RunOutcome, run
from tests.state_contents import everything_in

pytestmark = pytest.mark.server
SECRET = "hunter2-from-env"
OTHER = "another-secret-of-a-run"
VARS = {"api_key": "{{ env.SHOP_API_TOKEN }}", "plain": "shown"}
CLI_ARGS = [
    "build",
    {"--vars": {"run_key": "{{ env.SHOP_RUN_TOKEN }}", "api_key": "{{ env.SHOP_API_TOKEN }}"}},
]


@pytest.fixture
def project(dg_project: DgProject, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> DgProject:
    monkeypatch.setenv("SHOP_API_TOKEN", SECRET)
    monkeypatch.setenv("SHOP_RUN_TOKEN", OTHER)
    monkeypatch.setenv("SHOP_DATABASE", str(tmp_path / "shop.duckdb"))
    return dg_project


def write(project: DgProject, **more: Any) -> None:
    settings = {"project_dir": "{{ context.project_root }}/shop", "vars": VARS}
    project.write_component(project=settings, **more)


def recorded(outcome: RunOutcome, instance: dg.DagsterInstance) -> str:
    run_id = instance.get_runs()[0].run_id
    return "\n".join(repr(entry) for entry in instance.all_logs(run_id)) + outcome.failure


@pytest.mark.reliability(
    "Secrets in variables",
    tried="`project.vars` and `--vars` of `cli_args` with values from the environment: refreshed, run and examined by doctor",
    outcome="no value is in the state, in Dagster's event log, in dbt's log and output or in the report; the names are",
)
def test_no_value_of_a_variable_is_kept(
    project: DgProject, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    write(project, cli_args=CLI_ARGS)
    project.refresh()
    (state,) = project.state_files()
    content = everything_in(state)
    assert b"api_key" in content
    for value in (SECRET, OTHER, '"shown"'):
        assert value.encode() not in content
    with dg.DagsterInstance.ephemeral() as instance:
        log = recorded(run(project.load(), instance=instance), instance)
    assert "api_key" in log and "run_key" in log
    report = CliRunner().invoke(main, ["doctor", "--project", str(project.root)])
    assert "fresh: yes" in report.output
    captured = capfd.readouterr()
    for text in (log, captured.out, captured.err, caplog.text, report.output):
        assert SECRET not in text and OTHER not in text


def test_another_value_is_noticed(project: DgProject, monkeypatch: pytest.MonkeyPatch) -> None:
    write(project, defs_state={"key": "shop"})
    project.refresh()
    monkeypatch.setenv("SHOP_API_TOKEN", "rotated-secret")
    report = CliRunner().invoke(main, ["doctor", "--project", str(project.root)])
    assert "variable api_key changed" in report.output
    assert "rotated-secret" not in report.output and SECRET not in report.output


@pytest.mark.reliability(
    "Secrets in variables",
    tried="dbt fails, in a refresh and in a run, with a message that lists all variables and their values",
    outcome="the errors and dbt's output list the names, with the values masked",
)
def test_dbts_messages_about_variables_are_masked(
    project: DgProject, capfd: pytest.CaptureFixture[str]
) -> None:
    write(project)
    model = project.dbt_folder / "models/marts/report.sql"
    model.write_text("{% if execute %}select '{{ var('missing') }}' as one{% endif %}")
    project.refresh()
    with dg.DagsterInstance.ephemeral() as instance:
        outcome = run(project.load(), instance=instance)
        log = recorded(outcome, instance)
    assert not outcome.success
    assert "Required var 'missing' not found" in log
    assert "api_key" in log
    yml = project.dbt_folder / "dbt_project.yml"
    yml.write_text(yml.read_text() + "\nclean-targets: [\"{{ var('missing') }}\"]\n")
    with pytest.raises(PrepareError) as caught:
        project.refresh()
    assert "Required var 'missing' not found" in str(caught.value)
    captured = capfd.readouterr()
    for text in (log, str(caught.value), captured.out, captured.err):
        assert SECRET not in text
