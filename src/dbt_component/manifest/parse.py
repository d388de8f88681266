"""manifest.json -> index. The sole reader of dbt's raw keys: a renamed key is mended here.

See: https://schemas.getdbt.com/dbt/manifest/v12.json
"""

import re
import zlib
from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from dbt_component.errors import StateFormatError
from dbt_component.manifest.code_version import CodeVersions
from dbt_component.manifest.dbt_test import DbtTest
from dbt_component.manifest.index import ManifestIndex
from dbt_component.manifest.node import Column, Node

_NODE_SECTIONS = (
    "sources",
    "nodes",
    "exposures",
    "metrics",
    "semantic_models",
    "saved_queries",
    "functions",
)
_QUOTED = re.compile(r"""['"]([^'"]+)['"]""")
_encode_json = msgspec.json.Encoder().encode


def decode_manifest(data: bytes) -> dict[str, Any]:
    """Decodes manifest.json into plain dicts."""
    manifest: dict[str, Any] = msgspec.json.decode(data)
    return manifest


def parse_manifest(
    manifest: Mapping[str, Any], *, vars_digest: str = ""
) -> tuple[ManifestIndex, bytes]:
    """Builds the index and the raw-node section that its offsets point into.

    Args:
        manifest: manifest.json, decoded.
        vars_digest: Hash of all variables the project was parsed with; part of code versions of
            nodes that read variables.

    Returns:
        The index, and the concatenation of each entry as zlib-compressed JSON.
    """
    metadata = manifest["metadata"]
    versions = CodeVersions(manifest, vars_digest=vars_digest)
    owners = _group_owner_emails(manifest)
    raw = bytearray()
    nodes: dict[str, Node] = {}
    tests: list[DbtTest] = []

    def store(entry: Mapping[str, Any]) -> tuple[int, int]:
        packed = zlib.compress(_encode_json(entry), 1)
        offset = len(raw)
        raw.extend(packed)
        return offset, len(packed)

    for section in _NODE_SECTIONS:
        for unique_id, entry in (manifest.get(section) or {}).items():
            if not _is_enabled(entry):
                continue
            if entry.get("resource_type") == "test":
                tests.append(_parse_test(entry, versions, *store(entry)))
            else:
                nodes[unique_id] = _parse_node(entry, versions, owners, *store(entry))
    unit_tests = [e for e in (manifest.get("unit_tests") or {}).values() if _is_enabled(e)]
    by_name = _nodes_by_name(nodes.values()) if unit_tests else {}
    for entry in unit_tests:
        test = _parse_test(entry, versions, *store(entry))
        inputs = _unit_test_inputs(entry, by_name)
        tests.append(msgspec.structs.replace(test, unit_test_inputs=inputs))
    index = ManifestIndex(
        project_name=metadata.get("project_name") or "",
        project_id=metadata.get("project_id"),
        adapter_type=metadata.get("adapter_type") or "",
        dbt_version=metadata.get("dbt_version") or "",
        nodes=_topological(nodes),
        tests=sorted(tests, key=lambda test: test.unique_id),
        graph_reading_macros=versions.graph_reading_macros(),
    )
    return index, bytes(raw)


def decode_raw_entry(packed: bytes) -> dict[str, Any]:
    """Decodes one entry of the raw-node section."""
    try:
        entry: dict[str, Any] = msgspec.json.decode(zlib.decompress(packed))
    except (zlib.error, msgspec.DecodeError) as error:
        raise StateFormatError(
            f"A node in the state can't be read: {error}.",
            hint="Rebuild the state with `dg utils refresh-defs-state`.",
        ) from error
    return entry


def _is_enabled(entry: Mapping[str, Any]) -> bool:
    """Whether dbt runs the entry. It leaves tests of disabled models among its nodes, disabled too."""
    return (entry.get("config") or {}).get("enabled") is not False


def _parse_node(
    entry: Mapping[str, Any],
    versions: CodeVersions,
    owners: Mapping[str, tuple[str, ...]],
    raw_offset: int,
    raw_length: int,
) -> Node:
    config = entry.get("config") or {}
    group = config.get("group") or entry.get("group")
    version = entry.get("version")
    return Node(
        unique_id=entry["unique_id"],
        resource_type=entry["resource_type"],
        name=entry["name"],
        package_name=entry.get("package_name") or "",
        fqn=tuple(entry.get("fqn") or []),
        original_file_path=entry.get("original_file_path") or "",
        depends_on=tuple((entry.get("depends_on") or {}).get("nodes") or []),
        alias=entry.get("alias"),
        version=None if version is None else str(version),
        database=entry.get("database"),
        schema=entry.get("schema"),
        identifier=entry.get("identifier"),
        relation_name=entry.get("relation_name"),
        source_name=entry.get("source_name"),
        config_schema=config.get("schema"),
        materialized=config.get("materialized") or _default_materialized(entry),
        description=entry.get("description") or "",
        code=entry.get("raw_code") or "",
        code_version=versions.version_of(entry["unique_id"]),
        group=group,
        group_owner_emails=owners.get(group, ()) if group else (),
        tags=_tags(entry.get("tags")),
        columns=tuple(_parse_column(column) for column in (entry.get("columns") or {}).values()),
        dagster_meta=_dagster_meta(entry),
        reads_graph=versions.reads_graph(entry),
        raw_offset=raw_offset,
        raw_length=raw_length,
    )


