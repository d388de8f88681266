"""An attempt of a step after the first one, by Dagster's retry policy, goes on where the one before it ended."""

import os
import subprocess
import sys
import textwrap
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from dbt_component import DbtCliResource, DbtProject, dbt_assets
from tests.execution.test_node_retry import MODELS, times
from tests.sleeping_project import SleepingProject

pytestmark = pytest.mark.server

# The first attempt of the step is killed as soon as `first` was recorded.
DIES_ONCE = """
    import os, signal
    import dagster as dg
    from dbt_component import DbtCliResource, DbtProject, dbt_assets

    project = DbtProject({folder!r})

    @dbt_assets(manifest=project, retry_policy=dg.RetryPolicy(max_retries=1))
    def models(context: dg.AssetExecutionContext, dbt: DbtCliResource):
        for event in dbt.cli(["build"], context=context).stream():
            if context.retry_number == 0 and "third" in str(getattr(event, "output_name", "")):
                os.kill(os.getpid(), signal.SIGKILL)
            yield event

    @dg.asset(deps=["first"])
    def report() -> None: ...

    everything = dg.define_asset_job("everything", dg.AssetSelection.all())
    defs = dg.Definitions(
        assets=[models, report], jobs=[everything], resources={{"dbt": DbtCliResource(project_dir=project)}}
    )
    """
CHAIN = {
    "models/first.sql": "{{ config(materialized='table') }} select nextval('public.first_runs') as id",
    "models/second.sql": "{{ config(materialized='table') }} select id from {{ ref('first') }}",
    "models/third.sql": "{{ config(materialized='table') }} select id from {{ ref('second') }}",
    "models/schema.yml": "models: [{name: first, columns: [{name: id, data_tests: [not_null]}]}]",
}


@pytest.mark.reliability(
    "Killed and stopped processes",
    tried="SIGKILL to the process of a step that has Dagster's retry policy, amid its models",
    outcome="the next attempt leaves out what was recorded, and builds the rest; downstream steps run",
)
def test_a_step_whose_process_was_killed_goes_on_with_what_is_left(
    sleeping: SleepingProject, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sleeping.write(CHAIN)
    sleeping.database.run(["create sequence public.first_runs"])
    project = DbtProject(sleeping.folder)
    project.preparer.prepare(project)
    code = tmp_path / "dies_once.py"
    code.write_text(textwrap.dedent(DIES_ONCE).format(folder=str(sleeping.folder)))
    (tmp_path / "home").mkdir()
    monkeypatch.setenv("DAGSTER_HOME", str(tmp_path / "home"))
    config = tmp_path / "run.yaml"
    config.write_text("execution: {config: {multiprocess: {}}}")
    command = [sys.executable, "-m", "dagster", "job", "execute", "-f", str(code)]
    done = subprocess.run(
        [*command, "-j", "everything", "-c", str(config)],
        env=os.environ,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-5_000:]
    assert "Attempt 2 leaves out" in done.stderr
    with dg.DagsterInstance.get() as instance:
        (record,) = instance.get_run_records()
        logs = instance.all_logs(record.dagster_run.run_id)
    events = [entry.dagster_event for entry in logs if entry.dagster_event]
    built = Counter(
        e.asset_key.to_user_string() for e in events if e.is_step_materialization and e.asset_key
    )
    assert built == {"first": 1, "second": 1, "third": 1, "report": 1}
    checks = [e for e in events if e.event_type_value == "ASSET_CHECK_EVALUATION"]
    assert len(checks) == 1
    assert sleeping.database.rows("select last_value from public.first_runs") == [(1,)]
    assert any(e.is_step_up_for_retry for e in events)


def retried(
    project: SleepingProject, *args: str, max_retries: int = 1
) -> tuple[dg.ExecuteInProcessResult, dg.DagsterInstance]:
    opened = DbtProject(project.folder)
    opened.preparer.prepare(opened)

    @dbt_assets(manifest=opened, retry_policy=dg.RetryPolicy(max_retries=max_retries))
    def flaky(context: dg.AssetExecutionContext, dbt: DbtCliResource) -> Iterator[Any]:
        yield from dbt.cli(["build", *args], context=context).stream()

    resources = {"dbt": DbtCliResource(project_dir=opened)}
    instance = dg.DagsterInstance.ephemeral()
    defs = dg.Definitions(assets=[flaky], resources=resources)
    job = defs.resolve_implicit_global_asset_job_def()
    return job.execute_in_process(instance=instance, raise_on_error=False), instance


@pytest.fixture
def flaky(sleeping: SleepingProject) -> SleepingProject:
    sleeping.write(MODELS)
    sleeping.database.run(["create sequence public.tries", "create sequence public.steady_runs"])
    return sleeping


def test_the_next_attempt_after_a_failure_runs_only_what_failed(flaky: SleepingProject) -> None:
    result, _ = retried(flaky)
    assert result.success
    assert times(flaky, "tries") == 2 and times(flaky, "steady_runs") == 1
    built = Counter(
        e.asset_key.to_user_string()
        for e in result.all_events
        if e.is_step_materialization and e.asset_key
    )
    assert built == {"steady": 1, "flaky": 1, "below": 1}
    assert len(result.get_asset_check_evaluations()) == 3


def test_an_asset_whose_blocking_check_failed_is_built_again(sleeping: SleepingProject) -> None:
    sleeping.write(
        {
            "models/counted.sql": "{{ config(materialized='table') }} select nextval('public.runs') as id",
            "models/calm.sql": "{{ config(materialized='table') }} select nextval('public.calm_runs') as id",
            "models/schema.yml": "models: [{name: counted, columns: [{name: id, data_tests: [{accepted_values: "
            "{values: [2], quote: false}}]}]}]",
        }
    )
    sleeping.database.run(["create sequence public.runs", "create sequence public.calm_runs"])
    result, _ = retried(sleeping)
    assert result.success
    assert times(sleeping, "runs") == 2 and times(sleeping, "calm_runs") == 1
    assert [e.passed for e in result.get_asset_check_evaluations()] == [False, True]


def test_without_an_event_log_everything_runs_again_and_a_warning_says_so(
    flaky: SleepingProject, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    def unreadable(*args: Any, **given: Any) -> Any:
        raise OSError("the event log is away")

    monkeypatch.setattr(dg.DagsterInstance, "all_logs", unreadable)
    result, _ = retried(flaky)
    assert result.success
    assert times(flaky, "steady_runs") == 2
    log = capfd.readouterr().err
    assert "Attempt 2 runs everything again" in log and "the event log is away" in log
