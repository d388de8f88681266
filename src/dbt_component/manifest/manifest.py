"""Raw manifest entries, fetched one by one and only when a field outside the index is asked for."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from dbt_component.manifest.dbt_test import DbtTest
from dbt_component.manifest.index import ManifestIndex
from dbt_component.manifest.node import Node
from dbt_component.manifest.origin import Origin
from dbt_component.manifest.parse import decode_raw_entry

ReadRange = Callable[[int, int], bytes]
"""(offset, length) within the raw-node section -> bytes."""

_SECTION_OF = {
    "source": "sources",
    "exposure": "exposures",
    "metric": "metrics",
    "semantic_model": "semantic_models",
    "saved_query": "saved_queries",
    "function": "functions",
    "unit_test": "unit_tests",
}
_INDEXED = frozenset(
    {
        "unique_id",
        "resource_type",
        "name",
        "package_name",
        "fqn",
        "original_file_path",
        "tags",
        "description",
    }
)


class NodeProps(Mapping[str, Any]):
    """A manifest entry as dbt wrote it, read from the state on the first field the index lacks.

    Behaves as the read-only dict that templates and subclasses expect: ``node["config"]``,
    ``node.config`` in Jinja, ``node.get("meta")``.
    """

    __slots__ = ("_load", "_raw", "node")

    def __init__(self, node: Node | DbtTest, load: Callable[[], Mapping[str, Any]]) -> None:
        self.node = node
        self._load = load
        self._raw: Mapping[str, Any] | None = None

    @property
    def raw(self) -> Mapping[str, Any]:
        if self._raw is None:
            self._raw = self._load()
        return self._raw

    def __getitem__(self, key: str) -> Any:
        if key in _INDEXED and self._raw is None:
            value = getattr(self.node, key)
            # As dbt wrote it: templates and subclasses may add lists to lists.
            return list(value) if isinstance(value, tuple) else value
        return self.raw[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self.raw)

    def __len__(self) -> int:
        return len(self.raw)

    def __contains__(self, key: object) -> bool:
        return key in _INDEXED or key in self.raw

    def __repr__(self) -> str:
        return f"NodeProps({self.node.unique_id!r})"


class RawNodes:
    """Lazy access to every entry of a manifest by unique id. Entries read are kept."""

    def __init__(self, index: ManifestIndex, read_range: ReadRange) -> None:
        self._index = index
        self._read_range = read_range
        self._props: dict[str, NodeProps] = {}

    def props(self, unique_id: str) -> NodeProps:
        """The entry of ``unique_id``. Raises KeyError if the project has no such node."""
        found = self._props.get(unique_id)
        if found is None:
            node = self._index.node_by_id.get(unique_id) or self._index.test_by_id[unique_id]
            found = NodeProps(node, lambda: self._read(node))
            self._props[unique_id] = found
        return found

    def _read(self, node: Node | DbtTest) -> Mapping[str, Any]:
        return decode_raw_entry(self._read_range(node.raw_offset, node.raw_length))


class _Section(Mapping[str, NodeProps]):
    def __init__(self, raw_nodes: RawNodes, ids: list[str]) -> None:
        self._raw_nodes = raw_nodes
        self._ids = dict.fromkeys(ids)

    def __getitem__(self, key: str) -> NodeProps:
        if key not in self._ids:
            raise KeyError(key)
        return self._raw_nodes.props(key)

    def __iter__(self) -> Iterator[str]:
        return iter(self._ids)

    def __len__(self) -> int:
        return len(self._ids)


class Manifest(Mapping[str, Any]):
    """manifest.json as a mapping whose node sections are read entry by entry.

    Sections that hold no nodes (``macros``, ``docs``, ``child_map``…) cost reading all of
    manifest.json from the state, once.
    """

    def __init__(
        self,
        index: ManifestIndex,
        raw_nodes: RawNodes,
        load_all: Callable[[], Mapping[str, Any]],
        *,
        origin: Origin | None = None,
    ) -> None:
        self.origin = origin
        self.index = index
        self.raw_nodes = raw_nodes
        self._load_all = load_all
        self._all: Mapping[str, Any] | None = None
        self._sections: dict[str, _Section] | None = None

    def _node_sections(self) -> dict[str, _Section]:
        if self._sections is None:
            ids: dict[str, list[str]] = {"nodes": [], "sources": [], "unit_tests": []}
            entries: list[Node | DbtTest] = [*self.index.nodes, *self.index.tests]
            for node in entries:
                ids.setdefault(_SECTION_OF.get(node.resource_type, "nodes"), []).append(
                    node.unique_id
                )
            self._sections = {name: _Section(self.raw_nodes, found) for name, found in ids.items()}
        return self._sections

    def __getitem__(self, key: str) -> Any:
        section = self._node_sections().get(key)
        return section if section is not None else self.everything()[key]

    def everything(self) -> Mapping[str, Any]:
        if self._all is None:
            self._all = self._load_all()
        return self._all

    def __iter__(self) -> Iterator[str]:
        return iter(self.everything())

    def __len__(self) -> int:
        return len(self.everything())
