"""A manifest that also gives the final specs of its nodes; it is passed to the spec methods.

The final spec of a node is the result of its methods and then of the YAML translation. Dependencies and
checks need the final keys of other nodes, so the methods get them from the manifest that they are passed.
"""

from collections import Counter
from collections.abc import Callable, Mapping
from functools import cached_property
from typing import Any

import dagster as dg
import msgspec

from dbt_component.definitions.spec_rules import SpecRules
from dbt_component.definitions.test_attachment import attached_node_of
from dbt_component.errors import DefinitionError
from dbt_component.manifest.dbt_test import DbtTest
from dbt_component.manifest.manifest import Manifest
from dbt_component.manifest.node import Node
from dbt_component.manifest.node_props import NodeProps, parse_changed
from dbt_component.manifest.read import read_manifest
from dbt_component.project.project import DbtProject


class ResolvingManifest(Manifest):
    """A manifest with spec rules applied. Each entry and each final spec is computed only once.

    Args:
        manifest: The project's own manifest.
        rules: The rules that turn nodes into specs.
        project: The project on disk, for code references.
    """

    has_dependencies = True
    """Whether default specs include dependencies."""

    def __init__(self, manifest: Manifest, rules: SpecRules, project: DbtProject | None) -> None:
        super().__init__(manifest.index, manifest.entries, origin=manifest.origin)
        self.own = manifest
        self.rules = rules
        self.project = project
        self._specs: dict[str, dg.AssetSpec] = {}
        self._in_progress: set[str] = set()
        self._self_dependencies: dict[str, dg.AssetKey] = {}

    def props(self, unique_id: str) -> NodeProps:
        """The entry of a node or test, as returned by ``get_resource_props`` of the methods."""
        found = self._props.get(unique_id)
        if found is None:
            given = self.rules.methods.get_resource_props(self.own, unique_id)
            found = given if isinstance(given, NodeProps) else self._altered(given, unique_id)
            self._props[unique_id] = found
        return found

    def node(self, unique_id: str) -> Node:
        """The parsed fields of a node's entry. Raises KeyError if there is no such node."""
        node = self.props(unique_id).node
        if isinstance(node, DbtTest):
            raise KeyError(unique_id)
        return node

    def test(self, unique_id: str) -> DbtTest:
        """The parsed fields of a test's entry, with the severity of the rules. Raises KeyError if there is no such test."""
        test = self.props(unique_id).node
        if isinstance(test, Node):
            raise KeyError(unique_id)
        severity = self.rules.tests.severities.get(unique_id)
        return test if severity is None else msgspec.structs.replace(test, severity=severity)

    def host_of(self, test: DbtTest) -> str | None:
        """The unique id of the node that a test checks, by the rules or by itself; ``None`` if there is none."""
        attached = self.rules.tests.attached.get(test.unique_id)
        return attached or attached_node_of(self.index, test)

    def parents_of(self, node: Node) -> list[Node]:
        """The nodes whose assets the asset of a node depends on; those of an exposure may be metrics."""
        return self.index.used_by(node) if node.is_use else self.index.upstream_assets(node)

    def final_spec(self, unique_id: str) -> dg.AssetSpec:
        """The spec of a node after all rules.

        Parents are built first, iteratively because graphs may be deep.

        Raises:
            DefinitionError: A node can't become an asset, or altered entries form a cycle.
        """
        found = self._specs.get(unique_id)
        if found is not None:
            return found
        for needed in self._unbuilt(unique_id):
            if needed not in self._specs:
                self._specs[needed] = self._build(needed)
        return self._specs[unique_id]

    @cached_property
    def shared_source_keys(self) -> frozenset[dg.AssetKey]:
        """The keys that several sources of the project have; empty if that is not allowed."""
        if not self.rules.settings.enable_duplicate_source_asset_keys:
            return frozenset()
        sources = (node for node in self.index.nodes if node.is_source)
        uses = Counter(self.final_spec(source.unique_id).key for source in sources)
        return frozenset(key for key, number in uses.items() if number > 1)

    def note_self_dependency(self, unique_id: str, key: dg.AssetKey) -> None:
        """Says which dependency of a spec is on the asset itself; it gets the final key when that is known."""
        self._self_dependencies[unique_id] = key

    def _build(self, unique_id: str) -> dg.AssetSpec:
        if unique_id in self._in_progress:
            raise DefinitionError(
                f"The spec of {unique_id} depends on itself.",
                hint="Check the `depends_on` that `get_resource_props` returns.",
            )
        self._in_progress.add(unique_id)
        try:
            spec = self.rules.methods.get_asset_spec(self, unique_id, self.project)
            if not isinstance(spec, dg.AssetSpec):
                raise DefinitionError(
                    f"`get_asset_spec` returned {spec!r} for {unique_id}.",
                    hint="Return an AssetSpec; leave nodes out with `select` and `exclude`.",
                )
            if self.rules.translation is not None:
                spec = self.rules.translation(spec, self.props(unique_id))
        finally:
            self._in_progress.discard(unique_id)
        own_key = self._self_dependencies.get(unique_id, spec.key)
        return spec if own_key == spec.key else _with_renamed_dependency(spec, own_key)

    def _unbuilt(self, unique_id: str) -> list[str]:
        """The node and its ancestors that have no spec yet, parents first."""
        ordered: list[str] = []
        seen: set[str] = set()
        stack: list[tuple[str, bool]] = [(unique_id, False)]
        while stack:
            current, is_expanded = stack.pop()
            if is_expanded:
                ordered.append(current)
            elif current not in seen and current not in self._specs:
                seen.add(current)
                stack.append((current, True))
                parents = self.parents_of(self.node(current))
                stack.extend((parent.unique_id, False) for parent in reversed(parents))
        return ordered

    def _altered(self, given: Mapping[str, Any], unique_id: str) -> NodeProps:
        """An entry that an override returned. Values that depend on other entries are kept."""
        try:
            node = parse_changed(given, self.own.props(unique_id).node)
        except (KeyError, TypeError, AttributeError) as error:
            raise DefinitionError(
                f"`get_resource_props` returned no manifest entry for {unique_id}: {error!r}.",
                hint="Return the entry from `super()`, or a copy of it with some values changed.",
            ) from error
        return NodeProps(node, lambda: given)


