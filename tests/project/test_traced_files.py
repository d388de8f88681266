"""The files that dbt itself opens are among those that the fingerprint knows."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from dbt_component.project.files import iterate_project_files
from dbt_component.project.project_yml import read_project_yml
from tests.dg_project import PROJECTS

TRACED = """
import json, os, sys
opened = set()
def audit(event, args):
    if event == "open" and isinstance(args[0], (str, bytes, os.PathLike)):
        opened.add(os.path.realpath(os.fsdecode(args[0])))
sys.addaudithook(audit)
from dbt.cli.main import dbtRunner
for command in (["deps"], ["parse"], ["ls", "--selector", "mine"], ["docs", "generate", "--empty-catalog"]):
    result = dbtRunner().invoke([*command, "--quiet"])
    assert result.success, (command, result.exception)
with open(sys.argv[1], "w") as file:
    json.dump(sorted(path for path in opened if os.path.isfile(path)), file)
"""


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    """The shop project with a file of every kind that dbt knows, and a package beside it."""
    shop = shutil.copytree(PROJECTS / "shop", tmp_path / "repo/shop")
    yml = shop / "dbt_project.yml"
    text = yml.read_text().replace("[models]", "[models, ../shared]")
    yml.write_text(f"{text}\nasset-paths: [assets]\ndocs-paths: [models, texts]\n")
    files = {
        "shop/packages.yml": "packages: [{local: ../package}]",
        "shop/dependencies.yml": "projects: []",
        "shop/selectors.yml": "selectors: [{name: mine, definition: {method: tag, value: daily}}]",
        "shop/.dbtignore": "*.ignored.sql",
        "shop/models/logs/from_logs.sql": "select 1 as one",
        "shop/analyses/question.sql": "select 1 as one",
        "shop/tests/generic/is_one.sql": "{% test is_one(model) %}select 1{% endtest %}",
        "shop/tests/fixtures/rows.csv": "one\n1\n",
        "shop/assets/picture.svg": "<svg/>",
        "shop/texts/text.md": "{% docs text %}A text.{% enddocs %}",
        "shared/from_shared.sql": "select 1 as one",
        "package/dbt_project.yml": "name: package\nversion: 1.0.0\nmodel-paths: [parts]\n",
        "package/.dbtignore": "",
        "package/parts/from_package.sql": "select 1 as one",
        "package/parts/target/from_target.sql": "select 1 as one",
        "package/macros/macro.sql": "{% macro one() %}1{% endmacro %}",
    }
    for name, content in files.items():
        path = tmp_path / "repo" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)
    return shop


@pytest.mark.reliability(
    "Files outside of the project's folder",
    tried="every file that dbt opens, recorded by an audit hook",
    outcome="all are in the fingerprint, or are dbt's own output",
)
@pytest.mark.server
def test_dbt_opens_no_other_file_of_the_project(shop: Path, tmp_path: Path) -> None:
    found = tmp_path / "opened.json"
    command = [sys.executable, "-c", TRACED, str(found)]
    subprocess.run(command, cwd=shop, check=True, stdout=subprocess.DEVNULL)
    repository = shop.parent.resolve()
    opened = {
        str(path.relative_to(repository))
        for path in map(Path, json.loads(found.read_text()))
        if path.is_relative_to(repository)
    }
    known = {
        str((shop / path).resolve().relative_to(repository))
        for path, _ in iterate_project_files(shop, read_project_yml(shop))
    }
    written = {path for path in opened if path.startswith(("shop/target/", "shop/logs/"))}
    not_inputs = {"shop/profiles.yml", "shop/.user.yml", "shop/shop.duckdb"}
    assert opened - known - written - not_inputs == set()
    assert {
        "shop/selectors.yml",
        "shop/.dbtignore",
        "shop/models/logs/from_logs.sql",
        "shared/from_shared.sql",
        "package/parts/from_package.sql",
        "package/parts/target/from_target.sql",
    } <= opened
