"""The default rules for group and metadata as functions, for overrides that build on them."""

from collections.abc import Mapping
from typing import Any

from dbt_component.definitions.known_metadata import known_metadata
from dbt_component.definitions.node_of import node_of
from dbt_component.translation import defaults


def default_group_from_dbt_resource_props(dbt_resource_props: Mapping[str, Any]) -> str | None:
    """``meta.dagster.group``, else the node's dbt group; ``None`` if neither.

    Args:
        dbt_resource_props: The node's entry in manifest.json, as a translator's method receives it.
    """
    return defaults.group_name(node_of(dbt_resource_props))


def group_from_dbt_resource_props_fallback_to_directory(
    dbt_resource_props: Mapping[str, Any],
) -> str | None:
    """The default group, else the folder below ``models`` (or ``seeds``…) that contains the node's file.

    ``None`` for a file in no folder.

    Args:
        dbt_resource_props: The node's entry in manifest.json, as a translator's method receives it.
    """
    return defaults.group_name_or_folder(node_of(dbt_resource_props))


def default_metadata_from_dbt_resource_props(
    dbt_resource_props: Mapping[str, Any],
) -> Mapping[str, Any]:
    """Metadata of the relation that is known before it is built: materialization, columns, table.

    Args:
        dbt_resource_props: The node's entry in manifest.json, as a translator's method receives it.
    """
    return known_metadata(node_of(dbt_resource_props))
