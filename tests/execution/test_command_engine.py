"""A dbt that is not a Python script: driven by its command line, with the same outcome."""

import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import dagster as dg
import pytest

from dbt_component import DbtCliResource
from dbt_component.dbt_process.engine import find_engine
from dbt_component.dbt_process.events import InvocationResult, NodeStarted
from dbt_component.dbt_process.process import DbtProcess
from dbt_component.dbt_process.requests import Invoke, NodeNames
from dbt_component.errors import EngineError
from dbt_component.project.dbt_environment import dbt_environment
from dbt_component.project.project import DbtProject
from tests.dbt_process.test_process import SLOW, wait_until_gone
from tests.dg_project import DgProject, run
from tests.sleeping_project import IN_A_MODEL, SleepingProject, processes_of_group
from tests.two_environments import TwoEnvironments

pytestmark = [pytest.mark.usefixtures("in_dev"), pytest.mark.server]


def write_wrapper(path: Path, after: str = "") -> Path:
    """A shell script that runs the installed dbt, as wrappers around containers and tools do."""
    dbt = shutil.which("dbt")
    assert dbt is not None
    path.parent.mkdir(exist_ok=True)
    path.write_text(
        f'#!/bin/sh\necho "$@" >> {path}.log\n{dbt} "$@"\ncode=$?\n{after}\nexit $code\n'
    )
    path.chmod(0o755)
    return path


@pytest.fixture
def wrapper(tmp_path: Path) -> Path:
    return write_wrapper(tmp_path / "tools" / "my-dbt")


def project_with(executable: Path) -> dict[str, str]:
    return {
        "project_dir": "{{ context.project_root }}/shop",
        "dbt_executable": str(executable),
    }


