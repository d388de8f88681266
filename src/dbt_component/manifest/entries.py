"""Provides the complete entries of a manifest, from a state or from a manifest in memory."""

from collections.abc import Callable, Mapping
from typing import Any, Protocol

from dbt_component.manifest.dbt_test import DbtTest
from dbt_component.manifest.node import Node
from dbt_component.manifest.packed_entries import unpack_entry
from dbt_component.manifest.parse import decode_manifest, section_of

ReadRange = Callable[[int, int], bytes]
"""(offset, length) within the raw-node section -> bytes."""


class ManifestEntries(Protocol):
    """Access to the parts of a manifest that its index does not contain."""

    def entry(self, node: Node | DbtTest) -> Mapping[str, Any]:
        """The complete entry of one node or test."""
        ...

    def everything(self) -> Mapping[str, Any]:
        """All of manifest.json."""
        ...


class StoredEntries:
    """Entries in a state, read one at a time; ``everything`` decodes the complete manifest, once.

    Args:
        read_range: Reads from the raw-node section.
        read_all: Reads manifest.json.
    """

    def __init__(self, read_range: ReadRange, read_all: Callable[[], bytes]) -> None:
        self._read_range = read_range
        self._read_all = read_all
        self._everything: Mapping[str, Any] | None = None

    def entry(self, node: Node | DbtTest) -> Mapping[str, Any]:
        return unpack_entry(self._read_range(node.raw_offset, node.raw_length))

    def everything(self) -> Mapping[str, Any]:
        if self._everything is None:
            self._everything = decode_manifest(self._read_all())
        return self._everything


class MappingEntries:
    """Entries of a decoded manifest in memory."""

    def __init__(self, manifest: Mapping[str, Any]) -> None:
        self._manifest = manifest

    def entry(self, node: Node | DbtTest) -> Mapping[str, Any]:
        entry: Mapping[str, Any] = self._manifest[section_of(node.resource_type)][node.unique_id]
        return entry

    def everything(self) -> Mapping[str, Any]:
        return self._manifest
