"""The files that dbt itself opens are among those that the fingerprint knows."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from benchmarks.generate import ProjectPlan, write_project

from dbt_component.project.files import iterate_project_files
from dbt_component.project.project_yml import read_project_yml
from tests.dg_project import PROJECTS
from tests.equivalence.generate import generate_project

EXAMPLE = Path(__file__).parents[2] / "example_project/transform"

TRACED = """
import json, os, sys
opened = set()
def audit(event, args):
    if event == "open" and isinstance(args[0], (str, bytes, os.PathLike)):
        opened.add(os.path.realpath(os.fsdecode(args[0])))
sys.addaudithook(audit)
from dbt.cli.main import dbtRunner
for command in json.loads(sys.argv[2]):
    result = dbtRunner().invoke([*command, "--quiet"])
    assert result.success, (command, result.exception)
with open(sys.argv[1], "w") as file:
    json.dump(sorted(path for path in opened if os.path.isfile(path)), file)
"""


def write_shop(repository: Path) -> Path:
    """The shop project with a file of every kind that dbt knows, and a package beside it."""
    shop = shutil.copytree(PROJECTS / "shop", repository / "shop")
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
        path = repository / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)
    return shop


def write_example(repository: Path) -> Path:
    return shutil.copytree(EXAMPLE, repository / "example")


def write_benchmark(shape: str) -> Callable[[Path], Path]:
    def write(repository: Path) -> Path:
        plan = ProjectPlan(models=30, shape=shape)
        write_project(repository / shape, plan, database=repository.parent / "generated.duckdb")
        return repository / shape

    return write


def write_generated(seed: int) -> Callable[[Path], Path]:
    def write(repository: Path) -> Path:
        project = generate_project(seed)
        folder = repository / "generated"
        output = {"type": "duckdb", "path": str(repository.parent / "generated.duckdb")}
        project.write(folder, output, threads=1)
        return folder

    return write


COMMANDS = [["deps"], ["parse"], ["ls"]]
OF_SHOP = [
    ["deps"],
    ["parse"],
    ["ls", "--selector", "mine"],
    ["docs", "generate", "--empty-catalog"],
]


def trace(project: Path, repository: Path, commands: list[list[str]]) -> set[str]:
    """Runs dbt; returns the files in the repository that it opened and did not write itself."""
    found = repository.parent / "opened.json"
    command = [sys.executable, "-c", TRACED, str(found), json.dumps(commands)]
    server = {"PGHOST": "localhost", "DBT_SEND_ANONYMOUS_USAGE_STATS": "false"}
    subprocess.run(
        command, cwd=project, env={**os.environ, **server}, check=True, stdout=subprocess.DEVNULL
    )
    name = project.relative_to(repository)
    written = (f"{name}/target/", f"{name}/logs/")
    return {
        str(path.relative_to(repository.resolve()))
        for path in map(Path, json.loads(found.read_text()))
        if path.is_relative_to(repository.resolve())
        and not str(path.relative_to(repository.resolve())).startswith(written)
        and path.name not in ("profiles.yml", ".user.yml", "shop.duckdb")
    }


def known_files(project: Path, repository: Path) -> set[str]:
    return {
        str((project / path).resolve().relative_to(repository.resolve()))
        for path, _ in iterate_project_files(project, read_project_yml(project))
    }


@pytest.mark.reliability(
    "Files outside of the project's folder",
    tried="every file that dbt opens, recorded by an audit hook, in the test project with a file of each kind, in the example project,"
    " in generated projects of the benchmarks and of the tests of equivalence",
    outcome="all are in the fingerprint, or are dbt's own output",
)
@pytest.mark.server
@pytest.mark.parametrize(
    ("write", "commands"),
    [
        pytest.param(write_shop, OF_SHOP, id="shop"),
        pytest.param(write_example, COMMANDS, id="example"),
        pytest.param(write_benchmark("flat"), COMMANDS, id="benchmark"),
        *(pytest.param(write_generated(seed), COMMANDS, id=f"generated-{seed}") for seed in (1, 2)),
    ],
)
def test_dbt_opens_no_other_file_of_the_project(
    write: Callable[[Path], Path], commands: list[list[str]], tmp_path: Path
) -> None:
    repository = tmp_path / "repo"
    project = write(repository)
    opened = trace(project, repository, commands)
    assert opened - known_files(project, repository) == set()
    assert f"{project.relative_to(repository)}/dbt_project.yml" in opened
    if write is write_shop:
        assert {
            "shop/selectors.yml",
            "shop/.dbtignore",
            "shop/models/logs/from_logs.sql",
            "shared/from_shared.sql",
            "package/parts/from_package.sql",
            "package/parts/target/from_target.sql",
        } <= opened
