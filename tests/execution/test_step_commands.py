"""Which dbt commands a step runs, and over what."""

import shutil
from pathlib import Path

import pytest

from dbt_component import DbtCliResource
from tests.dg_project import DgProject, run
from tests.execution.test_command_engine import write_wrapper

pytestmark = [pytest.mark.usefixtures("in_dev"), pytest.mark.server]


@pytest.mark.reliability(
    "Resource types and flags",
    tried="`cli_args: [compile]`",
    outcome="the selection is compiled, and the step says that it built nothing",
)
def test_compile_compiles_what_was_selected_and_builds_nothing(
    dg_project: DgProject, capfd: pytest.CaptureFixture[str]
) -> None:
    dg_project.write_component(cli_args=["compile"], select="from_source daily_orders")
    outcome = run(dg_project.load())
    assert outcome.success, outcome.failure
    assert outcome.materialized == [] and outcome.checks == {}
    captured = capfd.readouterr()
    assert "`dbt compile` builds nothing" in captured.err
    assert "Finished running 2" in captured.out or "Concurrency" in captured.out


def test_compile_fails_the_step_if_a_node_can_not_be_compiled(dg_project: DgProject) -> None:
    (dg_project.dbt_folder / "models/staging/from_source.sql").write_text(
        "{% if execute %}{{ exceptions.raise_compiler_error('not like this') }}{% endif %} select 1 as id"
    )
    dg_project.write_component(cli_args=["compile"], select="from_source")
    outcome = run(dg_project.load())
    assert not outcome.success
    assert "not like this" in outcome.failure


@pytest.mark.slow
def test_clone_materializes_what_dbt_clones_although_in_any_order(dg_project: DgProject) -> None:
    built = DbtCliResource(project_dir=str(dg_project.dbt_folder)).cli(["build"]).wait()
    folder = dg_project.dbt_folder / "production"
    folder.mkdir()
    shutil.copy(built.target_path / "manifest.json", folder)
    dg_project.write_component(
        project={
            "project_dir": "{{ context.project_root }}/shop",
            "target": "other",
            "state_path": "production",
        },
        cli_args=["clone", "{{ state_args }}"],
        select="+customers",
    )
    outcome = run(dg_project.load())
    assert outcome.success, outcome.failure
    assert set(outcome.materialized) == {
        "raw_customers", "raw_orders", "stg_customers", "stg_orders", "customers",
    }  # fmt: skip
    assert outcome.checks == {}


def test_a_command_that_runs_no_selection_runs_as_it_is_given(dg_project: DgProject) -> None:
    dg_project.write_component(cli_args=["parse"], select="from_source")
    outcome = run(dg_project.load())
    assert outcome.success, outcome.failure
    assert outcome.materialized == []


@pytest.mark.reliability(
    "Resource types and flags",
    tried="`--resource-type model seed`",
    outcome="both types are expected to report, and do",
)
def test_a_resource_type_with_several_values_counts_each(dg_project: DgProject) -> None:
    dg_project.write_component(
        cli_args=["build", "--resource-type", "model", "seed"], select="+stg_customers"
    )
    defs = dg_project.load()
    outcome = run(defs)
    assert outcome.success, outcome.failure
    assert outcome.materialized == ["raw_customers", "stg_customers"]
    (dg_project.dbt_folder / "seeds/raw_customers.csv").unlink()
    (dg_project.dbt_folder / "models/staging/stg_customers.sql").write_text(
        "select 1 as customer_id"
    )
    outcome = run(defs)
    assert not outcome.success
    assert "Never reported: seed.shop.raw_customers" in outcome.failure


