"""The package that docs/python.md consists of, beside the dbt project that it is about."""

import re
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

import yaml

from tests.dg_project import PROJECTS
from tests.equivalence.databases import Database

PAGE = Path(__file__).parents[1] / "docs" / "python.md"
PACKAGE = "jaffle_dagster"
_BLOCK = re.compile(r"^```(\w+)\n(?:#|--) (\S+)\n(.*?)^```", re.MULTILINE | re.DOTALL)
_ANY_BLOCK = re.compile(r"^```\w+\n", re.MULTILINE)
_RAW_TABLES = (
    "create schema raw",
    "create table raw.customers (id int, name varchar)",
    "insert into raw.customers values (1, 'Ada'), (2, 'Bo')",
    "create table raw.orders (id int, customer_id int, amount int, ordered_on date)",
    "insert into raw.orders values (1, 1, 20, date '2024-01-03'), (2, 2, 11, date '2024-01-04'),"
    " (3, 1, 8, date '2024-01-04')",
    "create table raw.contacts (customer_id int, email varchar)",
    "insert into raw.contacts values (1, 'ada@example.com')",
)


def files() -> dict[str, str]:
    """The files of the page: path -> text. Python files are named relative to the package."""
    page = PAGE.read_text()
    found = {path: text for _, path, text in _BLOCK.findall(page)}
    assert len(found) == len(_ANY_BLOCK.findall(page)), (
        "a block without a name, or two with the same"
    )
    return found


def python_files() -> list[str]:
    return [path for path in files() if path.endswith(".py")]


@dataclass(frozen=True)
class PythonPage:
    """The files, written beside the dbt project, whose sources exist in a database."""

    root: Path
    database: Database

    def __post_init__(self) -> None:
        shutil.copytree(PROJECTS / "jaffle", self.dbt_folder)
        outputs = {
            name: {**self.database.output(), "threads": 2, "schema": schema}
            for name, schema in (
                ("dev", "dev"),
                ("staging", "staging"),
                ("production", "production"),
            )
        }
        (self.dbt_folder / "profiles.yml").write_text(
            yaml.safe_dump({"jaffle": {"target": "dev", "outputs": outputs}})
        )
        (self.root / PACKAGE).mkdir()
        (self.root / PACKAGE / "__init__.py").touch()
        for path, text in files().items():
            target = self.root / (f"{PACKAGE}/{path}" if path.endswith(".py") else path)
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(text)
        self.create_raw_tables()

    @property
    def dbt_folder(self) -> Path:
        return self.root / "jaffle"

    def create_raw_tables(self) -> None:
        self.database.clear()
        self.database.run(_RAW_TABLES)

    @contextmanager
    def importable(self) -> Iterator[None]:
        """The package can be imported; nothing of it stays imported."""
        sys.path.insert(0, str(self.root))
        try:
            yield
        finally:
            sys.path.remove(str(self.root))
            for name in [name for name in sys.modules if name.partition(".")[0] == PACKAGE]:
                del sys.modules[name]

    def module(self, file: str) -> Any:
        return import_module(f"{PACKAGE}.{file.removesuffix('.py')}")