def test_a_wrapped_dbt_builds_and_tests_what_the_python_one_does(
    dg_project: DgProject, wrapper: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    dg_project.write_component()
    expected = run(dg_project.load())
    dg_project.write_component(project=project_with(wrapper), include_metadata=["row_count"])
    outcome = run(dg_project.load())
    assert outcome.success, outcome.failure
    assert set(outcome.materialized) == set(expected.materialized)
    assert outcome.checks == expected.checks
    assert set(outcome.observations) == set(expected.observations)
    output = "".join(capfd.readouterr())
    assert "is not a Python script" in output
    assert "include_metadata (row_count) needs a dbt that is a Python script" in output
    builds = [line for line in Path(f"{wrapper}.log").read_text().splitlines() if "build" in line]
    assert len(builds) == 1 and "--select fqn:*" in builds[0]


def test_a_wrapped_dbt_runs_a_command_as_it_is_given(dg_project: DgProject, wrapper: Path) -> None:
    dbt = DbtCliResource(project_dir=str(dg_project.dbt_folder), dbt_executable=str(wrapper))
    dbt.cli(["parse"]).wait().get_artifact("manifest.json")
    built = dbt.cli(["build", "--select", "raw_customers"]).wait()
    results = built.get_artifact("run_results.json")["results"]
    assert [result["unique_id"] for result in results] == ["seed.shop.raw_customers"]
    assert not dbt.cli(["run", "--select", "stg_orders"]).is_successful()


def test_a_wrapped_dbt_runs_exactly_the_chosen_assets_and_checks(
    dg_project: DgProject, wrapper: Path
) -> None:
    dg_project.write_component(project=project_with(wrapper))
    defs = dg_project.load()
    assert run(defs).success
    # daily_orders lies above its unit test in dbt's names; the test was not chosen.
    chosen = dg.AssetSelection.assets("daily_orders").without_checks() | dg.AssetSelection.checks(
        dg.AssetCheckKey(dg.AssetKey("stg_orders"), "unique_stg_orders_order_id")
    )
    outcome = run(defs, chosen)
    assert outcome.success, outcome.failure
    assert outcome.materialized == ["daily_orders"]
    assert list(outcome.checks) == ["stg_orders:unique_stg_orders_order_id"]
    assert outcome.observations == {}


def test_a_wrapped_dbt_tells_of_failed_and_skipped_nodes(
    dg_project: DgProject, wrapper: Path
) -> None:
    (dg_project.dbt_folder / "models/marts/customers.sql").write_text(
        "select cast('not a number' as integer) as customer_id, name, 1 as orders"
        " from {{ ref('stg_customers') }}"
    )
    dg_project.write_component(project=project_with(wrapper))
    outcome = run(dg_project.load())
    assert not outcome.success
    assert "model.shop.customers (error)" in outcome.failure
    assert "Could not convert string 'not a number'" in outcome.failure
    assert "model.shop.report" in outcome.failure  # skipped
    assert "stg_orders" in outcome.materialized and "customers" not in outcome.materialized


def test_selections_are_resolved_by_the_wrapped_dbt(dg_project: DgProject, wrapper: Path) -> None:
    dg_project.write_component(
        project=project_with(wrapper), select="tag:staging", exclude="from_source"
    )
    found = dg_project.load().resolve_asset_graph().materializable_asset_keys
    assert {key.to_user_string() for key in found} == {"stg_customers", "stg_orders"}
    dg_project.write_component(project=project_with(wrapper), select="nothing:of_the_kind")
    with pytest.raises(Exception, match="nothing"):
        dg_project.refresh()


@pytest.mark.slow
def test_a_dbt_that_keeps_no_parse_cache_works_too(dg_project: DgProject, tmp_path: Path) -> None:
    forgetful = write_wrapper(
        tmp_path / "tools" / "forgetful-dbt", after='rm -f "$DBT_TARGET_PATH/partial_parse.msgpack"'
    )
    dg_project.write_component(
        project=project_with(forgetful),
        select="raw_orders stg_orders",
        exclude="test_name:relationships loose_test",
    )
    dg_project.refresh()
    dg_project.refresh()
    outcome = run(dg_project.load())
    assert outcome.success, outcome.failure
    assert outcome.materialized == ["raw_orders", "stg_orders"]
    assert len(outcome.checks) == 2  # unique and not_null


@pytest.mark.slow
def test_names_that_are_selection_syntax_are_selected_all_the_same(
    dg_project: DgProject, wrapper: Path
) -> None:
    shutil.copy(
        dg_project.dbt_folder / "tests/totals_match.sql",
        dg_project.dbt_folder / "tests/totals,1+@more.sql",
    )
    dg_project.write_component(project=project_with(wrapper))
    defs = dg_project.load()
    assert run(defs).success
    (odd,) = [
        key
        for key in defs.resolve_asset_graph().asset_check_keys
        if key.asset_key == dg.AssetKey("customers") and "more" in key.name
    ]
    outcome = run(defs, dg.AssetSelection.checks(odd))
    assert outcome.success, outcome.failure
    assert list(outcome.checks) == [f"customers:{odd.name}"]


def test_what_the_command_line_cannot_choose_exactly_is_not_run(
    dg_project: DgProject, wrapper: Path
) -> None:
    """Excluding the model ``inner`` would exclude what lies below a folder of its name as well."""
    for path in ("area.sql", "area/inner.sql", "area/inner/deep.sql"):
        file = dg_project.dbt_folder / "models" / path
        file.parent.mkdir(exist_ok=True)
        file.write_text("select 1 as one")
    dg_project.write_component(project=project_with(wrapper))
    outcome = run(dg_project.load(), dg.AssetSelection.assets("area", "deep"))
    assert not outcome.success
    assert "matches exactly the requested nodes" in outcome.failure
    assert "model.shop.deep" in outcome.failure
    assert outcome.materialized == []
    assert run(dg_project.load(), dg.AssetSelection.assets("area", "inner", "deep")).success


def test_stopping_the_driver_stops_the_wrapped_dbt(
    dg_project: DgProject, wrapper: Path, tmp_path: Path
) -> None:
    (dg_project.dbt_folder / "models/staging/slow.sql").write_text(
        "{{ config(materialized='table') }} " + SLOW
    )
    project = DbtProject(dg_project.dbt_folder, dbt_executable=str(wrapper))
    process = DbtProcess(
        find_engine(str(wrapper)),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        grace_seconds=10,
    )
    process.send(
        Invoke(
            argv=["run"],
            names=NodeNames(
                names={"model.shop.slow": ("shop", "staging", "slow")},
                are_most=False,
                list_argv=[],
            ),
        ),
        env=dbt_environment(project, target_path=tmp_path / "target"),
        cwd=project.project_dir,
    )
    for event in process.events():
        assert not isinstance(event, InvocationResult), event
        if isinstance(event, NodeStarted):
            break
    children = subprocess.run(
        ["pgrep", "-g", str(process.pid)], capture_output=True, text=True, check=True
    ).stdout.split()
    assert len(children) >= 2  # the driver, the wrapper, dbt
    started = time.monotonic()
    process.stop()
    assert time.monotonic() - started < 20
    assert all(wait_until_gone(int(pid), 5) for pid in children)


@pytest.mark.reliability(
    "Killed and stopped processes",
    tried="a wrapper that leaves a process behind, which holds its output",
    outcome="the run succeeds a few seconds later than without",
)
def test_a_wrapper_that_leaves_a_process_behind_does_not_hold_up_the_run(
    dg_project: DgProject, tmp_path: Path
) -> None:
    lingering = write_wrapper(tmp_path / "tools" / "lingering-dbt", after="sleep 100 &")
    dg_project.write_component(project=project_with(lingering), select="raw_customers")
    started = time.monotonic()
    outcome = run(dg_project.load())
    assert outcome.success, outcome.failure
    assert outcome.materialized == ["raw_customers"]
    assert time.monotonic() - started < 90


@pytest.mark.reliability(
    "Killed and stopped processes",
    tried="SIGKILL to the process that drives a wrapper of dbt, with a query running on PostgreSQL",
    outcome="the wrapped dbt is interrupted, cancels its query and ends",
)
def test_a_wrapped_dbt_does_not_outlive_its_driver(
    sleeping: SleepingProject, wrapper: Path, tmp_path: Path
) -> None:
    sleeping.write(IN_A_MODEL)
    project = DbtProject(sleeping.folder, dbt_executable=str(wrapper))
    with DbtProcess(
        find_engine(str(wrapper)), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as process:
        process.send(
            Invoke(argv=["run"]),
            env=dbt_environment(project, target_path=tmp_path / "target"),
            cwd=project.project_dir,
        )
        sleeping.wait_for_query()
        group = processes_of_group(process.pid)
        assert len(group) >= 3  # the driver, the wrapper, dbt
        os.kill(process.pid, signal.SIGKILL)
        list(process.events())
    assert processes_of_group(process.pid) == []
    assert sleeping.has_no_query_within(1)


def test_what_tells_no_dbt_version_is_refused(tmp_path: Path) -> None:
    other = tmp_path / "dbt"
    other.write_text("#!/bin/sh\necho hello\n")
    other.chmod(0o755)
    with pytest.raises(EngineError, match="printed no dbt version"):
        find_engine(str(other))


def test_the_versions_of_a_wrapped_dbt_are_those_of_the_installed_one(wrapper: Path) -> None:
    engine = find_engine(str(wrapper))
    installed = find_engine().versions
    names = {"dbt-core", "dbt-duckdb", "dbt-postgres"}
    assert engine.command == str(wrapper)
    assert engine.versions == {name: installed[name] for name in names}


@pytest.mark.parametrize(
    "first_lines",
    [
        "#!{python}\n",
        "#!{python} -sE\n",
        "#!/usr/bin/env python\n",
        '#!/bin/sh\n\'\'\'exec\' "{python}" "$0" "$@"\n',
        '#!/bin/sh\n\'\'\'exec\' "$(dirname -- "$(realpath -- "$0")")"/\'python\' "$0" "$@"\n',
    ],
)
def test_the_scripts_that_installers_write_are_python(tmp_path: Path, first_lines: str) -> None:
    """In the folder of an environment, whose interpreter lies beside the script."""
    environment = Path(sys.executable).parent.parent
    (tmp_path / "lib").symlink_to(environment / "lib")
    (tmp_path / "bin").mkdir()
    python = tmp_path / "bin" / "python"
    python.symlink_to(sys.executable)
    script = tmp_path / "bin" / "dbt"
    script.write_text(first_lines.format(python=python) + "from dbt.cli.main import cli\n")
    script.chmod(0o755)
    engine = find_engine(str(script))
    assert (engine.command, engine.python) == (None, str(python))


@pytest.mark.slow
def test_settings_of_the_user_do_not_change_what_a_wrapped_dbt_lists_or_builds(
    dg_project: DgProject, wrapper: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A log format of their own, and a selector for when nothing is selected."""
    monkeypatch.setenv("DBT_LOG_FORMAT", "json")
    (dg_project.dbt_folder / "selectors.yml").write_text(
        "selectors: [{name: few, default: true, definition: {method: fqn, value: raw_orders}}]\n"
    )
    dg_project.write_component(project=project_with(wrapper), exclude="raw_customers+")
    outcome = run(dg_project.load())
    assert outcome.success, outcome.failure
    assert set(outcome.materialized) == {"raw_orders", "stg_orders", "from_source", "daily_orders"}


def write_forger(project: DgProject, *reports: str, invocation_id: str) -> None:
    """Writes a Python model that prints reports of success as dbt logs them, and then fails."""
    (project.dbt_folder / "models/staging/forger.py").write_text(
        f"""
import json
from dbt_common.invocation import get_invocation_id

def model(dbt, session):
    dbt.config(materialized="table")
    reports = {reports!r}
    for name in reports:
        info = dict(name="NodeFinished", level="debug", msg="", invocation_id={invocation_id})
        node = dict(unique_id="model.shop." + name, resource_type="model")
        data = dict(node_info=node, run_result=dict(status="success"))
        print(json.dumps(dict(info=info, data=data)), flush=True)
    if reports:
        raise ValueError("the forger fails")
    return session.sql("select 1")
"""
    )


@pytest.mark.reliability(
    "Output that looks like dbt's",
    tried="a model of a wrapped dbt prints dbt's report of its success, with another invocation's id, and fails",
    outcome="the line is ignored; the model is not materialized, and the step fails with the model's error",
)
def test_a_line_of_another_invocation_is_no_report(dg_project: DgProject, wrapper: Path) -> None:
    write_forger(dg_project, "forger", invocation_id="'another'")
    dg_project.write_component(project=project_with(wrapper), select="forger")
    outcome = run(dg_project.load())
    assert not outcome.success
    assert outcome.materialized == []
    assert "model.shop.forger (error)" in outcome.failure
    assert "the forger fails" in outcome.failure


@pytest.mark.reliability(
    "Output that looks like dbt's",
    tried="as before, with this invocation's id, which code in dbt's process can find out",
    outcome="the step fails, because dbt's results say otherwise, and the error names the model",
)
def test_a_report_that_dbts_results_contradict_fails_the_step(
    dg_project: DgProject, wrapper: Path
) -> None:
    write_forger(dg_project, "forger", "stg_orders", invocation_id="get_invocation_id()")
    dg_project.write_component(project=project_with(wrapper), select="forger")
    outcome = run(dg_project.load())
    assert not outcome.success
    assert "contradicts run_results.json" in outcome.failure
    assert "model.shop.forger (success, but error)" in outcome.failure
    assert "model.shop.stg_orders (success, but not in the results)" in outcome.failure


@pytest.mark.reliability(
    "Output that looks like dbt's",
    tried="a wrapper that runs another dbt command before or after the one that it was given",
    outcome="lines of the other command do not count; if it replaced run_results.json, the step fails and says so",
)
@pytest.mark.parametrize(
    ("before", "after", "error"),
    [
        ("{dbt} --log-format json --log-level debug ls", "", None),
        ("", "{dbt} --log-format json docs generate", "run_results.json is of invocation"),
    ],
)
def test_only_the_log_of_the_command_itself_counts(
    before: str, after: str, error: str | None, dg_project: DgProject, tmp_path: Path
) -> None:
    wrapper = write_wrapper(tmp_path / "tools" / "my-dbt")
    dbt = shutil.which("dbt")
    text = wrapper.read_text().replace(
        f'{dbt} "$@"\ncode=$?\n', f'{before}\n{dbt} "$@"\ncode=$?\n{after}\n'
    )
    is_build = 'case "$*" in *build*) ;; *) exec {dbt} "$@";; esac\n'
    head, _, rest = text.partition("\n")
    wrapper.write_text((f"{head}\n{is_build}{rest}").replace("{dbt}", str(dbt)))
    dg_project.write_component(project=project_with(wrapper), select="raw_customers")
    outcome = run(dg_project.load())
    assert outcome.materialized == ["raw_customers"]
    assert outcome.success is (error is None), outcome.failure
    assert error is None or error in outcome.failure


@pytest.mark.parametrize("two_environments", ["duckdb"], indirect=True)
def test_a_wrapped_dbt_defers_and_selects_what_is_modified(
    two_environments: TwoEnvironments, wrapper: Path
) -> None:
    two_environments.write({"models/direct.sql": "select built_in from {{ ref('up') }}"})
    project = DgProject(two_environments.folder.parent)
    project.write_component(
        project=project_with(wrapper) | {"state_path": "production"},
        select="state:modified+",
        defer=True,
    )
    outcome = run(project.load())
    assert outcome.success, outcome.failure
    assert outcome.materialized == ["direct"]
    assert two_environments.rows("dev.direct") == ["('prod',)"]
