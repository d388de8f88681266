"""Rejects asset keys that several nodes share or that an op can't output."""

import re
from collections.abc import Iterable, Mapping

import dagster as dg

from dbt_component.definitions.listing import listed
from dbt_component.errors import DefinitionError, DuplicateAssetKeyError
from dbt_component.manifest.index import ManifestIndex
from dbt_component.manifest.node import Node

_OUTPUT_NAME = re.compile(r"[A-Za-z0-9_]+")


def refuse_shared_keys(
    index: ManifestIndex,
    nodes: Iterable[Node],
    key_of: Mapping[str, dg.AssetKey],
    *,
    allow_shared_sources: bool,
) -> None:
    """Rejects nodes with the same key.

    Args:
        index: The project, for the message.
        nodes: All nodes that appear in the definitions; a node may occur twice.
        key_of: Their final keys by unique id.
        allow_shared_sources: Whether sources may share a key with each other.

    Raises:
        DuplicateAssetKeyError: Nodes share a key; the message lists all shared keys with their nodes.
    """
    first: dict[dg.AssetKey, Node] = {}
    by_key: dict[dg.AssetKey, dict[str, Node]] = {}
    for node in nodes:
        key = key_of[node.unique_id]
        other = first.setdefault(key, node)
        if other is not node:
            by_key.setdefault(key, {other.unique_id: other})[node.unique_id] = node
    shared = {
        key: list(members.values())
        for key, members in by_key.items()
        if not (allow_shared_sources and all(node.is_source for node in members.values()))
    }
    if not shared:
        return
    table = "\n".join(
        f"  {key.to_user_string()}\n"
        + "\n".join(
            f"    - {node.unique_id} ({node.original_file_path})"
            for node in sorted(members, key=lambda n: n.unique_id)
        )
        for key, members in sorted(shared.items(), key=lambda item: item[0].to_user_string())
    )
    raise DuplicateAssetKeyError(
        f"Several dbt nodes have the same asset key:\n{table}",
        where=f"dbt project {index.project_name!r}",
        hint="Set `meta.dagster.asset_key` on one of them, or `translation.key` in defs.yaml. For"
        " sources only: `translation_settings.enable_duplicate_source_asset_keys: true`.",
    )


def refuse_unusable_outputs(output_names: Mapping[dg.AssetKey, str]) -> None:
    """Rejects keys whose output names are invalid in Dagster or not unique.

    Raises:
        DefinitionError: Keys with characters other than letters, digits and underscores.
        DuplicateAssetKeyError: Keys that differ only in punctuation.
    """
    invalid = [key for key, name in output_names.items() if not _OUTPUT_NAME.fullmatch(name)]
    if invalid:
        raise DefinitionError(
            "Asset keys contain characters that Dagster does not accept in the outputs of an op:"
            f" {listed(repr(key.to_user_string()) for key in invalid)}.",
            hint="Use unaccented letters, digits and underscores; set another key with `translation.key`.",
        )
    by_name: dict[str, list[str]] = {}
    for key, name in output_names.items():
        by_name.setdefault(name, []).append(key.to_user_string())
    shared = {name: keys for name, keys in by_name.items() if len(keys) > 1}
    if shared:
        table = "\n".join(f"  {name}: {', '.join(keys)}" for name, keys in sorted(shared.items()))
        raise DuplicateAssetKeyError(
            f"Asset keys that differ only in punctuation give the same op output:\n{table}",
            hint="Set another key for one of them with `translation.key`.",
        )
