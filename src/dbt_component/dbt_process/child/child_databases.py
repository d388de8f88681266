"""The paths of databases in the profile that dbt has just used."""

from __future__ import annotations

from typing import Any

__all__ = ["database_paths"]


def database_paths() -> list[str]:
    """Paths as the profile gives them, rendered. Empty for databases that are not files."""
    try:
        from dbt.adapters.factory import FACTORY

        credentials = [adapter.config.credentials for adapter in FACTORY.adapters.values()]
        return [path for given in credentials for path in _paths_of(given)]
    except Exception:  # another dbt, or an adapter that keeps its settings elsewhere
        return []


def _paths_of(credentials: Any) -> list[str]:
    if credentials.type == "duckdb":
        attached = [database.path for database in credentials.attach or []]
        return [credentials.path, *attached, credentials.external_root]
    if credentials.type == "sqlite":
        return [*credentials.schemas_and_paths.values(), credentials.schema_directory]
    return []
