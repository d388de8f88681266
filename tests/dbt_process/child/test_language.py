"""The child's code must run in dbt's interpreter, which may be older and lacks this package."""

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from dbt_component.dbt_process import child

FILES = sorted(Path(child.__file__).parent.glob("*.py"))
# Besides the standard library: dbt, and packages that every dbt installs.
ALLOWED = {"__future__", "dbt", "dbt_common", "google", "networkx"}


def imported(tree: ast.AST) -> Iterator[str]:
    """Top-level packages of all absolute imports."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            yield node.module.partition(".")[0]


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_a_file_of_the_child_runs_on_python_3_8_with_dbt_alone(path: Path) -> None:
    tree = ast.parse(path.read_text(), feature_version=(3, 8))
    assert set(imported(tree)) - ALLOWED <= sys.stdlib_module_names


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_only_child_manifest_names_sections_of_dbts_manifest(path: Path) -> None:
    sections = {"nodes", "unit_tests", "exposures", "metrics", "sources", "disabled"}
    named = {
        node.attr
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Attribute)
        and node.attr in sections
        and isinstance(node.value, ast.Attribute | ast.Name)
        and (node.value.attr if isinstance(node.value, ast.Attribute) else node.value.id)
        == "manifest"
    }
    assert not named or path.name == "child_manifest.py"
