"""Translates manifest entries to AssetSpecs and AssetCheckSpecs, with methods that users may override."""

from collections.abc import Mapping, Sequence
from typing import Any

import dagster as dg

from dbt_component.definitions.automation_condition import parse_automation_condition
from dbt_component.definitions.dagster_meta import parse_meta
from dbt_component.definitions.default_check import default_check
from dbt_component.definitions.file_references import file_references, missing_project, provenance
from dbt_component.definitions.freshness_policy import parse_freshness_policy
from dbt_component.definitions.known_metadata import known_metadata, table_name_in
from dbt_component.definitions.metadata_keys import (
    PROJECT_ID_KEY,
    STORAGE_KIND_KEY,
    TABLE_NAME_KEY,
    UNIQUE_ID_KEY,
)
from dbt_component.definitions.node_of import node_of
from dbt_component.definitions.resolving_manifest import (
    ResolvingManifest,
    own_manifest,
    resolving,
)
from dbt_component.definitions.settings import DagsterDbtTranslatorSettings
from dbt_component.definitions.spec_rules import SpecRules
from dbt_component.definitions.use_attributes import use_metadata, use_owners
from dbt_component.errors import DagsterDbtError, DefinitionError
from dbt_component.manifest.node import Node
from dbt_component.manifest.node_props import NodeProps
from dbt_component.project.project import DbtProject
from dbt_component.translation import defaults

_DEFAULT_SETTINGS = DagsterDbtTranslatorSettings()


