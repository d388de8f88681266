"""Translates manifest entries to AssetSpecs and AssetCheckSpecs, with methods that users may override."""

from collections.abc import Mapping
from typing import Any

import dagster as dg

from dbt_component._dagster import legacy_automation_condition
from dbt_component.definitions.file_references import file_references, provenance
from dbt_component.definitions.metadata_keys import (
    MATERIALIZATION_KEY,
    PROJECT_ID_KEY,
    UNIQUE_ID_KEY,
)
from dbt_component.definitions.resolving_manifest import (
    ResolvingManifest,
    own_manifest,
    resolving,
)
from dbt_component.definitions.settings import DagsterDbtTranslatorSettings
from dbt_component.definitions.spec_rules import SpecRules
from dbt_component.definitions.test_attachment import attached_node_of
from dbt_component.errors import DagsterDbtError, DefinitionError
from dbt_component.manifest.node import Node
from dbt_component.manifest.node_props import NodeProps
from dbt_component.manifest.parse import parse_entry
from dbt_component.project.project import DbtProject
from dbt_component.translation import defaults

_DEFAULT_SETTINGS = DagsterDbtTranslatorSettings()


class DagsterDbtTranslator:
    """Maps dbt nodes to Dagster. Subclass it and override methods to change the mapping.

    The translator keeps only its settings. Methods that take ``dbt_resource_props`` accept a node's entry
    in manifest.json: the mapping that ``get_resource_props`` returns, or a plain dict. A plain dict gives
    only the information in the entry itself: no e-mail address of a group's owner, and a code version of
    the node's own code alone.
    """

    _settings: DagsterDbtTranslatorSettings | None = None

    def __init__(self, settings: DagsterDbtTranslatorSettings | None = None) -> None:
        self._settings = settings

    @property
    def settings(self) -> DagsterDbtTranslatorSettings:
        return self._settings or _DEFAULT_SETTINGS

    def get_resource_props(self, manifest: Mapping[str, Any], unique_id: str) -> Mapping[str, Any]:
        """The manifest entry of a node or test, from which specs, checks and YAML templates are built.

        Raises:
            KeyError: There is no such node or test.
        """
        return own_manifest(manifest).props(unique_id)

    def get_asset_key(self, dbt_resource_props: Mapping[str, Any]) -> dg.AssetKey:
        return dg.AssetKey(defaults.asset_key(_node(dbt_resource_props)))

    def get_description(self, dbt_resource_props: Mapping[str, Any]) -> str:
        return defaults.description(_node(dbt_resource_props))

    def get_group_name(self, dbt_resource_props: Mapping[str, Any]) -> str | None:
        return defaults.group_name(_node(dbt_resource_props))

    def get_owners(self, dbt_resource_props: Mapping[str, Any]) -> list[str] | None:
        return defaults.owners(_node(dbt_resource_props))

    def get_tags(self, dbt_resource_props: Mapping[str, Any]) -> Mapping[str, str]:
        return defaults.tags(_node(dbt_resource_props))

    def get_code_version(self, dbt_resource_props: Mapping[str, Any]) -> str | None:
        return _node(dbt_resource_props).code_version

    def get_automation_condition(
        self, dbt_resource_props: Mapping[str, Any]
    ) -> dg.AutomationCondition[dg.AssetKey] | None:
        policy = _node(dbt_resource_props).dagster_meta.get("auto_materialize_policy")
        if not isinstance(policy, Mapping):
            return None
        return legacy_automation_condition(policy.get("type"))

    def get_partitions_def(
        self, dbt_resource_props: Mapping[str, Any]
    ) -> dg.PartitionsDefinition | None:
        return None

    def get_partition_mapping(
        self, dbt_resource_props: Mapping[str, Any], dbt_parent_resource_props: Mapping[str, Any]
    ) -> dg.PartitionMapping | None:
        return None

    def get_metadata(self, dbt_resource_props: Mapping[str, Any]) -> Mapping[str, Any]:
        """Metadata of the relation that is known before it is built: materialization, columns, table."""
        node = _node(dbt_resource_props)
        columns = [
            dg.TableColumn(
                name=column.name,
                type=column.data_type or "?",
                description=column.description or None,
                tags={tag: "" for tag in column.tags if defaults.is_valid_tag(tag)},
                constraints=dg.TableColumnConstraints(
                    nullable=not column.not_null, unique=column.unique
                ),
            )
            for column in node.columns
        ]
        metadata: dict[str, Any] = {MATERIALIZATION_KEY: node.materialized or node.resource_type}
        if columns:
            metadata["dagster/column_schema"] = dg.TableSchema(columns=columns)
        table_name = defaults.table_name(node)
        if table_name is not None:
            metadata["dagster/table_name"] = table_name
        return metadata

    def get_asset_spec(
        self, manifest: Mapping[str, Any], unique_id: str, project: DbtProject | None
    ) -> dg.AssetSpec:
        """The default spec of a model, seed, snapshot or source.

        While definitions are built, dependencies carry the *final* keys of the parents, overrides and
        YAML translation included. In a direct call, they carry the keys that this translator's
        ``get_asset_spec`` gives the parents.

        Args:
            manifest: A Manifest, or manifest.json as a decoded dict or path.
            unique_id: The node.
            project: The project on disk, for code references.

        Raises:
            DefinitionError: Dagster rejects a value; the message names the node.
            KeyError: There is no such node.
        """
        view = resolving(manifest, lambda: SpecRules(self, self.settings), project)
        props = view.props(unique_id)
        node = _node(props)
        is_virtual = (
            self.settings.enable_dbt_views_as_virtual_assets and node.materialized == "view"
        )
        adapter = view.index.adapter_type
        metadata = {
            **self.get_metadata(props),
            "dagster/storage_kind": adapter,
            UNIQUE_ID_KEY: unique_id,
            PROJECT_ID_KEY: view.index.project_id or "",
        }
        metadata.update(provenance(view))
        if self.settings.enable_code_references:
            metadata.update(file_references(metadata, view, node, project))
        try:
            return dg.AssetSpec(
                key=self.get_asset_key(props),
                deps=self._deps(view, props) if view.has_dependencies else [],
                description=self.get_description(props),
                metadata=metadata,
                skippable=True,
                group_name=self.get_group_name(props),
                code_version=self.get_code_version(props),
                automation_condition=self.get_automation_condition(props),
                partitions_def=self.get_partitions_def(props),
                owners=self.get_owners(props),
                tags=self.get_tags(props),
                kinds={"dbt", *([adapter] if adapter else []), *(["view"] if is_virtual else [])},
                is_virtual=is_virtual,
            )
        except DagsterDbtError:
            raise
        except Exception as error:
            raise DefinitionError(
                f"{unique_id} can't become a Dagster asset: {error}",
                where=node.original_file_path,
                hint="Correct the value in dbt (meta.dagster, group, tags), or set it in `translation`.",
            ) from error

    def get_asset_check_spec(
        self,
        asset_spec: dg.AssetSpec,
        manifest: Mapping[str, Any],
        unique_id: str,
        project: DbtProject | None,
    ) -> dg.AssetCheckSpec | None:
        """The check of an asset that a test becomes, or ``None`` if it is not a check of that asset.

        A test of severity ``error`` blocks downstream assets in the same run; a warning does not.

        Args:
            asset_spec: The final spec of the asset.
            manifest: A Manifest, or manifest.json as a decoded dict or path.
            unique_id: The test.
            project: The project on disk.
        """
        view = resolving(manifest, lambda: SpecRules(self, self.settings), project)
        if unique_id not in view.index.test_by_id:
            return None
        test = view.test(unique_id)
        attached = attached_node_of(view.index, test)
        if attached is None or view.final_spec(attached).key != asset_spec.key:
            return None
        others = {
            key: None
            for parent in test.depends_on
            if parent != attached
            for key in _keys_of(view, parent)
            if key != asset_spec.key
        }
        return dg.AssetCheckSpec(
            name=test.name,
            asset=asset_spec.key,
            description=test.meta_description or test.description or None,
            additional_deps=list(others),
            blocking=test.severity == "error",
            metadata={UNIQUE_ID_KEY: unique_id},
        )

    def _deps(self, view: ResolvingManifest, props: NodeProps) -> list[dg.AssetDep]:
        node = _node(props)
        deps: dict[dg.AssetKey, dg.AssetDep] = {}
        parents = [] if node.is_source else view.index.upstream_assets(node)
        # Dagster replaces a dependency with the asset that makes the named table: each name only once.
        named = {defaults.table_name(parent) for parent in parents if not parent.is_source}
        for parent in parents:
            spec = view.final_spec(parent.unique_id)
            metadata: Mapping[str, Any] | None = None
            if parent.is_source and self.settings.enable_source_metadata:
                table_name = defaults.table_name(parent)
                if table_name not in named:
                    named.add(table_name)
                    metadata = {
                        key: value
                        for key, value in spec.metadata.items()
                        if not key.startswith("dagster_dbt/")
                    }
            if spec.key in deps:
                deps[spec.key] = dg.AssetDep(spec.key)  # two sources with one key: no metadata
                continue
            mapping = self.get_partition_mapping(props, view.props(parent.unique_id))
            deps[spec.key] = dg.AssetDep(spec.key, partition_mapping=mapping, metadata=metadata)
        own_mapping = (
            self.get_partition_mapping(props, props)
            if node.dagster_meta.get("has_self_dependency")
            else None
        )
        if own_mapping is not None:
            key = self.get_asset_key(props)
            deps[key] = dg.AssetDep(key, partition_mapping=own_mapping)
            view.note_self_dependency(node.unique_id, key)
        return list(deps.values())


def _keys_of(view: ResolvingManifest, unique_id: str) -> list[dg.AssetKey]:
    return [view.final_spec(node.unique_id).key for node in view.index.nearest_assets(unique_id)]


def _node(props: Mapping[str, Any]) -> Node:
    """The parsed fields of a node's manifest entry."""
    try:
        node = props.node if isinstance(props, NodeProps) else parse_entry(props)
    except (KeyError, TypeError, AttributeError) as error:
        raise DefinitionError(
            f"Expected the manifest entry of a node, got {type(props).__name__} without {error}.",
            hint='Pass the mapping that the method received, or `manifest["nodes"][unique_id]`.',
        ) from error
    if isinstance(node, Node):
        return node
    raise DefinitionError(
        f"Expected the manifest entry of a node, got that of {node.resource_type} {node.unique_id!r}.",
        hint="A test becomes a check in `get_asset_check_spec`; it is not an asset.",
    )
