"""Removes from a manifest.json what differs between two parses of the same project: times, ids of the run, and order."""

from collections.abc import Mapping
from typing import Any

_OF_THE_RUN = frozenset(
    {"generated_at", "invocation_id", "invocation_started_at", "run_started_at", "user_id"}
)
_SECTIONS_OF_LISTS = frozenset({"child_map", "parent_map", "group_map"})
NO_TIME = "1970-01-01T00:00:00Z"


def without_times(manifest: Mapping[str, Any]) -> dict[str, Any]:
    """A manifest that depends on the project's contents alone.

    dbt lists nodes in the order in which the file system lists their files. Here they are sorted by unique id.
    """
    return {
        name: metadata_without_times(section) if name == "metadata" else _section(name, section)
        for name, section in manifest.items()
    }


def without_places(manifest: Mapping[str, Any]) -> dict[str, Any]:
    """A manifest that does not depend on where dbt ran: without the ``root_path`` of seeds, and ``env`` of the metadata.

    For a manifest from elsewhere, such as the dbt platform, where each run has a folder of its own, and its id in ``env``.

    See: https://docs.getdbt.com/reference/artifacts/dbt-artifacts
    """
    nodes = {
        unique_id: {**entry, "root_path": ""} if entry.get("root_path") else entry
        for unique_id, entry in manifest.get("nodes", {}).items()
    }
    metadata = manifest.get("metadata", {})
    return {
        **manifest,
        "metadata": {**metadata, "env": {}} if "env" in metadata else metadata,
        "nodes": nodes,
    }


def metadata_without_times(metadata: Mapping[str, Any]) -> dict[str, Any]:
    """The `metadata` of a manifest without what tells one run from another; dbt's parse cache has the same."""
    return {
        name: (NO_TIME if name == "generated_at" else None) if name in _OF_THE_RUN else value
        for name, value in metadata.items()
    }


def _section(name: str, section: Any) -> Any:
    if not isinstance(section, Mapping):
        return section
    if name in _SECTIONS_OF_LISTS:
        return {key: sorted(section[key]) for key in sorted(section)}
    return {key: _entry(section[key]) for key in sorted(section)}


def _entry(entry: Any) -> Any:
    if isinstance(entry, list):  # of `disabled`
        return [_entry(one) for one in entry]
    if isinstance(entry, Mapping) and "created_at" in entry:
        return {**entry, "created_at": 0.0}
    return entry