class DagsterDbtTranslator:
    """Maps dbt nodes to Dagster. Subclass it and override methods to change the mapping.

    An override may be a method or a classmethod, and may call ``super()``. A subclass need not call
    ``super().__init__()``: the translator keeps only its settings. One translator may map several projects.

    Methods that take ``dbt_resource_props`` receive a node's entry in manifest.json as a dict, and accept any
    mapping of that form. A mapping that is not the one received, such as ``{**dbt_resource_props, "name":
    "x"}``, gives only the information in the entry itself: no e-mail address of a group's owner, and a code
    version of the node's own code alone.

    Args:
        settings: Switches of the mapping. Default: all as in ``DagsterDbtTranslatorSettings()``.
    """

    _settings: DagsterDbtTranslatorSettings | None = None

    def __init__(self, settings: DagsterDbtTranslatorSettings | None = None) -> None:
        self._settings = settings or _DEFAULT_SETTINGS

    @property
    def settings(self) -> DagsterDbtTranslatorSettings:
        return self._settings or _DEFAULT_SETTINGS  # a subclass may not call the constructor

    def get_resource_props(self, manifest: Mapping[str, Any], unique_id: str) -> Mapping[str, Any]:
        """The manifest entry of a node or test, from which specs, checks and YAML templates are built.

        Raises:
            KeyError: There is no such node or test.
        """
        return own_manifest(manifest).props(unique_id)

    def get_asset_key(self, dbt_resource_props: Mapping[str, Any]) -> dg.AssetKey:
        """By default ``meta.dagster.asset_key``, else the name of a node, with its schema if dbt configures one, or source
        and table. Nodes of one project need keys of their own.
        """
        return dg.AssetKey(defaults.asset_key(node_of(dbt_resource_props, is_named=True)))

    def get_description(self, dbt_resource_props: Mapping[str, Any]) -> str:
        """By default the description in dbt, and the SQL of a model or snapshot."""
        return defaults.description(node_of(dbt_resource_props, is_named=True))

    def get_group_name(self, dbt_resource_props: Mapping[str, Any]) -> str | None:
        """By default ``meta.dagster.group``, else the dbt group; ``None`` leaves the node in Dagster's default group."""
        return defaults.group_name(node_of(dbt_resource_props))

    def get_owners(self, dbt_resource_props: Mapping[str, Any]) -> Sequence[str] | None:
        """``meta.dagster.owners``, else the e-mail addresses of the dbt group's owner, or of the exposure's.

        If the node has a dbt group, ``dbt_resource_props["group"]`` is the group's own entry, with ``name`` and
        ``owner``, instead of its name.
        """
        node = node_of(dbt_resource_props)
        owners = defaults.owners(node)
        return owners or (use_owners(dbt_resource_props) or None if node.is_use else None)

    def get_tags(self, dbt_resource_props: Mapping[str, Any]) -> Mapping[str, str]:
        """By default the tags in dbt that Dagster accepts, each with an empty value."""
        return defaults.tags(node_of(dbt_resource_props))

    def get_code_version(self, dbt_resource_props: Mapping[str, Any]) -> str | None:
        """By default a hash of everything that determines the result, except the data of the parents."""
        return node_of(dbt_resource_props).code_version

    def get_auto_materialize_policy(
        self, dbt_resource_props: Mapping[str, Any]
    ) -> dg.AutoMaterializePolicy | None:
        """The policy from ``meta.dagster.auto_materialize_policy``. Dagster replaced policies by conditions."""
        policy = node_of(dbt_resource_props).dagster_meta.get("auto_materialize_policy")
        kind = policy.get("type") if isinstance(policy, Mapping) else None
        if kind == "eager":
            return dg.AutoMaterializePolicy.eager()
        return dg.AutoMaterializePolicy.lazy() if kind == "lazy" else None

    def get_automation_condition(
        self, dbt_resource_props: Mapping[str, Any]
    ) -> dg.AutomationCondition[Any] | None:
        """By default ``meta.dagster.automation_condition``, else the condition equal to what
        ``get_auto_materialize_policy`` returns.

        Raises:
            DefinitionError: The value in dbt means no condition.
        """
        node = node_of(dbt_resource_props)
        if "automation_condition" in node.dagster_meta:
            return parse_meta(node, "automation_condition", parse_automation_condition)
        policy = self.get_auto_materialize_policy(dbt_resource_props)
        return None if policy is None else policy.to_automation_condition()

    def get_freshness_policy(
        self, dbt_resource_props: Mapping[str, Any]
    ) -> dg.FreshnessPolicy | None:
        """By default ``meta.dagster.freshness_policy``; a source is no asset and has none.

        Raises:
            DefinitionError: The value in dbt means no policy.
        """
        node = node_of(dbt_resource_props)
        if node.is_source:
            return None
        return parse_meta(node, "freshness_policy", parse_freshness_policy)

    def get_partitions_def(
        self, dbt_resource_props: Mapping[str, Any]
    ) -> dg.PartitionsDefinition | None:
        """The partitions; by default none. All assets of one ``@dbt_assets`` must have the same."""
        return None

    def get_partition_mapping(
        self, dbt_resource_props: Mapping[str, Any], dbt_parent_resource_props: Mapping[str, Any]
    ) -> dg.PartitionMapping | None:
        """How the partitions of a node relate to those of a parent; ``None`` for Dagster's default."""
        return None

    def get_metadata(self, dbt_resource_props: Mapping[str, Any]) -> Mapping[str, Any]:
        """Metadata of the relation that is known before it is built: materialization, columns, table; of an exposure
        and the like its type, maturity, label, URL and owner.
        """
        node = node_of(dbt_resource_props)
        return use_metadata(dbt_resource_props) if node.is_use else known_metadata(node)

    def get_asset_spec(
        self, manifest: Mapping[str, Any], unique_id: str, project: DbtProject | None
    ) -> dg.AssetSpec:
        """The default spec of a model, seed, snapshot or source; or of an exposure, saved query, metric or semantic
        model, which becomes an external asset.

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
            dagster.DagsterInvalidDefinitionError: ``enable_code_references`` is on, and there is no project.
        """
        view = resolving(manifest, lambda: SpecRules(self, self.settings), project)
        if view is not manifest and project is None and self.settings.enable_code_references:
            raise missing_project()
        props = view.props(unique_id)
        attributes = self._attributes(view, props, project)
        try:
            return dg.AssetSpec(skippable=not node_of(props).is_use, **attributes)
        except Exception as error:
            raise DefinitionError(
                f"{unique_id} can't become a Dagster asset: {error}",
                where=node_of(props).original_file_path,
                hint="Correct the value in dbt (meta.dagster, group, tags), or set it in `translation`.",
            ) from error

    def _attributes(
        self, view: ResolvingManifest, props: NodeProps, project: DbtProject | None
    ) -> dict[str, Any]:
        node = node_of(props)
        settings = self.settings
        is_virtual = settings.enable_dbt_views_as_virtual_assets and node.materialized == "view"
        adapter = view.index.adapter_type
        try:
            metadata = {
                **(self.get_metadata(props) or {}),
                **({} if node.is_use else {STORAGE_KIND_KEY: adapter}),
                UNIQUE_ID_KEY: node.unique_id,
                PROJECT_ID_KEY: view.index.project_id or "",
            }
            metadata.update(provenance(view))
            if settings.enable_code_references:
                metadata.update(file_references(metadata, view, node, project))
            return {
                "key": self.get_asset_key(props),
                "deps": self._deps(view, props) if view.has_dependencies else [],
                "description": self.get_description(props),
                "metadata": metadata,
                "group_name": self.get_group_name(props),
                "code_version": self.get_code_version(props),
                "automation_condition": self.get_automation_condition(props),
                "freshness_policy": self.get_freshness_policy(props),
                "partitions_def": self.get_partitions_def(props),
                "owners": self.get_owners(self._owner_props(view, props)),
                "tags": self.get_tags(props),
                "kinds": {
                    "dbt",
                    *([node.resource_type] if node.is_use else [adapter] if adapter else []),
                    *(["view"] if is_virtual else []),
                },
                "is_virtual": is_virtual,
            }
        except DagsterDbtError:
            raise
        except Exception as error:
            raise DefinitionError(
                f"{type(self).__name__} failed on {node.unique_id}: {type(error).__name__}: {error}",
                where=node.original_file_path,
                hint="The error that this one was raised from shows the line. Sources, seeds and models of packages"
                " are translated too, and their entries may lack a field.",
            ) from error

    def _owner_props(self, view: ResolvingManifest, props: NodeProps) -> Mapping[str, Any]:
        """The entry for ``get_owners``, with the group's entry; only an override looks at it."""
        group = node_of(props).group
        overridden = getattr(type(self), "get_owners", None) is not DagsterDbtTranslator.get_owners
        if group is None or not overridden:
            return props
        groups = view.get("groups") or {}
        found = next((entry for entry in groups.values() if entry["name"] == group), None)
        return props if found is None else {**props, "group": found}

    def get_asset_check_spec(
        self,
        asset_spec: dg.AssetSpec,
        manifest: Mapping[str, Any],
        unique_id: str,
        project: DbtProject | None,
    ) -> dg.AssetCheckSpec | None:
        """The check of an asset that a test becomes, or ``None`` if it is not a check of that asset.

        A test of severity ``error`` blocks downstream assets in the same run; a warning does not.

        An override is also called for unit tests, whose entries are in ``manifest["unit_tests"]`` and have no
        severity. If it fails for one of them, that unit test becomes the default check, which is logged.

        Args:
            asset_spec: The final spec of the asset.
            manifest: A Manifest, or manifest.json as a decoded dict or path.
            unique_id: The test.
            project: The project on disk.
        """
        if not self.settings.enable_asset_checks:
            return None
        view = resolving(manifest, lambda: SpecRules(self, self.settings), project)
        if unique_id not in view.index.test_by_id:
            return None
        return default_check(view, view.test(unique_id), asset_spec.key)

    def _deps(self, view: ResolvingManifest, props: NodeProps) -> list[dg.AssetDep]:
        node = node_of(props)
        deps: dict[dg.AssetKey, dg.AssetDep] = {}
        parents = [] if node.is_source else view.parents_of(node)
        specs = [view.final_spec(parent.unique_id) for parent in parents]
        described = self._source_metadata(view, parents, specs)
        for parent, spec in zip(parents, specs, strict=True):
            if spec.key in deps:  # sources with one key; the first decides
                continue
            mapping = self.get_partition_mapping(props, view.props(parent.unique_id))
            deps[spec.key] = dg.AssetDep(
                spec.key, partition_mapping=mapping, metadata=described.get(parent.unique_id)
            )
        own_mapping = (
            self.get_partition_mapping(props, props)
            if node.dagster_meta.get("has_self_dependency")
            else None
        )
        # Mappings without settings, such as the identity, are falsy; Dagster accepts none of them here.
        if own_mapping:
            key = dg.AssetKey.from_coercible(self.get_asset_key(props))
            deps[key] = dg.AssetDep(key, partition_mapping=own_mapping)
            view.note_self_dependency(node.unique_id, key)
        return list(deps.values())

    def _source_metadata(
        self, view: ResolvingManifest, parents: Sequence[Node], specs: Sequence[dg.AssetSpec]
    ) -> dict[str, dict[str, Any]]:
        """What the dependencies on sources show of them, by unique id."""
        found: dict[str, dict[str, Any]] = {}
        if not self.settings.enable_source_metadata or not any(p.is_source for p in parents):
            return found
        # Dagster replaces a dependency with the asset that makes the named table: each name only once.
        pairs = list(zip(parents, specs, strict=True))
        named = {table_name_in(spec.metadata) for parent, spec in pairs if not parent.is_source}
        for parent, spec in pairs:
            if not parent.is_source or spec.key in view.shared_source_keys:
                continue
            table_name = table_name_in(spec.metadata)
            if table_name in named and table_name is not None:
                continue  # all or nothing: Dagster refuses different metadata of one key
            named.add(table_name)
            # Two projects may describe one source differently, which Dagster refuses here.
            found[parent.unique_id] = {
                k: v for k, v in spec.metadata.items() if k in (TABLE_NAME_KEY, STORAGE_KIND_KEY)
            }
        return found
