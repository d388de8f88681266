"""Which nodes of a project dbt's selector methods match, worked out from the index by dbt's own rules."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from fnmatch import fnmatchcase
from functools import cached_property
from pathlib import PurePosixPath

from dbt_component.manifest.dbt_test import DbtTest
from dbt_component.manifest.index import ManifestIndex
from dbt_component.manifest.node import Node

Entry = Node | DbtTest


class NodeMatching:
    """The unique ids that a value of a selector method matches, for the methods that name nodes.

    The rules are those of dbt-core 1.6 to 1.11, which agree for values with at most ``?`` as wildcard and at least one
    dot. A look-up costs as much as its result, except for values with wildcards, which look at every node.

    Args:
        index: The project.

    See: https://docs.getdbt.com/reference/node-selection/methods
    """

    def __init__(self, index: ManifestIndex) -> None:
        self._index = index
        self._entries: list[Entry] = [
            *(node for node in index.nodes if not node.is_source),
            *index.tests,
        ]

    def by_fqn(self, value: str) -> frozenset[str]:
        """``fqn:``: nodes other than sources with this name, and all below a folder of this name."""
        parts = tuple(value.split("."))
        if any("?" in part for part in parts):
            return frozenset(
                entry.unique_id for entry in self._entries if _matches_pattern(entry, parts)
            )
        found = self._by_prefix.get(parts, frozenset()) | self._by_leaf.get(value, frozenset())
        return frozenset(found | self._by_version.get("_".join(parts[-2:]), frozenset()))

    def by_resource_type(self, value: str) -> frozenset[str]:
        """``resource_type:``."""
        return self._ids(entry for entry in self._all if entry.resource_type == value)

    def by_package(self, value: str) -> frozenset[str]:
        """``package:``."""
        return self._ids(entry for entry in self._all if fnmatchcase(entry.package_name, value))

    def by_file(self, value: str) -> frozenset[str]:
        """``file:``: by the name of the file, with or without its extension."""
        if "?" not in value:
            return frozenset(self._by_file.get(value, ()))
        found = (ids for name, ids in self._by_file.items() if fnmatchcase(name, value))
        return frozenset[str]().union(*found)

    def by_test_name(self, value: str) -> frozenset[str]:
        """``test_name:``: generic tests of a kind, such as ``unique``, and unit tests of this name."""
        return self._ids(
            test
            for test in self._index.tests
            if fnmatchcase(test.name if test.is_unit_test else test.test_type, value)
        )

    def by_unit_test(self, package: str, name: str) -> frozenset[str]:
        """``unit_test:package.name``."""
        return self._ids(
            test
            for test in self._index.tests
            if test.is_unit_test
            and fnmatchcase(test.package_name, package)
            and fnmatchcase(test.name, name)
        )

    def by_source(self, package: str, source: str, table: str) -> frozenset[str]:
        """``source:package.source.table``."""
        return self._ids(
            node
            for node in self._index.nodes
            if node.is_source
            and fnmatchcase(node.package_name, package)
            and fnmatchcase(node.source_name or "", source)
            and fnmatchcase(node.name, table)
        )

    def with_children(self, unique_ids: frozenset[str]) -> frozenset[str]:
        """``+1`` after a term that matches these."""
        children = (self._children.get(unique_id, ()) for unique_id in unique_ids)
        return unique_ids.union(*children)

    @property
    def _all(self) -> Iterator[Entry]:
        yield from self._index.nodes
        yield from self._index.tests

    @staticmethod
    def _ids(entries: Iterable[Entry]) -> frozenset[str]:
        return frozenset(entry.unique_id for entry in entries)

    @cached_property
    def _by_prefix(self) -> dict[tuple[str, ...], set[str]]:
        """By all beginnings of the fqn, with and without the package; a dot in a name counts as one in the fqn."""
        found: dict[tuple[str, ...], set[str]] = defaultdict(set)
        for entry in self._entries:
            for flat in _flat_fqns(entry):
                for length in range(1, len(flat) + 1):
                    found[flat[:length]].add(entry.unique_id)
        return dict(found)

    @cached_property
    def _by_leaf(self) -> dict[str, set[str]]:
        found: dict[str, set[str]] = defaultdict(set)
        for entry in self._entries:
            found[_leaf(entry)].add(entry.unique_id)
        return dict(found)

    @cached_property
    def _by_file(self) -> dict[str, set[str]]:
        """By the name of the file, and by that without its extension."""
        found: dict[str, set[str]] = defaultdict(set)
        for entry in self._all:
            path = PurePosixPath(entry.original_file_path)
            for name in (path.name, path.stem):
                found[name].add(entry.unique_id)
        return dict(found)

    @cached_property
    def _by_version(self) -> dict[str, set[str]]:
        """By ``name_v2``, which dbt compares with the last two parts of a value."""
        found: dict[str, set[str]] = defaultdict(set)
        for entry in self._entries:
            if _is_versioned(entry):
                found["_".join(entry.fqn[-2:])].add(entry.unique_id)
        return dict(found)

    @cached_property
    def _children(self) -> dict[str, list[str]]:
        found: dict[str, list[str]] = defaultdict(list)
        for entry in self._all:
            for parent in entry.depends_on:
                found[parent].append(entry.unique_id)
        return dict(found)


def _flat_fqns(entry: Entry) -> Iterator[tuple[str, ...]]:
    for fqn in (entry.fqn, entry.fqn[1:]):
        yield tuple(part for segment in fqn for part in segment.split("."))


def _is_versioned(entry: Entry) -> bool:
    return isinstance(entry, Node) and entry.resource_type == "model" and entry.version is not None


def _leaf(entry: Entry) -> str:
    return entry.fqn[-2] if _is_versioned(entry) else entry.fqn[-1]


def _matches_pattern(entry: Entry, parts: tuple[str, ...]) -> bool:
    """Whether a value with ``?`` matches: from the first part that has one, dbt compares what is left as a whole."""
    first = next(number for number, part in enumerate(parts) if "?" in part)
    return any(
        len(flat) >= len(parts)
        and flat[:first] == parts[:first]
        and fnmatchcase(".".join(flat[first:]), ".".join(parts[first:]))
        for flat in _flat_fqns(entry)
    )
