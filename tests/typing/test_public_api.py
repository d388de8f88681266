"""public_api.py uses every public name, and mypy and pyright accept and reject what they should."""

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

import dbt_component

FOLDER = Path(__file__).parent
FILE = FOLDER / "public_api.py"


def used_names() -> set[str]:
    """The names that the file imports and then uses."""
    tree = ast.parse(FILE.read_text())
    return {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}


def test_every_public_name_is_used() -> None:
    missing = set(dbt_component.__all__) - used_names()
    assert missing == set(), "use these in tests/typing/public_api.py, as code of users does"


def test_the_package_tells_checkers_that_it_is_typed() -> None:
    assert (Path(dbt_component.__file__).parent / "py.typed").is_file()


@pytest.mark.parametrize(
    "command",
    [
        ["mypy", "--strict", "--config-file", str(FOLDER.parents[1] / "pyproject.toml"), str(FILE)],
        ["basedpyright", "-p", str(FOLDER / "pyrightconfig.json")],
    ],
    ids=["mypy", "pyright"],
)
def test_checkers_accept_and_reject_what_they_should(command: list[str]) -> None:
    program = str(Path(sys.executable).with_name(command[0]))
    done = subprocess.run(
        [program, *command[1:]], cwd=FOLDER.parents[1], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_file_has_code_that_checkers_must_reject() -> None:
    # Both checkers report an `ignore` that they do not need.
    assert len(re.findall(r"# type: ignore\[.*# pyright: ignore\[", FILE.read_text())) >= 5