class _WithoutDependencies(ResolvingManifest):
    """Specs without dependencies: sufficient for their keys, and each costs only one spec."""

    has_dependencies = False

    def _unbuilt(self, unique_id: str) -> list[str]:
        return [unique_id]


class _Surroundings(ResolvingManifest):
    """The view for a single spec: the specs of other nodes come without dependencies."""

    def __init__(self, manifest: Manifest, rules: SpecRules, project: DbtProject | None) -> None:
        super().__init__(manifest, rules, project)
        self._others = _WithoutDependencies(manifest, rules, project)

    def final_spec(self, unique_id: str) -> dg.AssetSpec:
        return self._others.final_spec(unique_id)


def _with_renamed_dependency(spec: dg.AssetSpec, key: dg.AssetKey) -> dg.AssetSpec:
    """The spec, with its dependency on ``key`` on itself instead."""
    deps = [
        dep
        if dep.asset_key != key
        else dg.AssetDep(spec.key, partition_mapping=dep.partition_mapping, metadata=dep.metadata)
        for dep in spec.deps
    ]
    return spec.replace_attributes(deps=deps)


def resolving(
    manifest: Mapping[str, Any], rules: Callable[[], SpecRules], project: DbtProject | None
) -> ResolvingManifest:
    """The view to build one spec with: ``manifest`` itself if it is a view, else a new one.

    A new view serves one spec; the next one builds the parents' specs again.
    """
    if isinstance(manifest, ResolvingManifest):
        return manifest
    return _Surroundings(read_manifest(manifest), rules(), project)


def own_manifest(manifest: Mapping[str, Any]) -> Manifest:
    """The project's own manifest, given a view, a manifest, or the source of one."""
    return manifest.own if isinstance(manifest, ResolvingManifest) else read_manifest(manifest)
