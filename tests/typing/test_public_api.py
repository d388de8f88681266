"""public_api.py uses every public name, and mypy and pyright accept and reject what they should.

Both read the package as an installed one: from the outside, and typed only because it says so in py.typed.
"""

import ast
import json
import os
import re
import shutil
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest

import dbt_component

FILE = Path(__file__).with_name("public_api.py")
PACKAGE = Path(dbt_component.__file__).parent
TOO_FEW = (
    "Not used in tests/typing/public_api.py: {}. Write there what code of users does with each: a use whose type"
    " `assert_type` states, and one that both checkers must reject, with `# type: ignore[…]  # pyright: ignore[…]`."
)
_CONFIG = {
    "typeCheckingMode": "standard",
    "pythonVersion": "3.10",
    "enableTypeIgnoreComments": False,
    "reportUnnecessaryTypeIgnoreComment": "error",
    "reportPrivateImportUsage": "error",
}
# The cache, once filled, saves half a minute.
_CACHE = FILE.parents[2] / ".mypy_cache" / "of_users"
_CHECKERS = {
    "mypy": [
        *("mypy", "--strict", "--config-file=", "--python-version=3.10"),
        *(f"--cache-dir={_CACHE}", "public_api.py", "names.py", "unknown.py"),
    ],
    "pyright": ["basedpyright", "--pythonpath", sys.executable, "--project", "."],
}
_REVEALED = {"mypy": r'Revealed type is "(.*)"', "pyright": r'Type of "\w+" is "(.*)"'}
NAMES = "".join(f"from dbt_component import {name}\n" for name in dbt_component.__all__)
REVEALS = "".join(f"reveal_type({name})\n" for name in dbt_component.__all__)
UNKNOWN = """\
from dbt_component import dbt_asset
from dbt_component.errors import DagsterDbtCliError
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of user code."""
    folder = tmp_path_factory.mktemp("user")
    shutil.copy(FILE, folder)
    (folder / "names.py").write_text(NAMES + REVEALS)
    (folder / "unknown.py").write_text(UNKNOWN)
    (folder / "pyrightconfig.json").write_text(json.dumps(_CONFIG))
    return folder


@cache
def report(checker: str, folder: Path) -> str:
    """What a checker says about the folder."""
    program, *arguments = _CHECKERS[checker]
    done = subprocess.run(
        [str(Path(sys.executable).with_name(program)), *arguments],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(PACKAGE.parent), "MYPYPATH": ""},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1, done.stdout + done.stderr  # because of unknown.py
    return done.stdout


def reported(checker: str, folder: Path, file: str) -> str:
    """The lines about one file, with those that continue them."""
    found, is_about_it = [], False
    for line in report(checker, folder).splitlines():
        if match := re.search(r"(\w+\.py):\d+", line):
            is_about_it = match[1] == file
        if is_about_it:
            found.append(line)
    return "\n".join(found)


def names_in(source: str) -> set[str]:
    """The names that code uses after it has imported them."""
    return {node.id for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Name)}


def test_every_public_name_is_used() -> None:
    missing = sorted(set(dbt_component.__all__) - names_in(FILE.read_text()))
    assert not missing, TOO_FEW.format(", ".join(missing))


def test_every_public_function_and_class_is_misused_somewhere() -> None:
    rejected = "\n".join(
        line.partition("#")[0]
        for line in FILE.read_text().splitlines()
        if re.search(r"# type: ignore\[.*# pyright: ignore\[", line)
    )
    callables = {n for n in dbt_component.__all__ if callable(getattr(dbt_component, n))}
    missing = {name for name in callables if not re.search(rf"\b{name}\b", rejected)}
    # Made by others; or errors and settings, whose constructors are those of their bases.
    missing -= {
        "DagsterDbtCoreNotInstalledError",
        "DagsterDbtManifestNotFoundError",
        "DagsterDbtProfilesDirectoryNotFoundError",
        "DagsterDbtProjectNotFoundError",
        "DagsterDbtProjectYmlFileNotFoundError",
        "DbtCliInvocation",
        "DbtEventIterator",
    }
    assert not missing, TOO_FEW.format(", ".join(sorted(missing)))


# One test for each checker: run apart, its parts would start the checker in each process of the test run.
@pytest.mark.parametrize("checker", _CHECKERS)
def test_checkers_accept_and_reject_what_they_should(checker: str, folder: Path) -> None:
    text = reported(checker, folder, "public_api.py")
    assert " error: " not in text, text
    _check_types(checker, reported(checker, folder, "names.py"))
    _check_unknown_names(reported(checker, folder, "unknown.py"))


def _check_types(checker: str, text: str) -> None:
    """The checker knows the type of every public name."""
    assert " error: " not in text, text
    found = re.findall(_REVEALED[checker], text)
    types = dict(zip(dbt_component.__all__, found, strict=True))
    unknown = {name for name, kind in types.items() if re.search(r"(^|-> )(Any|Unknown)$", kind)}
    assert unknown == set()


def _check_unknown_names(text: str) -> None:
    """The checker rejects names that do not exist."""
    assert re.search(r":1.* error: .*\"dbt_asset\"", text), text
    assert re.search(r":2.* error: .*\"DagsterDbtCliError\"", text), text
