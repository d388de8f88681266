"""One node of a dbt project other than a test: model, seed, snapshot, source and the rest."""

from typing import Any

import msgspec

ASSET_RESOURCE_TYPES = frozenset({"model", "seed", "snapshot"})
"""Resource types that become Dagster assets."""
USE_RESOURCE_TYPES = frozenset({"exposure", "saved_query", "metric", "semantic_model"})
"""Resource types of what is made of relations, without a relation of its own."""


class Column(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A documented column. ``data_type`` is ``None`` if the project does not declare it."""

    name: str
    data_type: str | None
    description: str
    tags: tuple[str, ...]
    not_null: bool = False
    unique: bool = False


class Node(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """The fields of a manifest entry that definitions need; all others are read on demand.

    ``depends_on`` are unique ids in the manifest's order. ``code_version`` covers the node's code,
    configuration, macros, ephemeral parents and variables (see ``manifest.code_version``).
    ``raw_offset`` and ``raw_length`` locate the complete entry in the state's raw-node section.
    ``freshness`` are the ages at which a source is too old, as text; ``None`` for a source without such ages.

    See: https://schemas.getdbt.com/dbt/manifest/v12.json
    """

    unique_id: str
    resource_type: str
    name: str
    package_name: str
    fqn: tuple[str, ...]
    original_file_path: str
    depends_on: tuple[str, ...]
    alias: str | None = None
    version: str | None = None
    database: str | None = None
    schema: str | None = None
    identifier: str | None = None
    relation_name: str | None = None
    source_name: str | None = None
    config_schema: str | None = None
    materialized: str | None = None
    description: str = ""
    code: str = ""
    code_version: str | None = None
    group: str | None = None
    group_owner_emails: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    columns: tuple[Column, ...] = ()
    dagster_meta: dict[str, Any] = {}
    reads_graph: bool = False
    raw_offset: int = 0
    raw_length: int = 0
    freshness: str | None = None

    @property
    def is_asset(self) -> bool:
        """Whether dbt builds a relation for the node, which Dagster shows as an asset."""
        return self.resource_type in ASSET_RESOURCE_TYPES and self.materialized != "ephemeral"

    @property
    def is_source(self) -> bool:
        return self.resource_type == "source"

    @property
    def is_use(self) -> bool:
        """Whether the node describes a use of relations, such as a dashboard or a metric."""
        return self.resource_type in USE_RESOURCE_TYPES

    @property
    def is_ephemeral(self) -> bool:
        return self.materialized == "ephemeral"
