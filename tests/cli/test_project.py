"""`dbt-component project`: a scaffolded project works, and a packaged one needs no other folder."""

import itertools
import json
import logging
import os
import shutil
import subprocess
import sys
from importlib import import_module
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
import yaml
from click.testing import CliRunner

from dbt_component.cli import main
from dbt_component.component.scaffold_templates import rendered_files
from tests.dg_project import PROJECTS, DgProject, run, specs_of
from tests.equivalence.databases import Database, DuckDatabase

_names = (f"scaffolded_{number}" for number in itertools.count())
UNIQUE_ID = "dagster_dbt/unique_id"


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The current folder, with the test project below it."""
    shutil.copytree(PROJECTS / "shop", tmp_path / "dbt" / "shop")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", list(sys.path))
    return tmp_path


@pytest.fixture(params=["duckdb", pytest.param("postgres", marks=pytest.mark.server)])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Database:
    if request.param == "duckdb":
        return DuckDatabase(tmp_path / "database")
    found: Database = request.getfixturevalue("postgres")
    found.clear()
    return found


def command(*args: str | Path) -> tuple[int, str]:
    result = CliRunner().invoke(main, ["project", *map(str, args)])
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result.exit_code, result.output


def scaffold(name: str, *options: str, dbt: str | Path = "dbt/shop") -> str:
    code, output = command("scaffold", "--project-name", name, "--dbt-project-dir", dbt, *options)
    assert code == 0, output
    return output


def definitions_of(root: Path, *, uses_component: bool) -> dg.Definitions:
    if uses_component:
        sys.path.insert(0, str(root / "src"))
        return dg.ComponentTree.for_project(root).build_defs()
    sys.path.insert(0, str(root))
    defs: dg.Definitions = import_module(f"{root.name}.definitions").defs
    return defs


def listed_by_dbt(project: Path) -> set[str]:
    """Unique ids of what `dbt ls` lists for everything, without tests and sources."""
    argv = ["ls", "--quiet", "--select", "fqn:*", "--output", "json", "--output-keys", "unique_id"]
    done = subprocess.run(["dbt", *argv], cwd=project, capture_output=True, check=True, text=True)
    ids = {json.loads(line)["unique_id"] for line in done.stdout.splitlines() if line.strip()}
    return {u for u in ids if u.startswith(("model.", "seed.", "snapshot."))}


@pytest.mark.parametrize("options", [[], ["--component"]], ids=["python", "component"])
def test_a_scaffolded_project_loads_and_its_schedule_launches_what_dbt_lists(
    options: list[str], here: Path, database: Database, in_dev: None
) -> None:
    dbt = here / "dbt" / "jaffle"
    for path, text in rendered_files("init", name="jaffle", adapter="duckdb"):
        (dbt / path).parent.mkdir(parents=True, exist_ok=True)
        (dbt / path).write_text(text)
    target = {"target": "dev", "outputs": {"dev": {**database.output(), "threads": 2}}}
    (dbt / "profiles.yml").write_text(yaml.safe_dump({"jaffle": target}))
    name = next(_names)
    scaffold(name, *options, dbt=dbt)
    defs = definitions_of(here / name, uses_component=bool(options))
    (schedule,) = defs.get_repository_def().schedule_defs
    assert schedule.cron_schedule == "0 0 * * *"
    assert schedule.default_status == dg.DefaultScheduleStatus.STOPPED
    result = defs.resolve_job_def(schedule.job_name).execute_in_process()
    assert result.success
    unique_ids = {key: spec.metadata.get(UNIQUE_ID) for key, spec in specs_of(defs).items()}
    built = {
        unique_ids[event.asset_key.to_user_string()]
        for event in result.all_events
        if event.is_step_materialization and event.asset_key
    }
    listed = listed_by_dbt(dbt)
    assert built == listed and len(built) == 3
    assert len(result.get_asset_check_evaluations()) == 4


def test_a_scaffolded_project_names_the_adapters_and_is_a_dg_project(here: Path) -> None:
    name = next(_names)
    output = scaffold(name)
    assert f"cd {name}" in output and f"{name}/{name}/assets.py" in output
    pyproject = (here / name / "pyproject.toml").read_text()
    assert '"dbt-duckdb",' in pyproject
    assert f'root_module = "{name}"' in pyproject
    assert (here / name / name / "__init__.py").is_file()


@pytest.mark.server
@pytest.mark.parametrize("options", [[], ["--component"]], ids=["python", "component"])
def test_dagsters_own_commands_accept_a_scaffolded_project(options: list[str], here: Path) -> None:
    name = next(_names)
    scaffold(name, *options)
    root = here / name
    code = root / "src" if options else root
    variables = {**os.environ, "PYTHONPATH": os.pathsep.join([str(code), *sys.path])}
    if options:
        argv = ["dg", "utils", "refresh-defs-state"]
        subprocess.run(argv, cwd=root, check=True, capture_output=True, env=variables)
    else:
        code_of, output = command("prepare-and-package", "--file", root / name / "project.py")
        assert code_of == 0, output
    for argv in (["dg", "check", "defs"], ["dagster", "definitions", "validate"])[
        : 1 if options else 2
    ]:
        done = subprocess.run(
            argv, cwd=root, capture_output=True, text=True, env=variables, check=False
        )
        assert done.returncode == 0, done.stdout + done.stderr


def test_what_would_make_a_new_project_unusable_is_refused(
    here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (here / "there").mkdir()
    monkeypatch.setenv("HOME", str(here))
    shutil.copytree(here / "dbt" / "shop", here / "dbt" / "bare")
    (here / "dbt" / "bare" / "profiles.yml").unlink()
    for name, folder, expected in (
        ("my-project", "dbt/shop", "'my-project' is no name of a Python package"),
        ("class", "dbt/shop", "'class' is no name"),
        ("1shop", "dbt/shop", "'1shop' is no name"),
        ("there", "dbt/shop", "already exists"),
        ("dagster", "dbt/shop", "There already is a Python package 'dagster'"),
        ("fresh", "dbt/bare", "No profiles.yml for dbt project 'shop'"),
        ("fresh", "dbt", "dbt_project.yml"),
        ("fresh", "nowhere", "nowhere"),
    ):
        code, output = command("scaffold", "--project-name", name, "--dbt-project-dir", folder)
        assert code == 1 and expected in output, output
        assert "hint:" in output
    assert not (here / "fresh").exists()


DEFINITIONS = """\
from pathlib import Path
import dagster as dg
from dbt_component import DbtCliResource, DbtProject, dbt_assets