def _parse_test(
    entry: Mapping[str, Any], versions: CodeVersions, raw_offset: int, raw_length: int
) -> DbtTest:
    config = entry.get("config") or {}
    is_unit = entry["resource_type"] == "unit_test"
    generic = (entry.get("test_metadata") or {}).get("name")
    meta = {**(entry.get("meta") or {}), **(config.get("meta") or {})}
    return DbtTest(
        unique_id=entry["unique_id"],
        resource_type=entry["resource_type"],
        name=entry["name"],
        package_name=entry.get("package_name") or "",
        fqn=tuple(entry.get("fqn") or []),
        original_file_path=entry.get("original_file_path") or "",
        depends_on=tuple(dict.fromkeys((entry.get("depends_on") or {}).get("nodes") or [])),
        test_type="unit" if is_unit else (generic or "singular"),
        severity=str(config.get("severity") or "error").lower(),
        attached_node=entry.get("attached_node"),
        column_name=entry.get("column_name"),
        description=entry.get("description") or "",
        dagster_meta=_dagster_meta(entry),
        meta_description=meta.get("description"),
        reads_graph=False if is_unit else versions.reads_graph(entry),
        raw_offset=raw_offset,
        raw_length=raw_length,
    )


def _nodes_by_name(nodes: Iterable[Node]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for node in nodes:
        found.setdefault(node.name, []).append(node.unique_id)
    return found


def _unit_test_inputs(
    entry: Mapping[str, Any], by_name: Mapping[str, list[str]]
) -> tuple[str, ...]:
    """All nodes that have a name mentioned in ``given``: ``ref('a')``, ``source('s', 't')``."""
    found: dict[str, None] = {}
    for given in entry.get("given") or []:
        for name in _QUOTED.findall(str(given.get("input") or "")):
            found.update(dict.fromkeys(by_name.get(name, [])))
    return tuple(found)


def _parse_column(column: Mapping[str, Any]) -> Column:
    kinds = {c.get("type") for c in column.get("constraints") or [] if isinstance(c, dict)}
    return Column(
        name=column["name"],
        data_type=column.get("data_type"),
        description=column.get("description") or "",
        tags=_tags(column.get("tags")),
        not_null="not_null" in kinds,
        unique="unique" in kinds,
    )


def _default_materialized(entry: Mapping[str, Any]) -> str | None:
    """Seeds and snapshots of some engines carry no ``materialized``."""
    resource_type = entry["resource_type"]
    return resource_type if resource_type in ("seed", "snapshot") else None


def _dagster_meta(entry: Mapping[str, Any]) -> dict[str, Any]:
    """``meta.dagster`` merged with ``config.meta.dagster``; the latter wins key by key."""
    merged: dict[str, Any] = {}
    for meta in (entry.get("meta"), (entry.get("config") or {}).get("meta")):
        value = (meta or {}).get("dagster")
        if isinstance(value, dict):
            merged.update(value)
    return merged


def _group_owner_emails(manifest: Mapping[str, Any]) -> dict[str, tuple[str, ...]]:
    emails: dict[str, tuple[str, ...]] = {}
    for group in (manifest.get("groups") or {}).values():
        email = (group.get("owner") or {}).get("email")
        if email:
            emails[group["name"]] = (email,) if isinstance(email, str) else tuple(email)
    return emails


def _tags(value: Any) -> tuple[str, ...]:
    if value is None:
        return ()
    return (value,) if isinstance(value, str) else tuple(str(tag) for tag in value)


def _topological(nodes: Mapping[str, Node]) -> list[Node]:
    """Orders nodes so that each follows its dependencies; iterative, as graphs may be deep."""
    ordered: list[Node] = []
    done: set[str] = set()
    for root in nodes:
        stack: list[tuple[str, bool]] = [(root, False)]
        while stack:
            unique_id, expanded = stack.pop()
            if unique_id in done or unique_id not in nodes:
                continue
            if expanded:
                done.add(unique_id)
                ordered.append(nodes[unique_id])
                continue
            stack.append((unique_id, True))
            stack.extend(
                (parent, False)
                for parent in reversed(nodes[unique_id].depends_on)
                if parent not in done and parent != unique_id
            )
    return ordered
