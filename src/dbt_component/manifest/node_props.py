"""One manifest entry as a dict that is loaded on demand."""

import copy
from collections.abc import Callable, ItemsView, Iterator, KeysView, Mapping, ValuesView
from contextlib import suppress
from typing import Any

import msgspec

from dbt_component.manifest.dbt_test import DbtTest
from dbt_component.manifest.node import Node
from dbt_component.manifest.parse import parse_entry

_INDEXED = frozenset(
    {"unique_id", "resource_type", "name", "package_name", "fqn", "original_file_path"}
)
_INDEXED_OF_NODES = _INDEXED | {"tags", "description"}


class NodeProps(dict[str, Any]):
    """A manifest entry as dbt wrote it, loaded on first access to a field that the index lacks.

    A dict, as subclasses and templates expect: ``node["config"]``, ``node.config`` in Jinja,
    ``json.dumps(node)``, ``node | {"name": "other"}``. Keys may be set and removed; ``node`` follows. A
    change *within* a value, such as appending to the list of tags, does not change ``node``.

    C code that reads a dict's memory instead of calling its methods, such as orjson, must be given
    ``dict(node)``.

    Args:
        node: The parsed fields.
        load: Returns the complete entry; called at most once.
    """

    __slots__ = ("_load", "_parsed", "node")

    node: Node | DbtTest
    """The parsed fields. After a key was changed, those that other entries determine are kept."""

    def __init__(self, node: Node | DbtTest, load: Callable[[], Mapping[str, Any]]) -> None:
        # Never empty: some C code treats an empty dict specially without asking for its length.
        dict.__setitem__(self, "unique_id", node.unique_id)
        self._parsed = self.node = node
        self._load: Callable[[], Mapping[str, Any]] | None = load

    def __getattr__(self, name: str) -> Any:
        if name != "node":
            raise AttributeError(name)
        # A changed key has removed it. Reading an attribute is faster than reading a property.
        self.node = parse_changed(self, self._parsed)
        return self.node

    def _complete(self) -> None:
        if self._load is not None:
            entry = self._load()
            self._load = None
            super().update(entry)

    def _change(self) -> None:
        self._complete()
        with suppress(AttributeError):  # removed by an earlier change
            del self.node

    def __missing__(self, key: str) -> Any:
        if self._load is not None:
            if self._is_indexed(key):
                value = getattr(self._parsed, key)
                # A list, as dbt wrote it: templates and subclasses may concatenate lists.
                return list(value) if isinstance(value, tuple) else value
            self._complete()
            if super().__contains__(key):
                return self[key]
        raise KeyError(key)

    def _is_indexed(self, key: object) -> bool:
        return key in (_INDEXED_OF_NODES if isinstance(self._parsed, Node) else _INDEXED)

    def get(self, key: str, default: Any = None) -> Any:
        try:
            return self[key]
        except KeyError:
            return default

    def __contains__(self, key: object) -> bool:
        if self._load is not None:
            if self._is_indexed(key):
                return True
            self._complete()
        return super().__contains__(key)

    def __iter__(self) -> Iterator[str]:
        self._complete()
        return super().__iter__()

    def __reversed__(self) -> Iterator[str]:
        self._complete()
        return super().__reversed__()

    def __len__(self) -> int:
        self._complete()
        return super().__len__()

    def keys(self) -> KeysView[str]:  # type: ignore[override]
        self._complete()
        return super().keys()

    def values(self) -> ValuesView[Any]:  # type: ignore[override]
        self._complete()
        return super().values()

    def items(self) -> ItemsView[str, Any]:  # type: ignore[override]
        self._complete()
        return super().items()

    def __eq__(self, other: object) -> bool:
        self._complete()
        if isinstance(other, NodeProps):
            other._complete()
        return super().__eq__(other)

    def __ne__(self, other: object) -> bool:
        return not self == other

    __hash__ = None

    def __setitem__(self, key: str, value: Any) -> None:
        self._change()
        super().__setitem__(key, value)

    def __delitem__(self, key: str) -> None:
        self._change()
        super().__delitem__(key)

    def pop(self, *args: Any) -> Any:
        self._change()
        return super().pop(*args)

    def popitem(self) -> tuple[str, Any]:
        self._change()
        return super().popitem()

    def clear(self) -> None:
        self._change()
        super().clear()

    def setdefault(self, key: str, default: Any = None) -> Any:
        self._change()
        return super().setdefault(key, default)

    def update(self, *args: Any, **values: Any) -> None:
        self._change()
        super().update(*args, **values)

    def __ior__(self, other: Any) -> "NodeProps":  # type: ignore[override]
        self.update(other)
        return self

    def __or__(self, other: Any) -> dict[str, Any]:  # type: ignore[override]
        return {**self, **other} if isinstance(other, Mapping) else NotImplemented

    def __ror__(self, other: Any) -> dict[str, Any]:  # type: ignore[override]
        return {**other, **self} if isinstance(other, Mapping) else NotImplemented

    def copy(self) -> dict[str, Any]:
        """A shallow copy of the complete entry, as a plain dict."""
        return dict(self)

    __copy__ = copy

    def __deepcopy__(self, memo: dict[int, Any]) -> dict[str, Any]:
        return copy.deepcopy(dict(self), memo)

    def __reduce__(self) -> tuple[Any, ...]:
        return dict, (dict(self),)

    def __repr__(self) -> str:
        return f"NodeProps({self._parsed.unique_id!r})"


def parse_changed(entry: Mapping[str, Any], before: Node | DbtTest) -> Node | DbtTest:
    """Parses a changed entry; what other entries determine is as before, such as the code version.

    Raises:
        KeyError: The mapping lacks a key that every entry has, such as ``name``.
    """
    after = parse_entry(entry)
    if isinstance(after, Node) and isinstance(before, Node):
        emails = after.group_owner_emails
        if not emails and after.group == before.group:
            emails = before.group_owner_emails
        return msgspec.structs.replace(
            after,
            code_version=before.code_version,
            reads_graph=before.reads_graph,
            group_owner_emails=emails,
        )
    if isinstance(after, DbtTest) and isinstance(before, DbtTest):
        return msgspec.structs.replace(
            after, unit_test_inputs=before.unit_test_inputs, reads_graph=before.reads_graph
        )
    return after
