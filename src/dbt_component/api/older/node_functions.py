"""Functions of a node's manifest entry, and key prefixes, as a translator."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any

import dagster as dg
import msgspec
from typing_extensions import override

from dbt_component.definitions.node_of import node_of
from dbt_component.definitions.settings import DagsterDbtTranslatorSettings
from dbt_component.definitions.translator import DagsterDbtTranslator
from dbt_component.errors import DefinitionError
from dbt_component.project.project import DbtProject
from dbt_component.translation import defaults

NodeInfo = Mapping[str, Any]
"""A node's entry in manifest.json."""
KeyPrefix = str | Sequence[str]
"""One component of an asset key, or several."""


@dataclass(frozen=True)
class NodeFunctions:
    """Arguments that decide what a node becomes; ``None`` leaves an attribute to the default mapping.

    Args:
        key_prefix: Precedes the keys of models, seeds and snapshots.
        source_key_prefix: Precedes the keys of sources.
        node_info_to_asset_key: The key, before its prefix.
        node_info_to_group_fn: The group.
        node_info_to_freshness_policy_fn: The freshness policy, or ``None``.
        node_info_to_auto_materialize_policy_fn: The policy, which becomes an automation condition, or ``None``.
        node_info_to_definition_metadata_fn: Metadata in addition to the default.
        display_raw_sql: Whether descriptions end with the node's SQL. Default: they do.
    """

    key_prefix: KeyPrefix | None = None
    source_key_prefix: KeyPrefix | None = None
    node_info_to_asset_key: Callable[[NodeInfo], dg.AssetKey] | None = None
    node_info_to_group_fn: Callable[[NodeInfo], str | None] | None = None
    node_info_to_freshness_policy_fn: Callable[[NodeInfo], dg.FreshnessPolicy | None] | None = None
    node_info_to_auto_materialize_policy_fn: (
        Callable[[NodeInfo], dg.AutoMaterializePolicy | None] | None
    ) = None
    node_info_to_definition_metadata_fn: Callable[[NodeInfo], Mapping[str, Any]] | None = None
    display_raw_sql: bool | None = None

    def translator(self, given: DagsterDbtTranslator | None) -> DagsterDbtTranslator:
        """The translator that was given, or else the one that these functions make.

        Raises:
            DefinitionError: There are both.
        """
        if given is None:
            return NodeFunctionsTranslator(self)
        for field in fields(self):
            if getattr(self, field.name) is not None:
                raise DefinitionError(
                    f"`{field.name}` can't be combined with `dagster_dbt_translator`.",
                    hint="Override the translator's method instead.",
                )
        return given


class NodeFunctionsTranslator(DagsterDbtTranslator):
    """Maps nodes by functions of their entries."""

    _functions = NodeFunctions()

    def __init__(
        self, functions: NodeFunctions, settings: DagsterDbtTranslatorSettings | None = None
    ) -> None:
        super().__init__(settings)
        self._functions = functions

    @override
    def get_asset_key(self, dbt_resource_props: NodeInfo) -> dg.AssetKey:
        functions = self._functions
        to_key = functions.node_info_to_asset_key or super().get_asset_key
        is_source = dbt_resource_props["resource_type"] == "source"
        prefix = functions.source_key_prefix if is_source else functions.key_prefix
        key = dg.AssetKey.from_coercible(to_key(dbt_resource_props))
        return key.with_prefix(prefix) if prefix else key

    @override
    def get_description(self, dbt_resource_props: NodeInfo) -> str:
        if self._functions.display_raw_sql is not False:
            return super().get_description(dbt_resource_props)
        node = node_of(dbt_resource_props, is_named=True)
        return defaults.description(msgspec.structs.replace(node, code=""))

    @override
    def get_group_name(self, dbt_resource_props: NodeInfo) -> str | None:
        to_group = self._functions.node_info_to_group_fn or super().get_group_name
        return to_group(dbt_resource_props)

    @override
    def get_auto_materialize_policy(
        self, dbt_resource_props: NodeInfo
    ) -> dg.AutoMaterializePolicy | None:
        to_policy = self._functions.node_info_to_auto_materialize_policy_fn
        return (to_policy or super().get_auto_materialize_policy)(dbt_resource_props)

    @override
    def get_metadata(self, dbt_resource_props: NodeInfo) -> Mapping[str, Any]:
        to_metadata = self._functions.node_info_to_definition_metadata_fn
        added = to_metadata(dbt_resource_props) if to_metadata else None
        return {**super().get_metadata(dbt_resource_props), **(added or {})}

    @override
    def get_asset_spec(
        self, manifest: Mapping[str, Any], unique_id: str, project: DbtProject | None
    ) -> dg.AssetSpec:
        spec = super().get_asset_spec(manifest, unique_id, project)
        to_policy = self._functions.node_info_to_freshness_policy_fn
        if to_policy is None:
            return spec
        policy = to_policy(self.get_resource_props(manifest, unique_id))
        if policy is not None and not isinstance(policy, dg.FreshnessPolicy):
            raise DefinitionError(
                f"`node_info_to_freshness_policy_fn` returned a {type(policy).__name__} for {unique_id}.",
                hint="Return `dagster.FreshnessPolicy.time_window(…)` or `.cron(…)`; Dagster no longer evaluates the"
                " older policies.",
            )
        return spec.replace_attributes(freshness_policy=policy)


class KeyPrefixDagsterDbtTranslator(NodeFunctionsTranslator):
    """The default mapping with prefixes before the asset keys.

    Args:
        key_prefix: Precedes the keys of models, seeds and snapshots.
        source_key_prefix: Precedes the keys of sources.
        settings: Switches of the mapping.
    """

    def __init__(
        self,
        key_prefix: KeyPrefix | None = None,
        source_key_prefix: KeyPrefix | None = None,
        settings: DagsterDbtTranslatorSettings | None = None,
    ) -> None:
        functions = NodeFunctions(key_prefix=key_prefix, source_key_prefix=source_key_prefix)
        super().__init__(functions, settings)