top = Path(__file__).parent
project = DbtProject(top / "shop", packaged_project_dir=top / {packaged!r})
project.prepare_if_dev()
same = project

@dbt_assets(manifest=project, select="stg_orders+", name={name!r})
def shop(context: dg.AssetExecutionContext, dbt: DbtCliResource):
    yield from dbt.cli(["build"], context=context).stream()

defs = dg.Definitions(assets=[shop], resources={{"dbt": DbtCliResource(project)}})
"""


def write_definitions(folder: Path, packaged: str = "deployed/shop") -> Path:
    name = next(_names)
    file = folder / f"{name}.py"
    file.write_text(DEFINITIONS.format(packaged=packaged, name=name))
    return file


@pytest.mark.parametrize("packaged", ["deployed/shop", "shop/deployed/copy"])
def test_a_packaged_project_needs_no_other_folder_and_runs_are_sliced(
    packaged: str, here: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    file = write_definitions(here / "dbt", packaged)
    (here / "dbt" / "shop" / ".gitignore").write_text("target")
    for times in ("first", "again"):
        code, output = command("prepare-and-package", "--file", file)
        assert code == 0, (times, output)
    copy = here / "dbt" / packaged
    assert output.splitlines() == [
        f"shop: preparing {here / 'dbt' / 'shop'}",
        f"  manifest: {here / 'dbt' / 'shop' / 'target' / 'manifest.json'}",
        f"  packaged: {copy}",
    ]
    assert (copy / "target" / "manifest.json").is_file()
    assert not (copy / ".gitignore").exists() and not (copy / "deployed").exists()
    assert [path.name for path in copy.parent.iterdir()] == [copy.name]
    moved = here / "elsewhere" / "dbt"
    moved.mkdir(parents=True)
    shutil.copytree(copy, moved / packaged)
    if packaged.startswith("shop/"):
        shutil.copy(copy / "dbt_project.yml", moved / "shop")
    other = write_definitions(moved, packaged)
    shutil.rmtree(here / "dbt")
    sys.path.insert(0, str(moved))
    module: Any = import_module(other.stem)
    assert module.project.project_dir == moved / packaged
    outcome = run(module.defs, dg.AssetSelection.assets("stg_orders"))
    assert not outcome.success and "raw_orders" in outcome.failure  # nothing is built there yet
    assert ", sliced" in capfd.readouterr().err


@pytest.mark.slow
@pytest.mark.parametrize("name", ["types.py", "dagster.py", "with-hyphen.py", "project.txt"])
def test_a_file_may_have_the_name_of_another_module(name: str, here: Path) -> None:
    file = here / "dbt" / name
    file.write_text(
        "from pathlib import Path\nfrom dbt_component import DbtProject\n"
        "project = DbtProject(Path(__file__).parent / 'shop')\n"
    )
    before = list(sys.path)
    code, output = command("prepare-and-package", "--file", file)
    assert sys.path == before, "a file named dagster.py would hide Dagster from later imports"
    if name == "project.txt":
        assert code == 1 and "project.txt is no Python file" in output and "hint:" in output
        return
    assert code == 0 and "manifest.json" in output, output


def test_an_earlier_copy_stays_if_the_project_can_not_be_prepared(here: Path) -> None:
    file = write_definitions(here / "dbt")
    code, _ = command("prepare-and-package", "--file", file)
    assert code == 0
    before = (here / "dbt" / "deployed" / "shop" / "dbt_project.yml").stat().st_ino
    (here / "dbt" / "shop" / "models" / "broken.sql").write_text("select {{ nothing( }}")
    again = write_definitions(here / "dbt")
    code, output = command("prepare-and-package", "--file", again)
    assert code == 1 and "broken.sql" in output
    assert (here / "dbt" / "deployed" / "shop" / "dbt_project.yml").stat().st_ino == before


def test_files_that_define_no_usable_project_are_named(here: Path) -> None:
    for text, expected in (
        ("x = 1", "There is no DbtProject at the top level"),
        (
            "import no_such_module_at_all",
            "ModuleNotFoundError: No module named 'no_such_module_at_all'",
        ),
        ("def f(:", "SyntaxError"),
        ("from dbt_component import DbtProject\np = DbtProject('nowhere')", "nowhere"),
    ):
        file = here / f"{next(_names)}.py"
        file.write_text(text)
        code, output = command("prepare-and-package", "--file", file)
        assert code == 1 and expected in output and "hint:" in output, output
        assert "Traceback" not in output
    assert command("prepare-and-package")[0] == 2
    assert command("prepare-and-package", "--file", file, "--components", here)[0] == 2


def test_a_copy_that_would_replace_or_lack_the_project_is_refused(here: Path) -> None:
    for packaged, paths, expected in (
        ("shop", "[models]", "is the project's own folder"),
        (".", "[models]", "or contains it"),
        ("deployed", "[models, ../models]", "Resource path '../models' leads out"),
    ):
        yml = here / "dbt" / "shop" / "dbt_project.yml"
        text = (PROJECTS / "shop" / "dbt_project.yml").read_text()
        yml.write_text(text.replace("model-paths: [models]", f"model-paths: {paths}"))
        (here / "dbt" / "models").mkdir(exist_ok=True)
        code, output = command(
            "prepare-and-package", "--file", write_definitions(here / "dbt", packaged)
        )
        assert code == 1 and expected in output, output
        assert yml.is_file()


def test_projects_of_components_are_prepared_with_their_selections(
    dg_project: DgProject, caplog: pytest.LogCaptureFixture
) -> None:
    dg_project.write_component(
        select="stg_orders+",
        project={
            "project_dir": "{{ context.project_root }}/shop",
            "packaged_project_dir": "{{ context.project_root }}/deployed",
        },
    )
    code, output = command("prepare-and-package", "--components", dg_project.root)
    assert code == 0 and f"packaged: {dg_project.root / 'deployed'}" in output, output
    shutil.rmtree(dg_project.dbt_folder)
    with caplog.at_level(logging.WARNING):
        defs = dg_project.load()
    assert "stg_orders" in specs_of(defs) and "raw_orders" not in {
        key
        for key, spec in specs_of(defs).items()
        if spec.metadata.get(UNIQUE_ID) and spec.skippable
    }
    assert caplog.text == ""


def test_components_without_a_folder_are_named(dg_project: DgProject) -> None:
    code, output = command("prepare-and-package", "--components", dg_project.root)
    assert code == 1 and "There is no DbtProjectComponent" in output
    dg_project.write_component(project={"repo_url": "https://example.com/r.git"})
    code, output = command("prepare-and-package", "--components", dg_project.root)
    assert code == 1 and "dg utils refresh-defs-state" in output, output
