"""All specs of a selection, validated together."""

import re
from collections.abc import Iterable, Mapping, Set
from dataclasses import dataclass

import dagster as dg

from dbt_component.definitions.node_map import NodeMap
from dbt_component.definitions.test_attachment import attached_node_of
from dbt_component.definitions.translator import UNIQUE_ID_KEY, DagsterDbtTranslator
from dbt_component.errors import DefinitionError, DuplicateAssetKeyError
from dbt_component.manifest.dbt_test import DbtTest
from dbt_component.manifest.index import ManifestIndex
from dbt_component.manifest.manifest import Manifest
from dbt_component.manifest.node import Node
from dbt_component.project.project import DbtProject
from dbt_component.translation import defaults

_NOT_IN_CHECK_NAMES = re.compile(r"[^A-Za-z0-9_.]")
_OUTPUT_NAME = re.compile(r"[A-Za-z0-9_]+")


@dataclass(frozen=True)
class SelectedSpecs:
    """Asset specs and check specs in the project's topological order, and what each stands for.

    ``notes`` say, for people, what was left out or renamed and why.
    """

    asset_specs: list[dg.AssetSpec]
    check_specs: list[dg.AssetCheckSpec]
    node_map: NodeMap
    notes: list[str]


def build_specs(
    manifest: Manifest,
    translator: DagsterDbtTranslator,
    *,
    selected_ids: Set[str],
    project: DbtProject | None,
) -> SelectedSpecs:
    """Builds the specs of all selected models, seeds and snapshots, and the checks on them.

    Linear in the nodes and edges of the selection.

    Args:
        manifest: The project's manifest.
        translator: Maps one node.
        selected_ids: dbt's selection, tests included.
        project: The project on disk, for code references.

    Raises:
        DuplicateAssetKeyError: Several nodes claim one asset key or output name; all are listed.
        DefinitionError: A node can't become an asset.
    """
    index = manifest.index
    chosen = [node for node in index.nodes if node.is_asset and node.unique_id in selected_ids]
    key_of: dict[str, dg.AssetKey] = {}
    asset_specs: list[dg.AssetSpec] = []
    for node in _with_ancestors(index, chosen):  # parents first: no recursion in the translator
        spec = translator.resolve_spec(manifest, node.unique_id, project)
        key_of[node.unique_id] = spec.key
        if node.is_asset and node.unique_id in selected_ids:
            asset_specs.append(_with_unique_id(spec, node.unique_id))
    _refuse_shared_keys(
        index,
        [*chosen, *_upstream_of(index, chosen)],
        key_of,
        allow_shared_sources=translator.settings.enable_duplicate_source_asset_keys,
    )
    output_names = {spec.key: spec.key.to_python_identifier() for spec in asset_specs}
    _refuse_unusable_outputs(output_names)
    notes = _dropped_tag_notes(chosen)
    checks = _CheckBuilder(manifest, translator, project, key_of, set(output_names.values()))
    if translator.settings.enable_asset_checks:
        checks.build(chosen, selected_ids)
        notes.extend(checks.notes)
    node_map = NodeMap(
        asset_ids={key_of[node.unique_id]: node.unique_id for node in chosen},
        check_ids={spec.key: unique_id for unique_id, spec in checks.specs.items()},
        key_of=key_of,
        check_key_of={unique_id: spec.key for unique_id, spec in checks.specs.items()},
        output_name_of=output_names,
        selected_ids=frozenset(selected_ids),
    )
    return SelectedSpecs(asset_specs, list(checks.specs.values()), node_map, notes)


class _CheckBuilder:
    """Turns tests into checks, each under a name that nothing else has."""

    def __init__(
        self,
        manifest: Manifest,
        translator: DagsterDbtTranslator,
        project: DbtProject | None,
        key_of: dict[str, dg.AssetKey],
        taken_identifiers: set[str],
    ) -> None:
        self._manifest = manifest
        self._index = manifest.index
        self._translator = translator
        self._project = project
        self._key_of = key_of
        self._taken = taken_identifiers
        self.specs: dict[str, dg.AssetCheckSpec] = {}
        self.notes: list[str] = []

    def build(self, chosen: list[Node], selected_ids: Set[str]) -> None:
        hosts = {node.unique_id for node in chosen}
        if self._translator.settings.enable_source_tests_as_checks:
            hosts |= {n.unique_id for n in _upstream_of(self._index, chosen) if n.is_source}
        loose: list[str] = []
        for test in self._index.tests:
            if test.is_unit_test and not self._translator.settings.enable_unit_tests_as_checks:
                continue
            host = attached_node_of(self._index, test)
            if host is None or host not in hosts:
                if test.unique_id in selected_ids:
                    loose.append(test.unique_id)
                continue
            if test.unique_id in selected_ids or self._index.node_by_id[host].is_source:
                self._add(test, host)
        if loose:
            self.notes.append(
                f"{len(loose)} selected tests are checks of no asset (several or no parents, or a"
                f" parent that is no selected asset) and report as observations: {_some(loose)}."
                " `meta.dagster.ref` attaches a test to one model."
            )

    def _add(self, test: DbtTest, host: str) -> None:
        asset_spec = self._translator.resolve_spec(self._manifest, host, self._project)
        self._key_of.setdefault(host, asset_spec.key)
        spec = self._translator.get_asset_check_spec(
            asset_spec, self._manifest, test.unique_id, self._project
        )
        if spec is None:
            return
        spec = self._with_valid_name(spec, test)
        identifier = spec.get_python_identifier()
        if identifier in self._taken:
            clashing = spec.name
            spec = spec.replace_key(
                dg.AssetCheckKey(spec.asset_key, f"{spec.name}__{test.package_name}")
            )
            if spec.get_python_identifier() in self._taken:
                suffix = test.unique_id.rpartition(".")[2][-10:]
                spec = spec.replace_key(dg.AssetCheckKey(spec.asset_key, f"{spec.name}_{suffix}"))
            self.notes.append(
                f"Check name {clashing!r} on {spec.asset_key.to_user_string()!r} was taken;"
                f" {test.unique_id} is shown as {spec.name!r}."
            )
            identifier = spec.get_python_identifier()
        if identifier in self._taken:
            raise DefinitionError(
                f"Two checks on {spec.asset_key.to_user_string()!r} claim the name {spec.name!r}.",
                where=test.original_file_path,
                hint=f"Give {test.unique_id} a `name` of its own in dbt.",
            )
        self._taken.add(identifier)
        self.specs[test.unique_id] = spec

    def _with_valid_name(self, spec: dg.AssetCheckSpec, test: DbtTest) -> dg.AssetCheckSpec:
        """The check under a name that Dagster accepts; dbt's may hold hyphens and the like."""
        name = _NOT_IN_CHECK_NAMES.sub("_", spec.name)
        if name == spec.name:
            return spec
        self.notes.append(
            f"Check name {spec.name!r} on {spec.asset_key.to_user_string()!r} holds what Dagster does"
            f" not accept; {test.unique_id} is shown as {name!r}."
        )
        return spec.replace_key(dg.AssetCheckKey(spec.asset_key, name))


