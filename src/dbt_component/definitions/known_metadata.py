"""Metadata of a relation that is known before it is built."""

from collections.abc import Mapping
from typing import Any

import dagster as dg

from dbt_component.definitions.metadata_keys import (
    COLUMNS_KEY,
    MATERIALIZATION_KEY,
    TABLE_NAME_KEY,
)
from dbt_component.manifest.node import Node
from dbt_component.translation import defaults


def known_metadata(node: Node) -> dict[str, Any]:
    """Materialization, documented columns, and the table in the database; what is unknown is left out."""
    metadata: dict[str, Any] = {}
    if node.materialized:
        metadata[MATERIALIZATION_KEY] = node.materialized
    columns = [
        dg.TableColumn(
            name=column.name,
            type=column.data_type or "?",
            description=column.description,
            tags={tag: "" for tag in column.tags if defaults.is_valid_tag(tag)},
            constraints=dg.TableColumnConstraints(
                nullable=not column.not_null, unique=column.unique
            ),
        )
        for column in node.columns
    ]
    if columns:
        metadata[COLUMNS_KEY] = dg.TableSchema(columns=columns)
    table_name = defaults.table_name(node)
    if table_name is not None:
        metadata[TABLE_NAME_KEY] = table_name
    return metadata


def table_name_in(metadata: Mapping[str, Any]) -> str | None:
    """The table that a spec's metadata names, whichever way an override wrote it."""
    value = metadata.get(TABLE_NAME_KEY)
    return value.text if isinstance(value, dg.TextMetadataValue) else value
