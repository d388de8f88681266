"""What the runs of ``jobs`` and ``schedules`` execute, compared with `dbt ls`, and what is executed again after a failure."""

import datetime
import json
import os
import shutil
import subprocess
import sys
import textwrap
from pathlib import Path

import dagster as dg
import pytest

from dbt_component.definitions.op_registry import bound_ops
from dbt_component.execution.subset import nodes_to_run
from dbt_component.manifest.index import ManifestIndex
from dbt_component.project.cache import cache_folder
from tests.dg_project import DgProject

pytestmark = pytest.mark.usefixtures("shared_states")

ROOT = Path(__file__).parents[2]
TICK = datetime.datetime(2024, 3, 5, 5, tzinfo=datetime.timezone.utc)
TESTED = ["model", "seed", "snapshot", "test", "unit_test"]
PYTHON = """
import dagster as dg

@dg.asset(deps=["customers"])
def mail(): ...


@dg.asset(deps=["mail"])
def log(): ...


@dg.asset(deps=[dg.AssetKey(["reporting", "report"])])
def behind_another(): ...


@dg.asset_check(asset="mail")
def was_sent():
    return dg.AssetCheckResult(passed=True)
"""


def dbt_ls(folder: Path, select: str) -> set[str]:
    """The unique ids of what dbt would run, by `dbt ls`."""
    command = [
        os.fspath(Path(sys.executable).with_name("dbt")),
        "--quiet",
        "ls",
        "--output",
        "json",
    ]
    command += [part for kind in TESTED for part in ("--resource-type", kind)]
    command += ["--output-keys", "unique_id", "config", "--select", select]
    done = subprocess.run(
        [*command, "--profiles-dir", ".", "--target-path", "elsewhere"],
        cwd=folder,
        capture_output=True,
        text=True,
        check=True,
    )
    rows = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
    return {r["unique_id"] for r in rows if r["config"].get("materialized") != "ephemeral"}


def launched(job: dg.JobDefinition) -> set[str]:
    """The unique ids that the steps of a job run."""
    found: set[str] = set()
    for assets in {data.assets_def for data in job.asset_layer.data if data.assets_def}:
        bound = bound_ops.find(assets.node_def)
        if bound is None or not assets.is_executable:
            continue
        outputs = assets.keys_by_output_name.keys() | assets.check_specs_by_output_name.keys()
        index: ManifestIndex = bound.prepared.manifest.index
        ids = nodes_to_run(index, bound.nodes, outputs=outputs, job_name=job.name)
        found |= {u for u in ids if u.split(".")[0] in TESTED and u not in ephemeral(index)}
    return found


def ephemeral(index: ManifestIndex) -> set[str]:
    return {node.unique_id for node in index.nodes if not node.is_asset}


def run_results() -> set[str]:
    """What dbt reported in the runs since the last call."""
    folders = list(cache_folder("runs").iterdir())
    ids = {
        result["unique_id"]
        for folder in folders
        for path in folder.glob("target*/run_results.json")
        for result in json.loads(path.read_text())["results"]
    }
    for folder in folders:
        shutil.rmtree(folder)
    return ids


