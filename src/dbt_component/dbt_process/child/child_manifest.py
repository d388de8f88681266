"""Reads, reduces and compares dbt's manifest in memory. Only this file names its sections."""

from __future__ import annotations

import json
from typing import Any, Optional

_NOT_FOR_SELECTION = ("macros", "docs", "disabled", "parent_map", "child_map", "group_map")


def load_manifest(path: str, *, keep_graph: bool) -> Any:
    """Reads a manifest in dbt's parse-cache format; ``keep_graph`` builds the Jinja ``graph`` from it."""
    from dbt.contracts.graph.manifest import Manifest

    with open(path, "rb") as file:
        data = file.read()
    try:
        from dbt.parser.manifest import extended_mashumuro_decoder
    except ImportError:
        manifest = Manifest.from_msgpack(data)
    else:
        manifest = Manifest.from_msgpack(data, decoder=extended_mashumuro_decoder)
    if keep_graph:
        manifest.build_flat_graph()
    return manifest


def load_manifest_json(path: str) -> Any:
    """Reads the nodes of a manifest.json, possibly from an older dbt. Macros and docs are left out.

    Raises:
        ValueError: The file is not a manifest, or this dbt can't read its nodes.
    """
    from dbt.artifacts.schemas.manifest import WritableManifest
    from dbt.contracts.graph.manifest import Manifest
    from dbt.contracts.graph.nodes import GenericTestNode
    from dbt.version import __version__

    with open(path, encoding="utf-8") as file:
        content = json.load(file)
    metadata = content.get("metadata") if isinstance(content, dict) else None
    if not metadata or not WritableManifest.is_compatible_version(
        metadata.get("dbt_schema_version")
    ):
        raise ValueError("dbt %s can't read this manifest: %s" % (__version__, metadata))
    content.update({section: {} for section in _NOT_FOR_SELECTION})
    try:
        writable = WritableManifest.upgrade_schema_version(content)
        manifest = Manifest.from_writable_manifest(writable)
        # dbt 1.8 and 1.9 do not copy these two.
        manifest.metadata = writable.metadata
        if not manifest.saved_queries:
            manifest.saved_queries = Manifest._map_resources_to_map_nodes(writable.saved_queries)
        for unique_id, entry in content["nodes"].items():
            # dbt treats all data tests in a manifest.json as singular tests.
            if entry.get("test_metadata"):
                manifest.nodes[unique_id] = GenericTestNode.from_dict(entry)
    except Exception as error:  # the decoder's message repeats the content; its root cause does not
        cause: BaseException = error
        while cause.__cause__ or cause.__context__:
            cause = cause.__cause__ or cause.__context__ or cause
        raise ValueError(
            "dbt %s can't read what dbt %s wrote: %s"
            % (__version__, metadata.get("dbt_version"), str(cause)[:500])
        ) from error
    return manifest


def reduce_manifest_json(content: dict[str, Any], manifest: Any) -> None:
    """Reduces the content of another manifest.json to what dbt takes from it when it defers.

    That is the nodes that ``manifest`` has too, and all functions.
    """
    for section, value in content.items():
        if section == "nodes":
            content[section] = {i: n for i, n in value.items() if i in manifest.nodes}
        elif section not in ("functions", "metadata"):
            content[section] = {}


def cut_manifest(manifest: Any, cut: dict[str, Any]) -> None:
    """Reduces a complete manifest to the nodes of a run; its flat graph stays complete."""
    keep = set(cut["keep"])
    manifest.nodes = {i: n for i, n in manifest.nodes.items() if i in keep}
    manifest.unit_tests = {i: n for i, n in manifest.unit_tests.items() if i in keep}
    manifest.exposures = {}
    manifest.metrics = {}
    manifest.saved_queries = {}
    manifest.semantic_models = {}
    for unique_id, parents in cut["rewired"].items():
        node = manifest.nodes.get(unique_id)
        if node is not None and hasattr(node.depends_on, "nodes"):
            node.depends_on.nodes = parents


def find_node(manifest: Optional[Any], unique_id: str) -> Optional[Any]:
    """Looks up a model, seed, snapshot or data test; ``None`` if the manifest has none of that id."""
    return None if manifest is None else manifest.nodes.get(unique_id)


def find_relation_node(manifest: Any, unique_id: str) -> Optional[Any]:
    """Looks up what has a relation: also a source."""
    return manifest.sources.get(unique_id) or manifest.nodes.get(unique_id)


def files_of_project(manifest: Any) -> set[str]:
    """Paths of the root project's files that define or patch nodes, relative to the project."""
    package = manifest.metadata.project_name
    paths = set()
    for section in ("nodes", "sources", "exposures", "metrics", "semantic_models", "unit_tests"):
        for entry in getattr(manifest, section, {}).values():
            if entry.package_name == package:
                paths.add(entry.original_file_path)
            patched_in, _, patch = (getattr(entry, "patch_path", None) or "").partition("://")
            if patch and patched_in == package:
                paths.add(patch)
    for section in ("saved_queries", "functions"):
        for entry in getattr(manifest, section, {}).values():
            if entry.package_name == package:
                paths.add(entry.original_file_path)
    return paths


def parsed_content(manifest: Any) -> dict[tuple[str, str, int], dict[str, Any]]:
    """The result of parsing, without the fields that differ between two parses of the same project.

    Fields of each entry, by section, unique id and position among entries with that id.
    """
    content = {}
    for section in ("nodes", "sources", "exposures", "unit_tests", "metrics", "disabled"):
        for unique_id, entry in getattr(manifest, section, {}).items():
            entries = entry if isinstance(entry, list) else [entry]
            for position, one in enumerate(entries):
                fields = one.to_dict(omit_none=False)
                for name in ("created_at", "build_path", "compiled_path"):
                    fields.pop(name, None)
                content[section, unique_id, position] = fields
    return content
