"""Small manifests shaped as dbt writes them, for tests that need no project."""

from typing import Any


def model(name: str, *, parents: list[str] | None = None, **fields: Any) -> dict[str, Any]:
    """A model's entry. ``parents`` are unique ids; ``config`` is merged over dbt's own."""
    config = {"enabled": True, "materialized": "table", **fields.pop("config", {})}
    return {
        "unique_id": f"model.shop.{name}",
        "resource_type": "model",
        "name": name,
        "alias": name,
        "package_name": "shop",
        "fqn": ["shop", "marts", name],
        "original_file_path": f"models/marts/{name}.sql",
        "database": "dev",
        "schema": "main",
        "relation_name": f'"dev"."main"."{name}"',
        "raw_code": "select 1 as id",
        "checksum": {"name": "sha256", "checksum": "c0ffee"},
        "depends_on": {"macros": [], "nodes": parents or []},
        "description": "",
        "tags": [],
        "meta": {},
        "columns": {},
        "config": config,
        **fields,
    }


def source(name: str, **fields: Any) -> dict[str, Any]:
    """The entry of a table of source ``raw``."""
    return {
        "unique_id": f"source.shop.raw.{name}",
        "resource_type": "source",
        "source_name": "raw",
        "name": name,
        "identifier": name,
        "package_name": "shop",
        "fqn": ["shop", "raw", name],
        "original_file_path": "models/sources.yml",
        "database": "dev",
        "schema": "raw",
        "tags": [],
        "meta": {},
        "columns": {},
        "config": {"enabled": True},
        **fields,
    }


def data_test(name: str, *, parents: list[str], **fields: Any) -> dict[str, Any]:
    """A singular test's entry; give ``attached_node`` and ``test_metadata`` for a generic one."""
    config = {"enabled": True, "severity": "ERROR", **fields.pop("config", {})}
    return {
        "unique_id": f"test.shop.{name}",
        "resource_type": "test",
        "name": name,
        "package_name": "shop",
        "fqn": ["shop", name],
        "original_file_path": f"tests/{name}.sql",
        "raw_code": "select 1 where false",
        "depends_on": {"macros": [], "nodes": parents},
        "description": "",
        "tags": [],
        "meta": {},
        "config": config,
        **fields,
    }


def manifest_of(*entries: dict[str, Any], **sections: Any) -> dict[str, Any]:
    """A manifest with these entries; ``sections`` are added or replaced."""
    manifest: dict[str, Any] = {
        "metadata": {
            "dbt_schema_version": "https://schemas.getdbt.com/dbt/manifest/v12.json",
            "dbt_version": "1.11.0",
            "project_name": "shop",
            "project_id": "1234",
            "adapter_type": "duckdb",
        },
        "nodes": {},
        "sources": {},
        "macros": {},
    }
    for entry in entries:
        section = "sources" if entry["resource_type"] == "source" else "nodes"
        manifest[section][entry["unique_id"]] = entry
    return {**manifest, **sections}
