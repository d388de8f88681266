"""Builds all specs of a selection and validates them together.

The methods of the rules and then the YAML translation are applied to each node, parents first, so
dependencies carry final keys.
"""

from collections.abc import Callable, Iterable, Set
from dataclasses import dataclass, field, replace

import dagster as dg

from dbt_component.definitions.check_builder import build_checks
from dbt_component.definitions.duplicate_keys import refuse_shared_keys, refuse_unusable_outputs
from dbt_component.definitions.lineage_metadata import lineage_notes, with_lineage
from dbt_component.definitions.listing import listed
from dbt_component.definitions.metadata_keys import UNIQUE_ID_KEY
from dbt_component.definitions.node_keys import NodeKeys
from dbt_component.definitions.node_map import NodeMap
from dbt_component.definitions.resolving_manifest import ResolvingManifest
from dbt_component.definitions.spec_rules import SpecRules
from dbt_component.definitions.uses import uses_of
from dbt_component.lineage.project_lineage import ProjectLineage
from dbt_component.manifest.index import ManifestIndex
from dbt_component.manifest.manifest import Manifest
from dbt_component.manifest.node import Node
from dbt_component.project.project import DbtProject
from dbt_component.translation import defaults


@dataclass(frozen=True)
class SelectedSpecs:
    """Asset specs and check specs in the project's topological order, and the node of each.

    ``external_specs`` are those of exposures and the like, which dbt does not build. ``notes`` explain, for people, what was left out or renamed.
    """

    index: ManifestIndex
    asset_specs: list[dg.AssetSpec]
    check_specs: list[dg.AssetCheckSpec]
    node_map: NodeMap
    keys: NodeKeys
    notes: list[str]
    view: ResolvingManifest
    external_specs: list[dg.AssetSpec] = field(default_factory=list)

    def map_assets(self, change: Callable[[dg.AssetSpec], dg.AssetSpec]) -> "SelectedSpecs":
        """These specs with changed attributes of assets; their keys must stay."""
        return replace(self, asset_specs=[change(spec) for spec in self.asset_specs])

    @property
    def partitions_def(self) -> dg.PartitionsDefinition | None:
        """The partitions definition of the assets that have one; ``None`` if none has or they differ."""
        found = {spec.partitions_def for spec in self.asset_specs} - {None}
        return found.pop() if len(found) == 1 else None


def build_specs(
    manifest: Manifest,
    rules: SpecRules,
    *,
    selected_ids: Set[str],
    project: DbtProject | None,
    lineage: ProjectLineage | None = None,
    has_uses: bool = False,
) -> SelectedSpecs:
    """Builds the specs of all selected models, seeds and snapshots, and the checks on them.

    Linear in the nodes and edges of the selection.

    Args:
        manifest: The project's manifest; a ResolvingManifest with these rules is used directly.
        rules: The rules that turn nodes into specs.
        selected_ids: dbt's selection, tests included.
        project: The project on disk, for code references.
        lineage: The lineage of its columns, which becomes metadata.
        has_uses: Whether exposures, and what leads to them, become external assets.

    Raises:
        DuplicateAssetKeyError: Several nodes share an asset key or output name; all are listed.
        DefinitionError: A node can't become an asset.
    """
    view = (
        manifest
        if isinstance(manifest, ResolvingManifest)
        else ResolvingManifest(manifest, rules, project)
    )
    index = view.index
    selected_ids = selected_ids - view.rules.tests.skipped
    chosen = [node for node in index.nodes if node.is_asset and node.unique_id in selected_ids]
    upstream = _upstream_of(index, chosen)
    key_of: dict[str, dg.AssetKey] = {}
    asset_specs: list[dg.AssetSpec] = []
    for node in _with_ancestors(index, chosen):
        spec = view.final_spec(node.unique_id)
        key_of[node.unique_id] = spec.key
        if node.is_asset and node.unique_id in selected_ids:
            if lineage is not None:
                spec = with_lineage(spec, node.unique_id, lineage, key_of.get)
            asset_specs.append(_with_unique_id(spec, node.unique_id))
    uses = uses_of(index, selected_ids) if has_uses else []
    used = [parent for use in uses for parent in index.used_by(use)]
    external = {node.unique_id: view.final_spec(node.unique_id) for node in [*used, *uses]}
    refuse_shared_keys(
        index,
        [*chosen, *upstream, *used, *uses],
        {**key_of, **{unique_id: spec.key for unique_id, spec in external.items()}},
        allow_shared_sources=rules.settings.enable_duplicate_source_asset_keys,
    )
    output_names = {spec.key: spec.key.to_python_identifier() for spec in asset_specs}
    refuse_unusable_outputs(output_names)
    checks = build_checks(
        view,
        assets=chosen,
        upstream=upstream,
        selected_ids=selected_ids,
        taken_names=set(output_names.values()),
    )
    check_key_of = {unique_id: spec.key for unique_id, spec in checks.specs.items()}
    return SelectedSpecs(
        index=index,
        asset_specs=asset_specs,
        check_specs=list(checks.specs.values()),
        node_map=NodeMap(
            asset_ids={key_of[node.unique_id]: node.unique_id for node in chosen},
            check_ids={key: unique_id for unique_id, key in check_key_of.items()},
            selected_ids=frozenset(selected_ids),
        ),
        keys=NodeKeys(key_of, check_key_of),
        notes=[
            *_dropped_tag_notes(chosen),
            *checks.notes,
            *view.rules.tests.notes,
            *(lineage_notes(lineage, chosen) if lineage is not None else ()),
        ],
        view=view,
        external_specs=[_external(external[node.unique_id], node.unique_id) for node in uses],
    )


def _external(spec: dg.AssetSpec, unique_id: str) -> dg.AssetSpec:
    """The spec of what nothing builds: without a condition or a freshness policy that the YAML gives to every node."""
    if spec.automation_condition is not None or spec.freshness_policy is not None:
        spec = spec.replace_attributes(automation_condition=None, freshness_policy=None)
    return _with_unique_id(spec, unique_id)


def _with_ancestors(index: ManifestIndex, chosen: Iterable[Node]) -> list[Node]:
    """The chosen nodes and every asset or source upstream of them, in topological order."""
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
    """Adds the node's id, which methods and the UI need, as a function in YAML may return a new spec."""
    if spec.metadata.get(UNIQUE_ID_KEY) == unique_id:
        return spec
    return spec.merge_attributes(metadata={UNIQUE_ID_KEY: unique_id})


def _dropped_tag_notes(nodes: Iterable[Node]) -> list[str]:
    dropped = sorted({tag for n in nodes for tag in n.tags if not defaults.is_valid_tag(tag)})
    if not dropped:
        return []
    return [
        f"dbt tags that are not valid Dagster tag keys were left out: {listed(map(repr, dropped))}."
    ]
