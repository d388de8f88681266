"""Selections from a manifest.json alone, compared with `dbt ls` in its project."""

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from dbt_component.dbt_process.engine import Engine, find_engine
from dbt_component.dbt_process.events import DbtEvent, InvocationResult, SelectionsResolved
from dbt_component.dbt_process.process import DbtProcess
from dbt_component.dbt_process.requests import Select, WantedSelection
from dbt_component.selection.criteria import SelectionCriteria
from tests.dg_project import PROJECTS

SELECTIONS = [
    SelectionCriteria(select="tag:staging"),
    SelectionCriteria(select="+report"),
    SelectionCriteria(select="1+stg_orders+1", exclude="test_type:generic"),
    SelectionCriteria(select="@stg_customers"),
    SelectionCriteria(select="fqn:shop.marts.*"),
    SelectionCriteria(select="fqn:*", exclude="tag:daily resource_type:test"),
    SelectionCriteria(select="test_type:unit"),
    SelectionCriteria(select="test_type:singular"),
    SelectionCriteria(select="test_type:generic", exclude="test_name:unique"),
    SelectionCriteria(select="test_name:not_null"),
    SelectionCriteria(select="source:external+"),
    SelectionCriteria(select="exposure:board"),
    SelectionCriteria(select="+exposure:*,config.materialized:table"),
    SelectionCriteria(select="tag:daily,group:finance stg_orders"),
    SelectionCriteria(select="path:models/marts"),
    SelectionCriteria(select="models/staging/*.sql", exclude="path:tests"),
    SelectionCriteria(select="path:models/schema.yml"),
    SelectionCriteria(select="file:customers.sql"),
    SelectionCriteria(select="resource_type:snapshot package:shop"),
    SelectionCriteria(selector="nightly"),
    SelectionCriteria(selector="short"),
    SelectionCriteria(select="tag:nothing"),
]
SELECTORS = """
selectors:
  - name: short
    definition: tag:staging
  - name: nightly
    definition:
      union:
        - method: selector
          value: short
        - intersection: [tag:daily, "config.materialized:table"]
        - exclude:
            - method: fqn
              value: stg_orders
              children: true
"""
# Lists with dbt's own command, several selections for one import of dbt.
LIST = """
import contextlib, io, json, sys
from dbt.cli.main import dbtRunner

answers = []
for select, exclude, selector in json.load(sys.stdin):
    argv = ["--quiet", "ls", "--resource-type", "all", "--output", "json", "--output-keys", "unique_id"]
    argv += ["--selector", selector] if selector else ["--select", select]
    argv += ["--exclude", exclude] if exclude else []
    with contextlib.redirect_stdout(io.StringIO()):
        listed = dbtRunner().invoke(argv)
    answers.append(sorted(json.loads(line)["unique_id"] for line in listed.result))
json.dump(answers, sys.stdout)
"""


@pytest.fixture(scope="module")
def parsed_shop(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[list[str]]]:
    """The manifest.json of the test project, and the output of `dbt ls` for each selection."""
    folder = tmp_path_factory.mktemp("parsed") / "shop"
    shutil.copytree(PROJECTS / "shop", folder)
    (folder / "selectors.yml").write_text(SELECTORS)
    wanted = [(criteria.select, criteria.exclude, criteria.selector) for criteria in SELECTIONS]
    listed = subprocess.run(
        [sys.executable, "-c", LIST],
        cwd=folder,
        input=json.dumps(wanted),
        capture_output=True,
        text=True,
        check=True,
    )
    return folder / "target" / "manifest.json", json.loads(listed.stdout)


def select(
    manifest: Path, criteria: list[SelectionCriteria], folder: Path, engine: Engine | None = None
) -> tuple[list[DbtEvent], list[dict[str, Any]]]:
    """Sends the selections to the child, in an empty folder and without a home that could have a profile."""
    output = folder / "answers.json"
    (folder / "empty").mkdir()
    wanted = [WantedSelection.of(one) for one in criteria]
    request = Select(selections=wanted, output=str(output), manifest_json=str(manifest))
    with DbtProcess(engine or find_engine()) as process:
        process.send(request, env={"HOME": str(folder / "empty")}, cwd=folder / "empty")
        events = list(process.events())
    assert list((folder / "empty").iterdir()) == []
    if not output.exists():
        return events, []
    answers = json.loads(output.read_text())["selections"]
    return events, [answers[one.key] for one in wanted]


def test_a_manifest_alone_gives_the_same_nodes_as_dbt_ls(
    parsed_shop: tuple[Path, list[list[str]]], tmp_path: Path
) -> None:
    manifest, listed = parsed_shop
    events, answers = select(manifest, SELECTIONS, tmp_path)
    assert events == [SelectionsResolved(count=len(SELECTIONS))]
    for criteria, expected, answer in zip(SELECTIONS, listed, answers, strict=True):
        assert answer == {"ids": expected}, criteria
    assert sum(map(bool, listed)) == len(SELECTIONS) - 1


def test_a_selection_that_needs_the_project_or_a_previous_state_fails_alone(
    parsed_shop: tuple[Path, list[list[str]]], tmp_path: Path
) -> None:
    criteria = [
        SelectionCriteria(selector="weekly"),
        SelectionCriteria(select="state:modified"),
        SelectionCriteria(select="nonsense:x"),
        SelectionCriteria(select="stg_orders", exclude="tag:"),
    ]
    _, answers = select(parsed_shop[0], criteria, tmp_path)
    assert "no selector 'weekly' in the manifest; it has 'nightly', 'short'" in answers[0]["error"]
    assert "no comparison manifest" in answers[1]["error"]
    assert "nonsense" in answers[2]["error"]
    assert answers[3]["ids"]


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (None, "No such file"),
        ("[1", "can't be used: "),
        ("[]", "can't read this manifest: None"),
        ('{"metadata": {}}', "can't read this manifest: {}"),
        (
            '{"metadata": {"dbt_schema_version": "https://schemas.getdbt.com/dbt/manifest/v99.json"}}',
            "can't read this manifest: ",
        ),
    ],
)
def test_an_unreadable_manifest_fails_the_request(
    tmp_path: Path, content: str | None, expected: str
) -> None:
    path = tmp_path / "manifest.json"
    if content is not None:
        path.write_text(content)
    events, answers = select(path, SELECTIONS[:1], tmp_path)
    assert answers == []
    assert isinstance(events[0], InvocationResult) and not events[0].success
    assert expected in (events[0].error or "") and "Traceback" not in (events[0].error or "")


def test_a_dbt_that_is_not_a_python_script_refuses_a_manifest_alone(tmp_path: Path) -> None:
    engine = Engine(python=sys.executable, versions={}, command="dbt")
    events, answers = select(tmp_path / "manifest.json", SELECTIONS[:1], tmp_path, engine)
    assert answers == []
    assert isinstance(events[0], InvocationResult)
    assert "not of a manifest.json alone" in (events[0].error or "")