def _with_ancestors(index: ManifestIndex, chosen: Iterable[Node]) -> list[Node]:
    """The chosen nodes and every asset or source above them, in topological order."""
    needed: set[str] = set()
    waiting = [node.unique_id for node in chosen]
    while waiting:
        unique_id = waiting.pop()
        node = index.node_by_id.get(unique_id)
        if node is None or unique_id in needed:
            continue
        needed.add(unique_id)
        waiting.extend(node.depends_on)
    return [
        node
        for node in index.nodes
        if node.unique_id in needed and (node.is_asset or node.is_source)
    ]


def _upstream_of(index: ManifestIndex, chosen: Iterable[Node]) -> list[Node]:
    found = {parent.unique_id: parent for node in chosen for parent in index.upstream_assets(node)}
    return list(found.values())


def _with_unique_id(spec: dg.AssetSpec, unique_id: str) -> dg.AssetSpec:
    """A function in YAML may return a fresh spec; helpers and the UI still need the node's id."""
    if spec.metadata.get(UNIQUE_ID_KEY) == unique_id:
        return spec
    return spec.merge_attributes(metadata={UNIQUE_ID_KEY: unique_id})


def _refuse_shared_keys(
    index: ManifestIndex,
    nodes: Iterable[Node],
    key_of: Mapping[str, dg.AssetKey],
    *,
    allow_shared_sources: bool,
) -> None:
    first: dict[dg.AssetKey, Node] = {}
    by_key: dict[dg.AssetKey, dict[str, Node]] = {}
    for node in nodes:
        key = key_of[node.unique_id]
        other = first.setdefault(key, node)
        if other is not node:
            by_key.setdefault(key, {other.unique_id: other})[node.unique_id] = node
    shared = {
        key: list(members.values())
        for key, members in by_key.items()
        if not (allow_shared_sources and all(node.is_source for node in members.values()))
    }
    if not shared:
        return
    table = "\n".join(
        f"  {key.to_user_string()}\n"
        + "\n".join(
            f"    - {node.unique_id} ({node.original_file_path})"
            for node in sorted(members, key=lambda n: n.unique_id)
        )
        for key, members in sorted(shared.items(), key=lambda item: item[0].to_user_string())
    )
    raise DuplicateAssetKeyError(
        f"Several dbt nodes have the same asset key:\n{table}",
        where=f"dbt project {index.project_name!r}",
        hint="Set `meta.dagster.asset_key` on one of them, or `translation.key` in defs.yaml. For"
        " sources only: `translation_settings.enable_duplicate_source_asset_keys: true`.",
    )


def _refuse_unusable_outputs(output_names: Mapping[dg.AssetKey, str]) -> None:
    invalid = [key for key, name in output_names.items() if not _OUTPUT_NAME.fullmatch(name)]
    if invalid:
        raise DefinitionError(
            "Asset keys hold characters that Dagster does not accept in the outputs of an op:"
            f" {_some(repr(key.to_user_string()) for key in invalid)}.",
            hint="Use letters without accents, digits and underscores; set another with `translation.key`.",
        )
    by_name: dict[str, list[str]] = {}
    for key, name in output_names.items():
        by_name.setdefault(name, []).append(key.to_user_string())
    shared = {name: keys for name, keys in by_name.items() if len(keys) > 1}
    if shared:
        table = "\n".join(f"  {name}: {', '.join(keys)}" for name, keys in sorted(shared.items()))
        raise DuplicateAssetKeyError(
            f"Asset keys that differ only in punctuation give the same op output:\n{table}",
            hint="Rename one of them with `translation.key`.",
        )


def _dropped_tag_notes(nodes: Iterable[Node]) -> list[str]:
    dropped = sorted({tag for n in nodes for tag in n.tags if not defaults.is_valid_tag(tag)})
    if not dropped:
        return []
    return [
        f"dbt tags that are no valid Dagster tag keys were left out: {_some(map(repr, dropped))}."
    ]


def _some(values: Iterable[str], limit: int = 5) -> str:
    listed = sorted(values)
    rest = len(listed) - limit
    return ", ".join(listed[:limit]) + (f" and {rest} more" if rest > 0 else "")
