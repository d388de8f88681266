"""The checks of sources' freshness, and the assets that the sources become to be observed."""

from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass

import dagster as dg

from dbt_component.definitions.duplicate_keys import refuse_shared_keys, refuse_unusable_outputs
from dbt_component.definitions.metadata_keys import UNIQUE_ID_KEY
from dbt_component.definitions.spec_builder import SelectedSpecs
from dbt_component.manifest.node import Node

CHECK_NAME = "freshness"


@dataclass(frozen=True)
class FreshnessSpecs:
    """Specs by the unique id of their source, in the project's order, and notes on checks with other names.

    Sources without an asset spec have a check only: other definitions of the Dagster project may make their assets.
    """

    check_specs: Mapping[str, dg.AssetCheckSpec]
    asset_specs: Mapping[str, dg.AssetSpec]
    notes: Sequence[str] = ()

    @property
    def source_ids(self) -> Set[str]:
        return self.check_specs.keys()

    def key_of(self, source_id: str) -> dg.AssetKey:
        """The asset key of a source."""
        return self.check_specs[source_id].asset_key

    def is_observed(self, source_id: str) -> bool:
        """Whether the source is an asset whose observations Dagster reads data versions from."""
        return source_id in self.asset_specs


def build_freshness_specs(
    specs: SelectedSpecs, selected_ids: Set[str], *, observe: bool
) -> FreshnessSpecs:
    """Builds a check for each selected source whose freshness dbt checks.

    A check is called ``freshness``. If a test of the same source has that name already, the name of the source is
    added.

    Args:
        specs: The component's own assets and checks.
        selected_ids: dbt's selection.
        observe: Whether the sources become assets as well. Sources that share a key never do: an asset has one
            data version.

    Raises:
        DuplicateAssetKeyError: A source has the key of another node, or one that differs only in punctuation.
        DefinitionError: A key has characters that an output of an op may not have.
    """
    index, view = specs.index, specs.view
    sources = [
        node
        for node in index.nodes
        if node.is_source and node.freshness is not None and node.unique_id in selected_ids
    ]
    source_specs = {node.unique_id: view.final_spec(node.unique_id) for node in sources}
    keys = {unique_id: spec.key for unique_id, spec in source_specs.items()}
    refuse_shared_keys(
        index,
        [*(index.node_by_id[i] for i in specs.node_map.asset_ids.values()), *sources],
        {**specs.keys.key_of, **keys},
        allow_shared_sources=view.rules.settings.enable_duplicate_source_asset_keys,
    )
    own = [
        node for node in sources if observe and keys[node.unique_id] not in view.shared_source_keys
    ]
    asset_specs = {i: _asset(source_specs[i], i) for i in (node.unique_id for node in own)}
    outputs = {key: key.to_python_identifier() for key in keys.values()}
    refuse_unusable_outputs(outputs)
    names = _Names(
        {spec.key for spec in specs.check_specs},
        {outputs[spec.key] for spec in asset_specs.values()},
    )
    checks = {node.unique_id: _check(node, keys[node.unique_id], names) for node in sources}
    return FreshnessSpecs(checks, asset_specs, names.notes)


def _asset(spec: dg.AssetSpec, unique_id: str) -> dg.AssetSpec:
    """The spec of a source that its op observes; dbt measures the source as a whole, and when the op runs.

    A freshness policy would never be met: Dagster looks at materializations only.
    """
    own = spec.replace_attributes(
        partitions_def=None, automation_condition=None, freshness_policy=None, deps=[]
    )
    return own.merge_attributes(metadata={UNIQUE_ID_KEY: unique_id})


def _check(node: Node, key: dg.AssetKey, names: "_Names") -> dg.AssetCheckSpec:
    return dg.AssetCheckSpec(
        name=names.free_name(node, key),
        asset=key,
        description=f"`dbt source freshness`: {node.freshness}.",
        metadata={UNIQUE_ID_KEY: node.unique_id},
    )


class _Names:
    """Finds names of checks that neither a test nor an output of the op has."""

    def __init__(self, keys: Iterable[dg.AssetCheckKey], outputs: Set[str]) -> None:
        self._keys = set(keys)
        self._outputs = set(outputs)
        self.notes: list[str] = []

    def free_name(self, node: Node, key: dg.AssetKey) -> str:
        base = f"{CHECK_NAME}_of_{node.source_name}_{node.name}"
        base = "".join(c if c.isascii() and c.isalnum() else "_" for c in base)
        name, number = CHECK_NAME, 1
        while not self._take(dg.AssetCheckKey(key, name)):
            name = base if number == 1 else f"{base}_{number}"
            number += 1
        if name != CHECK_NAME:
            self.notes.append(
                f"Check name {CHECK_NAME!r} on {key.to_user_string()!r} is taken; the freshness of {node.unique_id}"
                f" is shown as {name!r}."
            )
        return name

    def _take(self, key: dg.AssetCheckKey) -> bool:
        output = f"{key.asset_key.to_python_identifier()}_{key.name}"
        if key in self._keys or output in self._outputs:
            return False
        self._keys.add(key)
        self._outputs.add(output)
        return True
