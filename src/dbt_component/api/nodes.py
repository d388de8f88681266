"""Nodes of a manifest and the assets upstream of them, for translators and definitions of one's own."""

from collections.abc import Mapping, Set
from typing import Any

from dbt_component.definitions.metadata_keys import UNIQUE_ID_KEY
from dbt_component.definitions.resolving_manifest import own_manifest
from dbt_component.errors import UnknownNodeError
from dbt_component.selection.criteria import DEFAULT_SELECT

DBT_DEFAULT_SELECT = DEFAULT_SELECT
"""The ``select`` that stands for everything."""
DBT_DEFAULT_EXCLUDE = ""
"""The ``exclude`` that leaves out nothing."""
DBT_DEFAULT_SELECTOR = ""
"""The ``selector`` that stands for none."""

DAGSTER_DBT_UNIQUE_ID_METADATA_KEY = UNIQUE_ID_KEY
"""The key of the metadata that holds the unique id of an asset or check in dbt."""


def get_node(manifest: Mapping[str, Any], unique_id: str) -> Mapping[str, Any]:
    """The entry of a node, source, test or any other resource in a manifest.

    Args:
        manifest: What a method of a translator gets as ``manifest``, or manifest.json decoded.
        unique_id: Such as ``model.jaffle.customers``.

    Raises:
        UnknownNodeError: There is no such entry. It is a KeyError too.
    """
    for section in (
        "nodes",
        "sources",
        "exposures",
        "metrics",
        "semantic_models",
        "saved_queries",
        "unit_tests",
    ):
        entries: Mapping[str, Mapping[str, Any]] = manifest.get(section) or {}
        if unique_id in entries:
            return entries[unique_id]
    raise UnknownNodeError(
        f"The manifest has no {unique_id!r}.", hint="Unique ids are the keys of its sections."
    )


def get_upstream_unique_ids(
    manifest: Mapping[str, Any], dbt_resource_props: Mapping[str, Any]
) -> Set[str]:
    """Unique ids of the nearest models, seeds, snapshots and sources upstream of a node, through ephemeral models.

    Args:
        manifest: As for ``get_node``.
        dbt_resource_props: The node's entry.

    Raises:
        UnknownNodeError: The manifest has no such node. It is a KeyError too.
    """
    index = own_manifest(manifest).index
    unique_id = dbt_resource_props["unique_id"]
    node = index.node_by_id.get(unique_id)
    if node is None:
        raise UnknownNodeError(f"The manifest has no node {unique_id!r}.")
    return {parent.unique_id for parent in index.upstream_assets(node)}
