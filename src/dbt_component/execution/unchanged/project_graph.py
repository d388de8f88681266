"""The graph of a selection, from the index of the project and the specs of the definitions."""

from collections.abc import Iterable, Mapping, Set

import dagster as dg

from dbt_component.execution.unchanged.step_graph import (
    GraphNode,
    GraphTest,
    Kind,
    StepGraph,
    check_text,
)
from dbt_component.manifest.manifest import Manifest
from dbt_component.manifest.node import Node

_KINDS = {"table": Kind.TABLE, "view": Kind.VIEW}
_LARGE_SEED_CHECKSUM = "path"


class ProjectGraph:
    """Makes graphs of parts of one project.

    Args:
        manifest: The project.
        key_of: The asset keys of all nodes and sources that definitions know, by unique id.
        check_key_of: The keys of all checks, by the unique id of their tests.
    """

    def __init__(
        self,
        manifest: Manifest,
        key_of: Mapping[str, dg.AssetKey],
        check_key_of: Mapping[str, dg.AssetCheckKey],
    ) -> None:
        self._manifest = manifest
        self._index = manifest.index
        self._key_of = key_of
        self._check_key_of = check_key_of

    def of(self, specs: Mapping[str, dg.AssetSpec], tests: Iterable[str]) -> StepGraph:
        """The graph of selected nodes.

        Args:
            specs: The specs of the selected nodes, by unique id.
            tests: The unique ids of the selected tests.
        """
        checks: dict[str, list[str]] = {}
        for key in self._check_key_of.values():
            asset = key.asset_key.to_user_string()
            checks.setdefault(asset, []).append(check_text(asset, key.name))
        nodes = [
            self._selected(node, specs[node.unique_id], checks)
            for node in self._index.nodes
            if node.unique_id in specs
        ]
        graph_tests = [self._test(unique_id) for unique_id in sorted(tests)]
        read = {key for node in nodes for key in node.inputs}
        read.update(key for test in graph_tests for key in test.reads)
        return StepGraph(nodes, graph_tests, self._beyond(read, specs.keys()))

    def _selected(
        self, node: Node, spec: dg.AssetSpec, checks: Mapping[str, list[str]]
    ) -> GraphNode:
        key = spec.key.to_user_string()
        return GraphNode(
            key=key,
            unique_id=node.unique_id,
            kind=_kind_of(node),
            code_version=spec.code_version,
            inputs=tuple(dict.fromkeys(dep.asset_key.to_user_string() for dep in spec.deps)),
            checks=tuple(checks.get(key, ())),
            always=self._always(node, spec),
        )

    def _always(self, node: Node, spec: dg.AssetSpec) -> str | None:
        if spec.partitions_def is not None:
            return "partitioned assets always run"
        if node.resource_type == "snapshot":
            return "snapshots always run"
        if _kind_of(node) is Kind.OTHER:
            return f"models with materialization {node.materialized!r} always run"
        if node.reads_graph:
            return "its code reads dbt's `graph`, which contains the whole project"
        if node.resource_type == "seed" and self._is_large(node):
            return "dbt does not compare the content of seeds larger than 1 MiB"
        if self._calls_function(node):
            return "it depends on a function, whose code is not part of its code version"
        return None

    def _is_large(self, seed: Node) -> bool:
        checksum = self._manifest.props(seed.unique_id).get("checksum") or {}
        return bool(checksum.get("name") == _LARGE_SEED_CHECKSUM)

    def _calls_function(self, node: Node) -> bool:
        waiting, seen = list(node.depends_on), set[str]()
        while waiting:
            parent = self._index.node_by_id.get(waiting.pop())
            if parent is None or parent.unique_id in seen:
                continue
            seen.add(parent.unique_id)
            if parent.resource_type == "function":
                return True
            if parent.is_ephemeral:
                waiting.extend(parent.depends_on)
        return False

    def _test(self, unique_id: str) -> GraphTest:
        test = self._index.test_by_id[unique_id]
        check = self._check_key_of.get(unique_id)
        nearest = [
            node for parent in test.depends_on for node in self._index.nearest_assets(parent)
        ]
        return GraphTest(
            unique_id=unique_id,
            check=None
            if check is None
            else check_text(check.asset_key.to_user_string(), check.name),
            code_version="" if test.reads_graph else test.code_version,
            reads=tuple(dict.fromkeys(map(self._text_of, nearest))),
        )

    def _beyond(self, read: Set[str], selected: Set[str]) -> dict[str, GraphNode]:
        """The unselected nodes among ``read``, and those that are read through views among them."""
        by_key = {
            key.to_user_string(): unique_id
            for unique_id, key in self._key_of.items()
            if unique_id not in selected
        }
        found: dict[str, GraphNode] = {}
        waiting = sorted(read)
        while waiting:
            key = waiting.pop()
            node = self._index.node_by_id.get(by_key.get(key, ""))
            if key in found or node is None or not node.is_asset:
                continue
            inputs = tuple(dict.fromkeys(map(self._text_of, self._index.upstream_assets(node))))
            found[key] = GraphNode(
                key, node.unique_id, _kind_of(node), node.code_version, inputs=inputs
            )
            if found[key].kind is Kind.VIEW:
                waiting.extend(inputs)
        return found

    def _text_of(self, node: Node) -> str:
        key = self._key_of.get(node.unique_id)
        return node.unique_id if key is None else key.to_user_string()


def _kind_of(node: Node) -> Kind:
    if node.resource_type == "seed":
        return Kind.SEED
    if node.resource_type != "model":
        return Kind.OTHER
    return _KINDS.get(node.materialized or "", Kind.OTHER)
