"""The compact index of a manifest, which loading definitions reads instead of manifest.json."""

from functools import cached_property

import msgspec

from dbt_component.errors import StateFormatError, UnknownNodeError
from dbt_component.manifest.dbt_test import DbtTest
from dbt_component.manifest.node import Node


class ManifestIndex(msgspec.Struct, frozen=True, dict=True):
    """All nodes and tests of a project.

    ``nodes`` are in topological order (a node comes after everything it depends on), ties in the
    manifest's order; ``tests`` are ordered by unique id. ``graph_reading_macros`` are the project's
    and its packages' macros whose text mentions dbt's ``graph`` variable.
    """

    project_name: str
    project_id: str | None
    adapter_type: str
    dbt_version: str
    nodes: list[Node]
    tests: list[DbtTest]
    graph_reading_macros: list[str] = []

    @cached_property
    def node_by_id(self) -> dict[str, Node]:
        return {node.unique_id: node for node in self.nodes}

    @cached_property
    def test_by_id(self) -> dict[str, DbtTest]:
        return {test.unique_id: test for test in self.tests}

    @cached_property
    def positions(self) -> dict[str, int]:
        """The position of each node in topological order, then of each test."""
        entries: list[Node | DbtTest] = [*self.nodes, *self.tests]
        return {entry.unique_id: position for position, entry in enumerate(entries)}

    @cached_property
    def all_ids(self) -> frozenset[str]:
        """Unique ids of all nodes and tests."""
        return frozenset(self.node_by_id) | frozenset(self.test_by_id)

    @cached_property
    def graph_readers(self) -> frozenset[str]:
        """Nodes, hooks and tests whose code mentions dbt's ``graph`` variable."""
        entries: list[Node | DbtTest] = [*self.nodes, *self.tests]
        return frozenset(entry.unique_id for entry in entries if entry.reads_graph)

    @cached_property
    def _nodes_by_name(self) -> dict[str, list[Node]]:
        found: dict[str, list[Node]] = {}
        for node in self.nodes:
            found.setdefault(node.name, []).append(node)
        return found

    @cached_property
    def _upstream_assets(self) -> dict[str, list[Node]]:
        return {}

    def upstream_assets(self, node: Node) -> list[Node]:
        """The nearest models, seeds, snapshots and sources upstream of a node.

        Looks through ephemeral models, metrics, semantic models, saved queries and functions. In the
        manifest's order, without duplicates; cached for nodes of this index.
        """
        is_own = self.node_by_id.get(node.unique_id) is node
        known = self._upstream_assets.get(node.unique_id) if is_own else None
        if known is not None:
            return known
        found: dict[str, Node] = {}
        seen: set[str] = set()
        waiting = list(reversed(node.depends_on))
        while waiting:
            unique_id = waiting.pop()
            if unique_id in seen:
                continue
            seen.add(unique_id)
            parent = self.node_by_id.get(unique_id)
            if parent is None:
                continue
            if parent.is_asset or parent.is_source:
                found[unique_id] = parent
            else:
                waiting.extend(reversed(parent.depends_on))
        upstream = list(found.values())
        if is_own:
            self._upstream_assets[node.unique_id] = upstream
        return upstream

    def used_by(self, node: Node) -> list[Node]:
        """The nearest assets, sources and uses upstream of a use, such as the metrics of an exposure.

        Looks through ephemeral models and functions. In the manifest's order, without duplicates.
        """
        found: dict[str, Node] = {}
        seen: set[str] = set()
        waiting = list(reversed(node.depends_on))
        while waiting:
            unique_id = waiting.pop()
            parent = self.node_by_id.get(unique_id)
            if unique_id in seen or parent is None:
                continue
            seen.add(unique_id)
            if parent.is_asset or parent.is_source or parent.is_use:
                found[unique_id] = parent
            else:
                waiting.extend(reversed(parent.depends_on))
        return list(found.values())

    def nearest_assets(self, unique_id: str) -> list[Node]:
        """The node itself if it is an asset or a source, else ``upstream_assets``; empty if unknown."""
        node = self.node_by_id.get(unique_id)
        if node is None:
            return []
        return [node] if node.is_asset or node.is_source else self.upstream_assets(node)

    def named(self, name: str) -> list[Node]:
        """All nodes of that name, in topological order."""
        return self._nodes_by_name.get(name, [])

    def find_asset_node(self, name: str) -> Node:
        """Returns the one asset node called ``name``.

        ``name`` is a node name, ``package.name``, ``name.v2`` for a version, or a unique id. A plain
        name prefers the root project over packages.

        Raises:
            UnknownNodeError: No node has that name, or several do (the message lists them).
        """
        exact = self.node_by_id.get(name)
        if exact is not None and exact.is_asset:
            return exact
        candidates = [n for n in self._nodes_by_name.get(name, []) if n.is_asset]
        if not candidates and "." in name:
            head, _, tail = name.partition(".")
            candidates = [
                n
                for n in self._nodes_by_name.get(tail, [])
                if n.is_asset and n.package_name == head
            ] or [
                n
                for n in self._nodes_by_name.get(head, [])
                if n.is_asset and tail in (n.version, f"v{n.version}")
            ]
        own = [n for n in candidates if n.package_name == self.project_name]
        candidates = own or candidates
        if len(candidates) == 1:
            return candidates[0]
        if candidates:
            ids = ", ".join(sorted(n.unique_id for n in candidates))
            raise UnknownNodeError(
                f"{name!r} matches several nodes: {ids}.",
                hint="Write the unique id, `package.name`, or `name.v2` for a version.",
            )
        from difflib import get_close_matches

        known = [n.name for n in self.nodes if n.is_asset]
        close = get_close_matches(name, known, n=3)
        raise UnknownNodeError(
            f"No model, seed or snapshot called {name!r} in dbt project {self.project_name!r}.",
            hint=f"Did you mean {', '.join(map(repr, close))}?" if close else None,
        )

    def encode(self) -> bytes:
        return msgspec.msgpack.encode(self)


_decoder = msgspec.msgpack.Decoder(ManifestIndex)


def decode_index(data: bytes) -> ManifestIndex:
    """Decodes the output of ``ManifestIndex.encode``. Takes about 5 µs per node.

    Raises:
        StateFormatError: The bytes are not an index of this format.
    """
    try:
        return _decoder.decode(data)
    except msgspec.DecodeError as error:
        raise StateFormatError(
            f"The node index in the state can't be read: {error}.",
            hint="Rebuild the state with `dg utils refresh-defs-state`.",
        ) from error
