"""Parses one manifest entry into a Node, a DbtTest, or the inputs of its code version.

Only this file and ``parse.py`` read dbt's raw keys.

See: https://schemas.getdbt.com/dbt/manifest/v12.json
"""

import json
import re
from collections.abc import Iterable, Mapping
from typing import Any

from dbt_component.manifest.code_version import CodeVersions, Macro, NodeCode
from dbt_component.manifest.dbt_test import DbtTest
from dbt_component.manifest.node import Column, Node

TEST_RESOURCE_TYPES = frozenset({"test", "unit_test"})
_WITH_CODE_VERSION = frozenset({"model", "seed", "snapshot"})
_QUOTED = re.compile(r"""['"]([^'"]+)['"]""")

GroupOwners = Mapping[str, tuple[str, ...]]
"""Group name -> e-mail addresses of its owner."""


def parse_node(
    entry: Mapping[str, Any],
    versions: CodeVersions,
    owners: GroupOwners,
    *,
    place: tuple[int, int] = (0, 0),
) -> Node:
    """Parses an entry that is not a test; ``place`` is its offset and length in the raw-node section.

    ``group`` may be the group's own entry instead of its name, as in the entry that ``get_owners`` receives.
    """
    config = entry.get("config") or {}
    group = entry.get("group")
    if isinstance(group, Mapping):
        emails = owner_emails(group)
        group = config.get("group") or group.get("name")
    else:
        group = config.get("group") or group
        emails = owners.get(group, ()) if group else ()
    version = entry.get("version")
    return Node(
        unique_id=entry["unique_id"],
        resource_type=entry["resource_type"],
        name=entry["name"],
        package_name=entry.get("package_name") or "",
        fqn=tuple(entry.get("fqn") or []),
        original_file_path=entry.get("original_file_path") or "",
        depends_on=tuple(_depends_on(entry, "nodes")),
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
        group_owner_emails=emails,
        tags=_tags(entry.get("tags")),
        columns=tuple(_parse_column(*column) for column in (entry.get("columns") or {}).items()),
        dagster_meta=_dagster_meta(entry),
        reads_graph=_reads_graph(entry, versions),
        raw_offset=place[0],
        raw_length=place[1],
        freshness=_freshness(entry),
    )


def parse_test(
    entry: Mapping[str, Any], versions: CodeVersions, *, place: tuple[int, int] = (0, 0)
) -> DbtTest:
    """Parses the entry of a test or unit test; leaves ``unit_test_inputs`` empty."""
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
        depends_on=tuple(dict.fromkeys(_depends_on(entry, "nodes"))),
        test_type="unit" if is_unit else (generic or "singular"),
        severity=str(config.get("severity") or "error").lower(),
        attached_node=entry.get("attached_node"),
        column_name=entry.get("column_name"),
        description=entry.get("description") or "",
        dagster_meta=_dagster_meta(entry),
        meta_description=meta.get("description"),
        reads_graph=False if is_unit else _reads_graph(entry, versions),
        raw_offset=place[0],
        raw_length=place[1],
        code_version=versions.test_version(_test_text(entry), config, _depends_on(entry, "macros")),
    )


def parse_macro(entry: Mapping[str, Any]) -> Macro:
    return Macro(sql=entry.get("macro_sql") or "", macro_ids=_depends_on(entry, "macros"))


def parse_code(entry: Mapping[str, Any]) -> NodeCode | None:
    """Parses the inputs of the code version; ``None`` unless a model, seed or snapshot."""
    if entry.get("resource_type") not in _WITH_CODE_VERSION:
        return None
    return NodeCode(
        code=entry.get("raw_code") or entry.get("raw_sql") or "",
        checksum=(entry.get("checksum") or {}).get("checksum") or "",
        config=entry.get("config") or {},
        relation_name=entry.get("relation_name"),
        macro_ids=_depends_on(entry, "macros"),
        parent_ids=_depends_on(entry, "nodes"),
    )


def owner_emails(group: Mapping[str, Any]) -> tuple[str, ...]:
    """The e-mail addresses of a group's owner."""
    email = (group.get("owner") or {}).get("email")
    if not email:
        return ()
    return (email,) if isinstance(email, str) else tuple(email)


def is_enabled(entry: Mapping[str, Any]) -> bool:
    """Whether the entry is enabled. dbt leaves the tests of disabled models in ``nodes``, disabled."""
    return (entry.get("config") or {}).get("enabled") is not False


def unit_test_inputs(
    entry: Mapping[str, Any], ids_by_name: Mapping[str, Iterable[str]]
) -> list[str]:
    """Unique ids of all nodes named in the unit test's ``given``: ``ref('a')``, ``source('s', 't')``."""
    found: dict[str, None] = {}
    for given in entry.get("given") or []:
        for name in _QUOTED.findall(str(given.get("input") or "")):
            found.update(dict.fromkeys(ids_by_name.get(name, [])))
    return list(found)


def _test_text(entry: Mapping[str, Any]) -> str:
    """The code and arguments of a test, or the rows of a unit test."""
    names = ("raw_code", "test_metadata", "column_name", "model", "given", "expect", "overrides")
    return json.dumps([entry.get(name) for name in names], sort_keys=True, default=str)


def _depends_on(entry: Mapping[str, Any], kind: str) -> list[str]:
    return (entry.get("depends_on") or {}).get(kind) or []


def _reads_graph(entry: Mapping[str, Any], versions: CodeVersions) -> bool:
    config = entry.get("config") or {}
    hooks = [*(config.get("pre-hook") or []), *(config.get("post-hook") or [])]
    texts = [str(hook.get("sql") if isinstance(hook, dict) else hook) for hook in hooks]
    return versions.reads_graph([entry.get("raw_code") or "", *texts], _depends_on(entry, "macros"))


def _parse_column(name: str, column: Mapping[str, Any]) -> Column:
    kinds = {c.get("type") for c in column.get("constraints") or [] if isinstance(c, dict)}
    return Column(
        name=column.get("name") or name,
        data_type=column.get("data_type"),
        description=column.get("description") or "",
        tags=_tags(column.get("tags")),
        not_null="not_null" in kinds,
        unique="unique" in kinds,
    )


def _freshness(entry: Mapping[str, Any]) -> str | None:
    """The ages at which dbt warns about a source or calls it stale; ``None`` if dbt does not check its freshness."""
    if entry["resource_type"] != "source":
        return None
    found = entry.get("freshness") or (entry.get("config") or {}).get("freshness") or {}
    limits = [
        f"{effect} after {limit['count']} {limit['period']}{'' if limit['count'] == 1 else 's'}"
        for key, effect in (("warn_after", "a warning"), ("error_after", "stale"))
        if (limit := found.get(key) or {}).get("count") is not None and limit.get("period")
    ]
    return ", ".join(limits) or None


def _default_materialized(entry: Mapping[str, Any]) -> str | None:
    """The default for seeds and snapshots, for which some engines write no ``materialized``."""
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


def _tags(value: Any) -> tuple[str, ...]:
    if value is None:
        return ()
    return (value,) if isinstance(value, str) else tuple(str(tag) for tag in value)
