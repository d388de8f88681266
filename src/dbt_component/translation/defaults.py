"""Default rules that translate a node into asset attributes, as plain values.

They are dagster-dbt's rules, so that keys and tags survive a migration; docs/moving-from-dagster-dbt.md
lists the differences and the reasons.
"""

import re

from dbt_component.manifest.node import Node
from dbt_component.manifest.parse import section_of

_TAG_KEY = re.compile(r"^([A-Za-z0-9_.-]{1,63}/)?[A-Za-z0-9_.-]{1,63}$")
MAX_DESCRIPTION_SQL_CHARACTERS = 10_000
"""Longer code is truncated in descriptions, which are part of the workspace snapshot Dagster transfers."""


def asset_key(node: Node) -> list[str]:
    """Parts of the asset key.

    ``meta.dagster.asset_key`` if set; source and table name for a source; the section of the manifest and the
    name for an exposure and the like; the alias for a versioned model; else the configured schema, if any, and
    the name.
    """
    configured = node.dagster_meta.get("asset_key")
    if configured:
        return [str(part) for part in ([configured] if isinstance(configured, str) else configured)]
    if node.is_source:
        return [node.source_name or "", node.name]
    if node.is_use:
        return [section_of(node.resource_type), node.name]
    if node.version is not None:
        return [node.alias or node.name]
    if node.config_schema is not None:
        return [node.config_schema, node.name]
    return [node.name]


def group_name(node: Node) -> str | None:
    """``meta.dagster.group``, else the dbt group; ``None`` if neither."""
    return node.dagster_meta.get("group") or node.group


def group_name_or_folder(node: Node) -> str | None:
    """``group_name``, else the outermost folder of the node's file, from its fqn; ``None`` without a folder."""
    return group_name(node) or (node.fqn[1] if len(node.fqn) > 2 else None)


def owners(node: Node) -> list[str] | None:
    """``meta.dagster.owners``, else the e-mail addresses of the dbt group's owner; ``None`` if neither."""
    configured = node.dagster_meta.get("owners")
    if configured:
        return [configured] if isinstance(configured, str) else list(configured)
    return list(node.group_owner_emails) or None


def is_valid_tag(tag: str) -> bool:
    """Whether Dagster accepts a dbt tag as a tag key."""
    return bool(_TAG_KEY.match(tag))


def tags(node: Node) -> dict[str, str]:
    """dbt's tags as keys with empty values; tags that Dagster does not accept are left out."""
    return {tag: "" for tag in node.tags if is_valid_tag(tag)}


def description(node: Node) -> str:
    """The node's description, or ``dbt <type> <name>``, followed by its SQL if it has any."""
    text = node.description or f"dbt {node.resource_type} {node.name}"
    if not node.code.strip():
        return text
    code = node.code
    if len(code) > MAX_DESCRIPTION_SQL_CHARACTERS:
        code = code[:MAX_DESCRIPTION_SQL_CHARACTERS] + "\n-- (cut)"
    return f"{text}\n\n#### Raw SQL:\n```sql\n{_indented(code)}\n```"


def _indented(code: str) -> str:
    """Same as ``textwrap.indent`` by four spaces, without its function call for each line."""
    return "\n".join(f"    {line}" if line.strip() else line for line in code.split("\n"))


def table_name(node: Node) -> str | None:
    """``database.schema.name`` in the database, from the alias, or the identifier of a source.

    Parts that are not set are left out; ``None`` if none is set. Parts that dbt does not quote are in lower case,
    since databases compare these without regard to case: so two projects write one table in the same way.
    """
    name = (node.identifier or node.name) if node.is_source else (node.alias or node.name)
    parts = [part for part in (node.database, node.schema, name) if part]
    relation = node.relation_name or ""
    return ".".join(_folded(part, relation) for part in parts) or None


def _folded(part: str, relation: str) -> str:
    """A part of a table's name, in lower case if the relation contains it without quotes."""
    lower = part.lower()
    is_plain = lower != part and f".{part}." in f".{relation}."
    return lower if is_plain else part
