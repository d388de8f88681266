"""Which settings of a profile are paths of databases."""

from types import SimpleNamespace

import pytest
from dbt.adapters import factory

from dbt_component.dbt_process.child.child_databases import database_paths


def test_all_paths_of_a_duckdb_profile(monkeypatch: pytest.MonkeyPatch) -> None:
    from dbt.adapters.duckdb.credentials import DuckDBCredentials

    credentials = DuckDBCredentials.from_dict(
        {
            "schema": "main",
            "database": "shop",
            "path": "shop.duckdb",
            "attach": [{"path": "data/other.duckdb", "alias": "other"}],
            "external_root": "files",
        }
    )
    adapter = SimpleNamespace(config=SimpleNamespace(credentials=credentials))
    monkeypatch.setattr(factory.FACTORY, "adapters", {"duckdb": adapter})
    assert database_paths() == ["shop.duckdb", "data/other.duckdb", "files"]


def test_a_database_on_a_server_has_no_path(monkeypatch: pytest.MonkeyPatch) -> None:
    adapter = SimpleNamespace(config=SimpleNamespace(credentials=SimpleNamespace(type="postgres")))
    monkeypatch.setattr(factory.FACTORY, "adapters", {"postgres": adapter})
    assert database_paths() == []