@pytest.mark.server
@pytest.mark.usefixtures("in_dev")
@pytest.mark.parametrize(
    ("project", "executed"),
    [
        ("shop", ["fqn:*", "test_type:singular customers", "daily_orders test_type:unit"]),
        pytest.param("shop", None, marks=pytest.mark.slow),
        pytest.param("example", [], marks=pytest.mark.slow),  # its data are in PostgreSQL
    ],
)
def test_jobs_and_schedules_launch_exactly_what_dbt_ls_lists(
    dg_project: DgProject,
    project: str,
    executed: list[str] | None,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Jobs of ``executed``, by default of all selections, run too."""
    selections = {
        "shop": [
            "fqn:*",
            "+customers",
            "tag:staging",
            "tag:staging,config.materialized:view+1",
            "@stg_orders",
            "test_type:singular customers",
            "group:finance",
            "daily_orders test_type:unit",
            "path:models/staging source:external+",
        ],
        "example": [
            "+tag:daily",
            "tag:weekly",
            "resource_type:seed+1",
            "path:models/staging",
            "marts,config.materialized:incremental",
            "+route_performance test_type:data",
            "resource_type:snapshot+",
            "package:nyc_flights_transform",
        ],
    }[project]
    if project == "example":
        shutil.rmtree(dg_project.dbt_folder)
        shutil.copytree(ROOT / "example_project" / "transform", dg_project.dbt_folder)
        monkeypatch.setenv("PGHOST", "localhost")
    cron = {"cron_schedule": "0 5 * * *"}
    dg_project.write_component(
        jobs=[{"name": f"j{n}", "select": select} for n, select in enumerate(selections)],
        schedules=[
            *({"name": f"s{n}", "select": select, **cron} for n, select in enumerate(selections)),
            *({"name": f"t{n}", "job": f"j{n}", **cron} for n in range(len(selections))),
        ],
    )
    repository = dg_project.load().get_repository_def()
    for number, select in enumerate(selections):
        listed = dbt_ls(dg_project.dbt_folder, select)
        assert listed
        names = (repository.get_schedule_def(f"{s}{number}").job_name for s in "st")
        for name in {f"j{number}", *names}:
            assert launched(repository.get_job(name)) == listed, (name, select)
        if executed is not None and select not in executed:
            continue
        run_results()
        assert repository.get_job(f"j{number}").execute_in_process().success
        assert run_results() == listed, select


def built(result: dg.ExecuteInProcessResult) -> set[str]:
    return {
        event.asset_key.to_user_string()
        for event in result.all_events
        if event.is_step_materialization and event.asset_key
    }


@pytest.mark.server
@pytest.mark.usefixtures("in_dev")
def test_a_job_builds_what_is_downstream_in_python_too(dg_project: DgProject) -> None:
    chosen = {"select": "+customers", "exclude": "totals_match"}
    dg_project.write_component(
        jobs=[
            {"name": "with_mail", **chosen, "include_downstream": True},
            {"name": "without", **chosen},
        ],
        schedules=[{"name": "nightly", "cron_schedule": "0 5 * * *", "job": "with_mail"}],
    )
    (dg_project.defs_folder / "own.py").write_text(PYTHON)
    repository = dg_project.load().get_repository_def()
    result = repository.get_job("with_mail").execute_in_process()
    assert {"customers", "mail", "log"} <= built(result)
    assert built(result).isdisjoint({"behind_another", "reporting/report"})
    checks = result.get_asset_check_evaluations()
    assert "was_sent" in {check.check_name for check in checks}
    without = repository.get_job("without").execute_in_process()
    assert built(without) == built(result) - {"mail", "log"}


@pytest.mark.server
def test_dg_launch_runs_a_job_with_what_is_downstream_in_a_process_of_its_own(
    dg_project: DgProject, tmp_path: Path
) -> None:
    dg_project.write_component(
        jobs=[{"name": "seeds", "select": "raw_customers", "include_downstream": True}],
    )
    text = 'import dagster as dg\n\n\n@dg.asset(deps=["raw_customers"])\ndef mail(): ...\n'
    (dg_project.defs_folder / "own.py").write_text(text)
    (home := tmp_path / "home").mkdir()
    (home / "dagster.yaml").write_text("")
    path = os.pathsep.join([str(dg_project.root / "src"), str(ROOT / "src")])
    environment = {**os.environ, "DAGSTER_HOME": str(home), "PYTHONPATH": path}
    for arguments in (["utils", "refresh-defs-state"], ["launch", "--job", "seeds"]):
        done = subprocess.run(
            [Path(sys.executable).with_name("dg"), *arguments],
            cwd=dg_project.root,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
    with dg.DagsterInstance.from_config(str(home)) as instance:
        (run,) = instance.get_runs()
        assert run.is_success
        assert run.tags["dagster/retry_strategy"] == "FROM_ASSET_FAILURE"
        for key in ("raw_customers", "mail"):
            assert instance.get_latest_materialization_event(dg.AssetKey(key)) is not None


@pytest.mark.server
@pytest.mark.usefixtures("in_dev")
def test_partitions_of_what_is_downstream_are_those_of_the_job_and_its_schedule(
    dg_project: DgProject,
) -> None:
    schedule = {"name": "nightly", "cron_schedule": "0 5 * * *", "job": "seeds"}
    dg_project.write_component(
        jobs=[{"name": "seeds", "select": "raw_customers", "include_downstream": True}],
        schedules=[schedule],
    )
    own = dg_project.defs_folder / "own.py"
    template = textwrap.dedent(
        """
        import dagster as dg


        @dg.asset(deps=["raw_customers"], partitions_def={})
        def mail(): ...
        """
    )
    own.write_text(template.format("dg.DailyPartitionsDefinition('2024-01-01', '2024-01-04')"))
    repository = dg_project.load().get_repository_def()
    with dg.DagsterInstance.ephemeral() as instance:
        context = dg.build_schedule_context(
            instance=instance, repository_def=repository, scheduled_execution_time=TICK
        )
        tick = repository.get_schedule_def("nightly").evaluate_tick(context)
        assert [r.partition_key for r in tick.run_requests or ()] == ["2024-01-03"]
        job = repository.get_job("seeds")
        result = job.execute_in_process(instance=instance, partition_key="2024-01-03")
        assert built(result) == {"raw_customers", "mail"}


def reexecute(
    job: dg.JobDefinition, instance: dg.DagsterInstance, failed: dg.ExecuteInProcessResult
) -> dg.ExecuteInProcessResult:
    """Executes a failed run again by the strategy in its tags, as `DagsterInstance.create_reexecuted_run` does."""
    run = instance.get_run_by_id(failed.run_id)
    assert run is not None and run.execution_plan_snapshot_id is not None
    assert run.tags["dagster/retry_strategy"] == "FROM_ASSET_FAILURE"
    snapshot = instance.get_execution_plan_snapshot(run.execution_plan_snapshot_id)
    keys, checks = instance.run_domain.get_keys_to_reexecute(run.run_id, snapshot)
    subset = job.get_subset(asset_selection=keys, asset_check_selection=checks)
    return subset.execute_in_process(instance=instance, raise_on_error=False, tags=run.tags)


@pytest.mark.server
@pytest.mark.usefixtures("in_dev")
@pytest.mark.reliability(
    "Errors that pass",
    tried="a run of a job in which a model fails is executed again by the strategy that its tags name",
    outcome="the failed model and what was skipped run again, nothing else",
)
def test_only_what_failed_or_was_skipped_is_executed_again(dg_project: DgProject) -> None:
    broken = dg_project.dbt_folder / "models" / "marts" / "customers.sql"
    good = broken.read_text()
    broken.write_text(good + "\n-- \nwhere no_such_column = 1")
    dg_project.write_component(
        jobs=[{"name": "all", "select": "fqn:*", "include_downstream": True}]
    )
    (dg_project.defs_folder / "own.py").write_text(PYTHON)
    with dg.DagsterInstance.ephemeral() as instance:
        job = dg_project.load().resolve_job_def("all")
        failed = job.execute_in_process(instance=instance, raise_on_error=False)
        assert not failed.success
        everything = {key.to_user_string() for key in job.asset_layer.selected_asset_keys}
        assert "customers" not in built(failed) and "stg_orders" in built(failed)
        broken.write_text(good)
        run_results()
        job = dg_project.load().resolve_job_def("all")
        again = reexecute(job, instance, failed)
        assert again.success
        assert built(again) == everything - built(failed)
        ran = {u for u in run_results() if u.startswith(("model.", "seed.", "snapshot."))}
        assert {u.rpartition(".")[2] for u in ran} == {
            key.rpartition("/")[2] for key in built(again)
        } - {"mail", "log", "behind_another"}
