"""One manifest entry as a read-only dict."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from dbt_component.manifest.dbt_test import DbtTest
from dbt_component.manifest.node import Node

_INDEXED = frozenset(
    {"unique_id", "resource_type", "name", "package_name", "fqn", "original_file_path"}
)
_INDEXED_OF_NODES = _INDEXED | {"tags", "description"}


class NodeProps(Mapping[str, Any]):
    """A manifest entry as dbt wrote it, loaded on first access to a field that the index lacks.

    Behaves like the read-only dict that templates and subclasses expect: ``node["config"]``,
    ``node.config`` in Jinja, ``node.get("meta")``, ``node | {"name": "other"}``.

    Args:
        node: The parsed fields.
        load: Returns the complete entry; called at most once.
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
        if self._raw is None and self._is_indexed(key):
            value = getattr(self.node, key)
            # A list, as dbt wrote it: templates and subclasses may concatenate lists.
            return list(value) if isinstance(value, tuple) else value
        return self.raw[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self.raw)

    def __len__(self) -> int:
        return len(self.raw)

    def __contains__(self, key: object) -> bool:
        return (self._raw is None and self._is_indexed(key)) or key in self.raw

    def __or__(self, other: Mapping[str, Any]) -> dict[str, Any]:
        return {**self.raw, **other}

    def __ror__(self, other: Mapping[str, Any]) -> dict[str, Any]:
        return {**other, **self.raw}

    def copy(self) -> dict[str, Any]:
        """A shallow copy of the complete entry, as a dict."""
        return dict(self.raw)

    def _is_indexed(self, key: object) -> bool:
        return key in (_INDEXED_OF_NODES if isinstance(self.node, Node) else _INDEXED)

    def __repr__(self) -> str:
        return f"NodeProps({self.node.unique_id!r})"
