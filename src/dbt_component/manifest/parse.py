"""Parses manifest.json into an index. Only this file and ``parse_entry.py`` read dbt's raw keys.

See: https://schemas.getdbt.com/dbt/manifest/v12.json
"""

import re
from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from dbt_component.manifest.code_version import CodeVersions
from dbt_component.manifest.dbt_test import DbtTest
from dbt_component.manifest.index import ManifestIndex
from dbt_component.manifest.node import Node
from dbt_component.manifest.packed_entries import EntryPacker
from dbt_component.manifest.parse_entry import (
    TEST_RESOURCE_TYPES,
    GroupOwners,
    is_enabled,
    owner_emails,
    parse_code,
    parse_macro,
    parse_node,
    parse_test,
    unit_test_inputs,
)
from dbt_component.manifest.topological import in_topological_order

_SECTION_OF = {
    "source": "sources",
    "exposure": "exposures",
    "metric": "metrics",
    "semantic_model": "semantic_models",
    "saved_query": "saved_queries",
    "function": "functions",
    "unit_test": "unit_tests",
}
_NEWEST_SCHEMA = 12
_FUSION_SCHEMA = 20
_SCHEMA_NUMBER = re.compile(r"/manifest/v(\d+)")
_NODE_SECTIONS = (
    "sources",
    "nodes",
    "exposures",
    "metrics",
    "semantic_models",
    "saved_queries",
    "functions",
)

Locate = Callable[[Mapping[str, Any]], tuple[int, int]]
"""Entry -> its offset and length in the raw-node section, in bytes."""


def decode_manifest(data: bytes) -> dict[str, Any]:
    """Decodes manifest.json into plain dicts.

    Raises:
        msgspec.DecodeError: The bytes are not valid JSON.
    """
    manifest: dict[str, Any] = msgspec.json.decode(data)
    return manifest


def section_of(resource_type: str) -> str:
    """The section of manifest.json that contains entries of a resource type."""
    return _SECTION_OF.get(resource_type, "nodes")


def what_is_wrong_with(manifest: Any) -> str | None:
    """The reason why a decoded file is not a dbt manifest, or ``None`` if it looks like one."""
    if not isinstance(manifest, Mapping):
        return f"it contains {type(manifest).__name__}, not an object"
    metadata = manifest.get("metadata")
    schema = metadata.get("dbt_schema_version") if isinstance(metadata, Mapping) else None
    if isinstance(schema, str) and "/manifest/" not in schema:
        return f"its schema is {schema!r}"
    if not isinstance(manifest.get("nodes"), Mapping):
        return "it has no `nodes`"
    return None


def newer_schema_of(manifest: Mapping[str, Any]) -> str | None:
    """The schema of a manifest that is newer than dbt 1.11's; ``None`` if it is a known one, or not stated.

    dbt Fusion writes number 20, which has the fields of number 12.
    """
    schema = (manifest.get("metadata") or {}).get("dbt_schema_version")
    number = _SCHEMA_NUMBER.search(schema) if isinstance(schema, str) else None
    if number is None or int(number[1]) <= _NEWEST_SCHEMA or int(number[1]) == _FUSION_SCHEMA:
        return None
    return schema


def parse_manifest(
    manifest: Mapping[str, Any], *, vars_digest: str = ""
) -> tuple[ManifestIndex, bytes]:
    """Builds the index and the raw-node section that its offsets refer to.

    Args:
        manifest: manifest.json, decoded.
        vars_digest: Hash of all variables the project was parsed with; part of the code version of
            nodes that read variables.

    Returns:
        The index, and the entries as concatenated zlib-compressed JSON.
    """
    packer = EntryPacker()
    index = _index(manifest, packer.add, vars_digest=vars_digest)
    return index, packer.packed()


def index_manifest(manifest: Mapping[str, Any], *, vars_digest: str = "") -> ManifestIndex:
    """Builds the index of a manifest whose entries stay in memory; its offsets are all zero."""
    return _index(manifest, lambda entry: (0, 0), vars_digest=vars_digest)


def parse_entry(entry: Mapping[str, Any]) -> Node | DbtTest:
    """Parses one entry without its manifest.

    Fields that depend on other entries are incomplete: group owners and unit test inputs are empty, and
    the code version ignores macros and ephemeral parents.

    Raises:
        KeyError: The mapping lacks a key that every entry has, such as ``unique_id``.
    """
    code = parse_code(entry)
    versions = CodeVersions({} if code is None else {entry["unique_id"]: code}, {}, vars_digest="")
    if entry["resource_type"] in TEST_RESOURCE_TYPES:
        return parse_test(entry, versions)
    return parse_node(entry, versions, {})


def _index(manifest: Mapping[str, Any], locate: Locate, *, vars_digest: str) -> ManifestIndex:
    metadata = manifest.get("metadata") or {}
    versions = _code_versions(manifest, vars_digest=vars_digest)
    owners = _group_owners(manifest)
    nodes: dict[str, Node] = {}
    tests: list[DbtTest] = []
    for section in _NODE_SECTIONS:
        for unique_id, entry in (manifest.get(section) or {}).items():
            if not is_enabled(entry):
                continue
            if entry.get("resource_type") == "test":
                tests.append(parse_test(entry, versions, place=locate(entry)))
            else:
                nodes[unique_id] = parse_node(entry, versions, owners, place=locate(entry))
    unit_tests = [e for e in (manifest.get("unit_tests") or {}).values() if is_enabled(e)]
    ids_by_name: dict[str, list[str]] = {}
    for node in nodes.values() if unit_tests else ():
        ids_by_name.setdefault(node.name, []).append(node.unique_id)
    for entry in unit_tests:
        test = parse_test(entry, versions, place=locate(entry))
        inputs = tuple(unit_test_inputs(entry, ids_by_name))
        tests.append(msgspec.structs.replace(test, unit_test_inputs=inputs))
    return ManifestIndex(
        project_name=metadata.get("project_name") or "",
        project_id=metadata.get("project_id"),
        adapter_type=metadata.get("adapter_type") or "",
        dbt_version=metadata.get("dbt_version") or "",
        nodes=in_topological_order(nodes),
        tests=sorted(tests, key=lambda test: test.unique_id),
        graph_reading_macros=versions.graph_reading_macros(),
    )


def _code_versions(manifest: Mapping[str, Any], *, vars_digest: str) -> CodeVersions:
    adapter = (manifest.get("metadata") or {}).get("adapter_type") or ""
    internal = {"dbt", f"dbt_{adapter}"}
    codes = ((i, parse_code(entry)) for i, entry in manifest["nodes"].items())
    return CodeVersions(
        {unique_id: code for unique_id, code in codes if code is not None},
        {
            unique_id: parse_macro(entry)
            for unique_id, entry in (manifest.get("macros") or {}).items()
            if entry.get("package_name") not in internal
        },
        vars_digest=vars_digest,
    )


def _group_owners(manifest: Mapping[str, Any]) -> GroupOwners:
    groups = (manifest.get("groups") or {}).values()
    return {group["name"]: emails for group in groups if (emails := owner_emails(group))}