@pytest.mark.reliability(
    "Resource types and flags",
    tried="`DBT_RESOURCE_TYPES`, `DBT_EXCLUDE_RESOURCE_TYPES` and their `DBT_ENGINE_` forms in the environment",
    outcome="as the options: the run has exactly these types, and all of them must report",
)
@pytest.mark.parametrize(
    ("name", "value", "is_wrapped", "assets", "checks"),
    [
        ("DBT_RESOURCE_TYPES", "model seed", False, ["raw_customers", "stg_customers"], 0),
        ("DBT_RESOURCE_TYPES", "model seed", True, ["raw_customers", "stg_customers"], 0),
        pytest.param(
            "DBT_ENGINE_RESOURCE_TYPES", "seed", False, ["raw_customers"], 0, marks=pytest.mark.slow
        ),
        ("DBT_EXCLUDE_RESOURCE_TYPES", "test", False, ["raw_customers", "stg_customers"], 0),
    ],
)
def test_resource_types_in_the_environment_narrow_a_run_as_the_options_do(
    name: str,
    value: str,
    is_wrapped: bool,
    assets: list[str],
    checks: int,
    dg_project: DgProject,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    project = {"project_dir": "{{ context.project_root }}/shop"}
    if is_wrapped:
        project["dbt_executable"] = str(write_wrapper(tmp_path / "tools" / "my-dbt"))
    monkeypatch.setenv(name, value)  # while the state is prepared, too
    dg_project.write_component(
        project=project, select="+stg_customers", exclude="test_name:relationships"
    )
    outcome = run(dg_project.load())
    assert outcome.success, outcome.failure
    assert (outcome.materialized, len(outcome.checks)) == (assets, checks)
    assert outcome.observations == {}


@pytest.mark.reliability(
    "Resource types and flags",
    tried="variables in the environment that send dbt elsewhere, silence it, or stop it from writing results",
    outcome="no effect on what a run builds and reports",
)
@pytest.mark.parametrize("is_wrapped", [False, True])
def test_a_run_is_independent_of_variables_that_it_sets_itself(
    is_wrapped: bool, dg_project: DgProject, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in {
        "DBT_ENGINE_PROJECT_DIR": str(tmp_path),
        "DBT_ENGINE_TARGET_PATH": str(tmp_path / "elsewhere"),
        "DBT_ENGINE_LOG_PATH": str(tmp_path / "elsewhere"),
        "DBT_PARTIAL_PARSE_FILE_PATH": str(dg_project.dbt_folder / "dbt_project.yml"),
        "DBT_ENGINE_WRITE_JSON": "false",
        "DBT_LOG_LEVEL": "none",
        "DBT_QUIET": "true",
    }.items():
        monkeypatch.setenv(name, value)
    project = {"project_dir": "{{ context.project_root }}/shop"}
    if is_wrapped:
        project["dbt_executable"] = str(write_wrapper(tmp_path / "tools" / "my-dbt"))
    dg_project.write_component(
        project=project, select="+stg_customers", exclude="test_name:relationships"
    )
    outcome = run(dg_project.load())
    assert outcome.success, outcome.failure
    assert outcome.materialized == ["raw_customers", "stg_customers"]
    assert len(outcome.checks) == 1
    assert not (tmp_path / "elsewhere").exists()


@pytest.mark.slow
def test_a_wrapped_dbt_reports_although_flags_of_the_project_silence_it(
    dg_project: DgProject, tmp_path: Path
) -> None:
    with (dg_project.dbt_folder / "dbt_project.yml").open("a") as file:
        file.write("flags: {log_level: none, log_format: json, write_json: false}\n")
    project = {
        "project_dir": "{{ context.project_root }}/shop",
        "dbt_executable": str(write_wrapper(tmp_path / "tools" / "my-dbt")),
    }
    dg_project.write_component(project=project, select="raw_customers")
    outcome = run(dg_project.load())
    assert outcome.success, outcome.failure
    assert outcome.materialized == ["raw_customers"]


def test_a_command_without_a_context_takes_resource_types_from_the_environment(
    dg_project: DgProject, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DBT_RESOURCE_TYPES", "seed")
    built = DbtCliResource(project_dir=str(dg_project.dbt_folder)).cli(["build"]).wait()
    results = built.get_artifact("run_results.json")["results"]
    assert {result["unique_id"].split(".")[0] for result in results} == {"seed"}


def test_a_target_may_be_called_like_a_command(dg_project: DgProject) -> None:
    profiles = dg_project.dbt_folder / "profiles.yml"
    profiles.write_text(profiles.read_text().replace("other:", "test:"))
    dg_project.write_component(cli_args=["--target", "test", "build"], select="raw_customers")
    outcome = run(dg_project.load())
    assert outcome.success, outcome.failure
    assert outcome.materialized == ["raw_customers"]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("cli_args", "expected"),
    [
        pytest.param(
            ["build", "--select", "tag:none"],
            "no selected node is one that `dbt build --select tag:none` runs",
            marks=pytest.mark.slow,
        ),
        (
            ["build", "--select", "test_type:unit"],
            "test_type:unit` runs none of the selected assets",
        ),
        (["test"], "`dbt test` builds nothing: no asset is materialized"),
    ],
    ids=["nothing", "tests only", "test"],
)
def test_a_run_that_builds_no_planned_asset_warns(
    dg_project: DgProject, capfd: pytest.CaptureFixture[str], cli_args: list[str], expected: str
) -> None:
    dg_project.write_component()
    assert run(dg_project.load()).success
    dg_project.write_component(cli_args=cli_args)
    capfd.readouterr()
    outcome = run(dg_project.load())
    assert outcome.success, outcome.failure
    assert outcome.materialized == []
    (line,) = [line for line in capfd.readouterr().err.splitlines() if expected in line]
    assert " WARNING " in line
