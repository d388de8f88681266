"""The code is cut as docs/architecture.md says, and only one module names Dagster's private parts."""

import ast
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "src" / "dbt_component"
DOORS = {PACKAGE / "_dagster.py", PACKAGE / "_dagster_storage.py"}
_ROW = re.compile(r"^\| `([\w/]+\.py)` \| (.*\S) \|$", re.MULTILINE)


def modules() -> set[str]:
    return {
        path.relative_to(PACKAGE).as_posix()
        for path in PACKAGE.rglob("*.py")
        if path.name != "__init__.py"
    }


def private_names(source: str) -> Iterator[str]:
    """The names of Dagster that a module imports and that are not in ``dagster`` itself."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            found = [alias.name for alias in node.names]
            public = "dagster"
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            found = [f"{node.module}.{alias.name}" for alias in node.names]
            public = "dagster.[a-zA-Z]\\w*"
        else:
            continue
        for name in found:
            if re.match(r"dagster(_shared)?\b", name) and not re.fullmatch(public, name):
                yield name


def test_the_table_of_modules_names_every_module_once() -> None:
    rows = Counter(
        name for name, _ in _ROW.findall((ROOT / "docs" / "architecture.md").read_text())
    )
    assert sorted(modules() - rows.keys()) == [], "missing in docs/architecture.md"
    assert sorted(rows.keys() - modules()) == [], (
        "in docs/architecture.md, but there is no such file"
    )
    assert [name for name, count in rows.items() if count > 1] == []


def test_the_files_that_contributing_names_for_a_change_exist() -> None:
    _, _, section = (ROOT / "CONTRIBUTING.md").read_text().partition("Where does my change go?")
    rows = [line for line in section.splitlines() if line.startswith("| ")]
    named = {name for row in rows for name in re.findall(r"`([\w/]+\.py)`", row)}
    assert named
    assert named - modules() == set()


def test_only_the_door_imports_what_dagster_does_not_make_public() -> None:
    found = {
        path.relative_to(PACKAGE).as_posix(): names
        for path in PACKAGE.rglob("*.py")
        if path not in DOORS and (names := list(private_names(path.read_text())))
    }
    assert found == {}, "import these through _dagster or _dagster_storage"


def test_loading_does_not_import_what_only_runs_need() -> None:
    code = (
        "import sys, dagster; before = set(sys.modules);"
        "import dbt_component.component.component;"
        "print(*sorted(set(sys.modules) - before))"
    )
    loaded = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    ).stdout.split()
    heavy = ("dbt", "git", "sqlglot", "sqlalchemy", "dagster._daemon")
    assert [m for m in loaded if m in heavy or m.startswith(tuple(f"{h}." for h in heavy))] == []


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("import dagster as dg", []),
        ("from dagster import AssetKey, Resolver", []),
        ("import dagster_dg_cli", []),
        ("from . import dagster", []),
        ("import dagster._core.errors", ["dagster._core.errors"]),
        ("from dagster import _check", ["dagster._check"]),
        ("from dagster._core import errors", ["dagster._core.errors"]),
        ("from dagster.components import Model", ["dagster.components.Model"]),
        ("from dagster_shared import check", ["dagster_shared.check"]),
        ("def f():\n    import dagster_shared", ["dagster_shared"]),
    ],
)
def test_private_names_are_found(source: str, expected: list[str]) -> None:
    assert list(private_names(source)) == expected
