"""A project's manifest: its index, and its complete entries loaded on demand."""

from collections.abc import Iterator, Mapping
from typing import Any

from dbt_component.manifest.dbt_test import DbtTest
from dbt_component.manifest.entries import ManifestEntries
from dbt_component.manifest.index import ManifestIndex
from dbt_component.manifest.node import Node
from dbt_component.manifest.node_props import NodeProps
from dbt_component.manifest.origin import Origin
from dbt_component.manifest.parse import section_of


class Manifest(Mapping[str, Any]):
    """manifest.json as a mapping whose node sections are read entry by entry.

    Node sections contain only enabled entries. Other sections (``macros``, ``docs``, ``child_map``…) come
    from the complete manifest; if it is in a state, the first access decodes all of it.

    Args:
        index: All nodes and tests.
        entries: Their complete entries.
        origin: The commit that the project was fetched at; ``None`` if it was not fetched from Git.
    """

    def __init__(
        self, index: ManifestIndex, entries: ManifestEntries, *, origin: Origin | None = None
    ) -> None:
        self.index = index
        self.entries = entries
        self.origin = origin
        self._props: dict[str, NodeProps] = {}
        self._sections: dict[str, _Section] | None = None

    def props(self, unique_id: str) -> NodeProps:
        """The entry of a node or test, cached. Raises KeyError if the project has none of that id."""
        found = self._props.get(unique_id)
        if found is None:
            node = self.index.node_by_id.get(unique_id) or self.index.test_by_id[unique_id]
            entries = self.entries
            found = NodeProps(node, lambda: entries.entry(node))
            self._props[unique_id] = found
        return found

    def _node_sections(self) -> "dict[str, _Section]":
        if self._sections is None:
            ids: dict[str, list[str]] = {"nodes": [], "sources": [], "unit_tests": []}
            entries: list[Node | DbtTest] = [*self.index.nodes, *self.index.tests]
            for node in entries:
                ids.setdefault(section_of(node.resource_type), []).append(node.unique_id)
            self._sections = {name: _Section(self, found) for name, found in ids.items()}
        return self._sections

    def __getitem__(self, key: str) -> Any:
        section = self._node_sections().get(key)
        return section if section is not None else self.entries.everything()[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self.entries.everything())

    def __len__(self) -> int:
        return len(self.entries.everything())

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.index.project_name!r}, {len(self.index.nodes)} nodes)"


class _Section(Mapping[str, NodeProps]):
    def __init__(self, manifest: Manifest, ids: list[str]) -> None:
        self._manifest = manifest
        self._ids = dict.fromkeys(ids)

    def __getitem__(self, key: str) -> NodeProps:
        if key not in self._ids:
            raise KeyError(key)
        return self._manifest.props(key)

    def __iter__(self) -> Iterator[str]:
        return iter(self._ids)

    def __len__(self) -> int:
        return len(self._ids)
