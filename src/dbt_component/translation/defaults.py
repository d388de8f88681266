"""Default rules from a node to asset attributes, as plain values.

The same rules as dagster-dbt's, so that keys and tags stay when a user moves over; where they differ,
docs/moving-from-dagster-dbt.md says how and why.
"""

import re

from dbt_component.manifest.node import Node

_TAG_KEY = re.compile(r"^([A-Za-z0-9_.-]{1,63}/)?[A-Za-z0-9_.-]{1,63}$")
MAX_DESCRIPTION_SQL_CHARACTERS = 10_000
"""Longer code is cut in descriptions: each is part of the workspace snapshot Dagster sends around."""


def asset_key(node: Node) -> list[str]:
    """Key parts: ``meta.dagster.asset_key``, else source and name, versioned alias, schema and name."""
    configured = node.dagster_meta.get("asset_key")
    if configured:
        return [str(part) for part in ([configured] if isinstance(configured, str) else configured)]
    if node.is_source:
        return [node.source_name or "", node.name]
    if node.version is not None:
        return [node.alias or node.name]
    if node.config_schema is not None:
        return [node.config_schema, node.name]
    return [node.name]


def group_name(node: Node) -> str | None:
    """``meta.dagster.group``, else the dbt group."""
    return node.dagster_meta.get("group") or node.group


def owners(node: Node) -> list[str] | None:
    """``meta.dagster.owners``, else the e-mail of the dbt group's owner."""
    configured = node.dagster_meta.get("owners")
    if configured:
        return [configured] if isinstance(configured, str) else list(configured)
    return list(node.group_owner_emails) or None


def is_valid_tag(tag: str) -> bool:
    """Whether Dagster takes a dbt tag as a tag key."""
    return bool(_TAG_KEY.match(tag))


def tags(node: Node) -> dict[str, str]:
    """The tags of dbt with an empty value; those that Dagster's syntax forbids are left out."""
    return {tag: "" for tag in node.tags if is_valid_tag(tag)}


def description(node: Node) -> str:
    """The node's description, or ``dbt <type> <name>``, and its SQL where it has some."""
    text = node.description or f"dbt {node.resource_type} {node.name}"
    if not node.code.strip():
        return text
    code = node.code
    if len(code) > MAX_DESCRIPTION_SQL_CHARACTERS:
        code = code[:MAX_DESCRIPTION_SQL_CHARACTERS] + "\n-- (cut)"
    return f"{text}\n\n#### Raw SQL:\n```sql\n{_indented(code)}\n```"


def _indented(code: str) -> str:
    """As ``textwrap.indent`` by four, which costs a call for each line of the project."""
    return "\n".join(f"    {line}" if line.strip() else line for line in code.split("\n"))


def table_name(node: Node) -> str | None:
    """``database.schema.name`` as the database knows it; a source's identifier counts."""
    name = (node.identifier or node.name) if node.is_source else (node.alias or node.name)
    parts = [part for part in (node.database, node.schema, name) if part]
    return ".".join(parts) or None
