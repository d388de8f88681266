"""From a manifest entry to an AssetSpec or AssetCheckSpec; the methods are there to be overridden."""

from collections.abc import Mapping
from typing import Any

import dagster as dg

from dbt_component._dagster import code_references, legacy_automation_condition, url_reference
from dbt_component.definitions.settings import DagsterDbtTranslatorSettings
from dbt_component.definitions.test_attachment import attached_node_of
from dbt_component.errors import DagsterDbtError, DefinitionError
from dbt_component.manifest.dbt_test import DbtTest
from dbt_component.manifest.manifest import Manifest
from dbt_component.manifest.node import Node
from dbt_component.manifest.node_props import NodeProps
from dbt_component.project.git.link import link_to_file
from dbt_component.project.project import DbtProject
from dbt_component.translation import defaults

UNIQUE_ID_KEY = "dagster_dbt/unique_id"
COMMIT_KEY = "dbt_component/commit"
REPOSITORY_KEY = "dbt_component/repository"
_PROJECT_ID_KEY = "dagster_dbt/project_id"
_MATERIALIZATION_KEY = "dagster-dbt/materialization_type"


class DagsterDbtTranslator:
    """Maps dbt nodes to Dagster. Subclass it and override what should differ.

    Each ``get_…`` method gets the node's manifest entry as a mapping, read lazily from the state.
    Specs are computed once per manifest and node; dependencies, checks and events use the same result.
    """

    def __init__(self, settings: DagsterDbtTranslatorSettings | None = None) -> None:
        self._settings = settings or DagsterDbtTranslatorSettings()
        self._memo: dict[int, tuple[Any, dict[str, dg.AssetSpec]]] = {}

    @property
    def settings(self) -> DagsterDbtTranslatorSettings:
        if not hasattr(self, "_settings"):
            self._settings = DagsterDbtTranslatorSettings()
        return self._settings

    def get_resource_props(self, manifest: Manifest, unique_id: str) -> NodeProps:
        """The manifest entry of a node. Raises KeyError if there is none."""
        return manifest.props(unique_id)

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
        """What is known of the relation before it is built: materialization, columns, table."""
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
        metadata: dict[str, Any] = {_MATERIALIZATION_KEY: node.materialized or node.resource_type}
        if columns:
            metadata["dagster/column_schema"] = dg.TableSchema(columns=columns)
        table_name = defaults.table_name(node)
        if table_name is not None:
            metadata["dagster/table_name"] = table_name
        return metadata

    def get_asset_spec(
        self, manifest: Manifest, unique_id: str, project: DbtProject | None
    ) -> dg.AssetSpec:
        """The default spec of a model, seed, snapshot or source.

        Dependencies carry the *final* keys of the parents, overrides and YAML translation included.

        Raises:
            DefinitionError: Dagster refuses a value; the message names the node.
        """
        props = self.get_resource_props(manifest, unique_id)
        node = _node(props)
        is_virtual = (
            self.settings.enable_dbt_views_as_virtual_assets and node.materialized == "view"
        )
        adapter = manifest.index.adapter_type
        metadata = {
            **self.get_metadata(props),
            "dagster/storage_kind": adapter,
            UNIQUE_ID_KEY: unique_id,
            _PROJECT_ID_KEY: manifest.index.project_id or "",
        }
        metadata.update(self._where_from(manifest, node, project, metadata))
        try:
            return dg.AssetSpec(
                key=self.get_asset_key(props),
                deps=[] if node.is_source else self._deps(manifest, props, project),
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
                hint="Mend the value in dbt (meta.dagster, group, tags), or set it in `translation`.",
            ) from error

    def get_asset_check_spec(
        self,
        asset_spec: dg.AssetSpec,
        manifest: Manifest,
        unique_id: str,
        project: DbtProject | None,
    ) -> dg.AssetCheckSpec | None:
        """The check that a test becomes on an asset, or ``None`` if it is not a check of it.

        Error-severity tests block what is downstream in the same run; warnings don't.
        """
        test = manifest.index.test_by_id.get(unique_id)
        if test is None:
            return None
        attached = attached_node_of(manifest.index, test)
        if attached is None or self.resolve_spec(manifest, attached, project).key != asset_spec.key:
            return None
        others = {
            key: None
            for parent in test.depends_on
            if parent != attached
            for key in self._check_dep_keys(manifest, parent, project)
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

    def resolve_spec(
        self, manifest: Manifest, unique_id: str, project: DbtProject | None
    ) -> dg.AssetSpec:
        """The final spec of a node, computed once. ``get_asset_spec``, and what comes after it."""
        _, specs = self._memo.setdefault(id(manifest), (manifest, {}))
        spec = specs.get(unique_id)
        if spec is None:
            spec = self.finish_spec(
                self.get_asset_spec(manifest, unique_id, project), manifest, unique_id
            )
            specs[unique_id] = spec
        return spec

    def finish_spec(self, spec: dg.AssetSpec, manifest: Manifest, unique_id: str) -> dg.AssetSpec:
        """Applied after ``get_asset_spec`` and its overrides; the component's YAML comes in here."""
        return spec

    def _where_from(
        self,
        manifest: Manifest,
        node: Node,
        project: DbtProject | None,
        metadata: Mapping[str, Any],
    ) -> Mapping[str, Any]:
        """The commit, and references to the file: on the web at that commit, and on this machine."""
        origin = manifest.origin
        is_own = not node.package_name or node.package_name == manifest.index.project_name
        found: dict[str, Any] = {}
        if origin is not None:
            found[COMMIT_KEY] = origin.commit
            found[REPOSITORY_KEY] = origin.repository
        if not self.settings.enable_code_references:
            return found
        if origin is not None:
            path = origin.path_of(node.original_file_path)
            link = link_to_file(
                origin.repository, origin.commit, path, template=origin.link_template
            )
            if link is not None and is_own:
                found.update(url_reference(metadata, link))
        if project is not None:
            path = _source_path(node, project, manifest.index.project_name)
            found.update(code_references({**metadata, **found}, path))
        return found

    def _deps(
        self, manifest: Manifest, props: NodeProps, project: DbtProject | None
    ) -> list[dg.AssetDep]:
        node = _node(props)
        deps: dict[dg.AssetKey, dg.AssetDep] = {}
        parents = manifest.index.upstream_assets(node)
        # Dagster replaces a dependency by the asset that makes the named table: each name only once.
        named = {defaults.table_name(parent) for parent in parents if not parent.is_source}
        for parent in parents:
            spec = self.resolve_spec(manifest, parent.unique_id, project)
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
                deps[spec.key] = dg.AssetDep(spec.key)  # two sources on one key: no metadata
                continue
            mapping = self.get_partition_mapping(
                props, self.get_resource_props(manifest, parent.unique_id)
            )
            deps[spec.key] = dg.AssetDep(spec.key, partition_mapping=mapping, metadata=metadata)
        own_mapping = (
            self.get_partition_mapping(props, props)
            if node.dagster_meta.get("has_self_dependency")
            else None
        )
        if own_mapping is not None:
            key = self.get_asset_key(props)
            deps[key] = dg.AssetDep(key, partition_mapping=own_mapping)
        return list(deps.values())

    def _check_dep_keys(
        self, manifest: Manifest, unique_id: str, project: DbtProject | None
    ) -> list[dg.AssetKey]:
        nodes = manifest.index.nearest_assets(unique_id)
        return [self.resolve_spec(manifest, n.unique_id, project).key for n in nodes]


def _node(props: Mapping[str, Any]) -> Node:
    """The index entry behind a manifest entry that this package handed out."""
    if isinstance(props, NodeProps) and not isinstance(props.node, DbtTest):
        return props.node
    raise DefinitionError(
        f"Expected the manifest entry of a node, got {type(props).__name__}.",
        hint="Pass on what `get_resource_props` returned, or the mapping the method was given.",
    )


def _source_path(node: Node, project: DbtProject, root_project_name: str) -> str:
    if node.package_name and node.package_name != root_project_name:
        packages = project.yml.packages_install_path
        return f"{project.project_dir}/{packages}/{node.package_name}/{node.original_file_path}"
    return f"{project.project_dir}/{node.original_file_path}"
