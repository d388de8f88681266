"""A state that was made elsewhere: by another user, in another folder, run where nothing can be written."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import dagster as dg
import pytest

import dbt_component
from dbt_component.project.project import DbtProject
from dbt_component.project.project_copy import KEPT_COPIES, UNUSED_SECONDS, unpack_project
from dbt_component.project.refresh import refresh_from_folder
from dbt_component.project.refresh_request import RefreshRequest
from dbt_component.project.state import StateFile
from tests.dg_project import DgProject, run

pytestmark = pytest.mark.server
NOBODY = 65534
# Materializes everything and prints what was recorded; ends with an error if anything can be written
# where the image is.
RUN = """
import json, os, sys
from pathlib import Path
root, module = sys.argv[1:]
for folder in (root, f"{root}/src/{module}/defs", os.path.dirname(sys.argv[0]) or "."):
    try:
        open(f"{folder}/written", "w")
    except OSError:
        continue
    sys.exit(f"{folder} can be written")
import dagster as dg
from dagster.components.core.component_tree import ComponentTree
defs = ComponentTree.for_project(Path(root)).build_defs()
job = defs.get_implicit_global_asset_job_def()
with dg.DagsterInstance.get() as instance:
    result = job.execute_in_process(instance=instance, raise_on_error=False)
print(json.dumps({
    "uid": os.getuid(),
    "success": result.success,
    "materialized": [e.asset_key.to_user_string() for e in result.all_events if e.is_step_materialization],
    "checks": {c.check_name: c.passed for c in result.get_asset_check_evaluations()},
}))
"""


def as_another_user() -> list[str]:
    """Root gives up its identity and its powers, except that to read: Python may lie where only root
    looks. Any other user is none that could write a folder without the permission.
    """
    if os.getuid() != 0:
        return []
    setpriv = shutil.which("setpriv")
    assert setpriv is not None, "setpriv of util-linux is needed to run this as root"
    powers = [f"--{kind}=-all,+dac_read_search" for kind in ("inh-caps", "ambient-caps")]
    identity = [f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups"]
    return [setpriv, *identity, *powers, "--bounding-set=-all,+dac_read_search"]


def test_an_image_built_elsewhere_runs_as_another_user_on_a_read_only_disk(
    dg_project: DgProject, tmp_path: Path
) -> None:
    dg_project.write_component()
    dg_project.refresh()
    image = tmp_path / "image"
    shutil.copytree(dg_project.root, image)
    shutil.rmtree(image / "shop")
    shutil.rmtree(dg_project.root)
    for path in [image, *image.rglob("*")]:
        path.chmod(0o555 if path.is_dir() else 0o444)
    writable = tmp_path / "writable"
    home = writable / "home"
    home.mkdir(parents=True)
    (home / "dagster.yaml").write_text("telemetry: {enabled: false}\n")
    for folder in (writable, home):
        if os.getuid() == 0:
            os.chown(folder, NOBODY, NOBODY)
    for folder in tmp_path.parents:
        if folder.stat().st_uid == os.getuid() and folder.name.startswith(("pytest-", "popen-")):
            folder.chmod(0o755)
    tmp_path.chmod(0o755)
    source = Path(dbt_component.__file__).parents[1]
    done = subprocess.run(
        [*as_another_user(), sys.executable, "-c", RUN, str(image), dg_project.module],
        env={
            "PATH": os.environ["PATH"],
            "HOME": "/nonexistent",
            "TMPDIR": str(writable),
            "DAGSTER_HOME": str(home),
            "SHOP_DATABASE": str(writable / "shop.duckdb"),
            "PYTHONPATH": os.pathsep.join([str(image / "src"), str(source)]),
            "DBT_SEND_ANONYMOUS_USAGE_STATS": "false",
        },
        cwd="/",
        capture_output=True,
        text=True,
        check=False,
    )
    for path in [image, *image.rglob("*")]:
        path.chmod(0o755 if path.is_dir() else 0o644)
    assert done.returncode == 0, done.stderr
    outcome = json.loads(done.stdout.splitlines()[-1])
    assert outcome["success"], done.stderr
    assert outcome["uid"] == (NOBODY if os.getuid() == 0 else os.getuid())
    assert {"raw_orders", "stg_orders", "customers", "customers_snapshot"} <= set(
        outcome["materialized"]
    )
    assert outcome["checks"]["totals_match"] is True


def test_a_relative_database_outlives_the_versions_of_a_project_whose_folder_is_missing(
    dg_project: DgProject,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level("INFO", logger="dbt_component")
    monkeypatch.setenv("DBT_COMPONENT_DATA_DIR", str(tmp_path / "user"))
    monkeypatch.setenv("DBT_COMPONENT_CACHE_DIR", str(tmp_path / "cache"))
    dg_project.write_component()
    elsewhere = tmp_path / "elsewhere"

    def deploy_and_run(model: str) -> None:
        dg_project.refresh()
        dg_project.dbt_folder.rename(elsewhere)
        outcome = run(dg_project.load(), dg.AssetSelection.assets(model))
        elsewhere.rename(dg_project.dbt_folder)
        assert outcome.success, outcome.failure

    deploy_and_run("raw_orders")
    (dg_project.dbt_folder / "models/staging/later.sql").write_text(
        "select * from {{ ref('raw_orders') }}"
    )
    deploy_and_run("later")
    (database,) = tmp_path.rglob("*.duckdb")
    assert database.is_relative_to(tmp_path / "user")
    assert f"Relative paths of databases lead to {database.parent}." in caplog.text


def test_copies_of_projects_are_one_for_each_content_and_bounded(
    dg_project: DgProject, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DBT_COMPONENT_CACHE_DIR", str(tmp_path / "cache"))
    path = tmp_path / "state"
    refresh_from_folder(DbtProject(dg_project.dbt_folder), RefreshRequest(path))
    data = StateFile(path).read_project_zip()
    folder = unpack_project(data)
    assert unpack_project(data) == folder
    copies = folder.parent
    for number in range(KEPT_COPIES + 3):
        old = copies / f"old_{number}"
        old.mkdir()
        age = folder.stat().st_mtime - UNUSED_SECONDS * (2 + number)
        os.utime(old, (age, age))
    shutil.rmtree(folder)
    assert unpack_project(data) == folder
    assert (folder / "dbt_project.yml").is_file()
    assert len(list(copies.iterdir())) == KEPT_COPIES
    assert (copies / "old_0").is_dir()
