"""Asset keys of nodes that are written by name in YAML."""

from collections.abc import Mapping
from difflib import get_close_matches
from typing import TypeVar

import dagster as dg

from dbt_component.definitions.spec_builder import SelectedSpecs
from dbt_component.errors import UnknownNodeError
from dbt_component.manifest.index import ManifestIndex
from dbt_component.manifest.node import Node

T = TypeVar("T")
OTHERS = "*"
"""Stands for all nodes that have no value of their own."""
SELF = "self"
"""Stands for each node itself."""


def keys_of_names(
    values: Mapping[str, T], specs: SelectedSpecs, *, key: str
) -> dict[dg.AssetKey, T]:
    """Values by names of nodes, by asset key instead; ``*`` and ``self`` are left out.

    A name is that of a model, seed, snapshot or source table (``source_name.name``), or a unique id.

    Args:
        values: The values.
        specs: The project.
        key: The key of the values in defs.yaml, for errors.

    Raises:
        UnknownNodeError: No node has a name, or several have it.
    """
    return {
        specs.view.final_spec(_find(specs.index, name, key).unique_id).key: value
        for name, value in values.items()
        if name not in (OTHERS, SELF)
    }


def _find(index: ManifestIndex, name: str, key: str) -> Node:
    named = [
        node
        for node in index.nodes
        if node.is_source and name in (node.unique_id, f"{node.source_name}.{node.name}")
    ]
    if len(named) == 1:
        return named[0]
    try:
        return index.find_asset_node(name)
    except UnknownNodeError as error:
        sources = [f"{node.source_name}.{node.name}" for node in index.nodes if node.is_source]
        close = get_close_matches(name, sources, n=2)
        hint = f"Did you mean {' or '.join(map(repr, close))}?" if close else error.hint
        raise UnknownNodeError(error.message, key=f"{key}.{name}", hint=hint) from None
