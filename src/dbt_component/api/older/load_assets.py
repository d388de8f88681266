"""The functions that made assets of a dbt project before ``@dbt_assets``."""

import warnings
from collections.abc import Callable, Mapping, Sequence, Set
from pathlib import Path
from typing import Any

import dagster as dg

from dbt_component.api.asset_specs import specs_of
from dbt_component.api.older.node_functions import KeyPrefix, NodeFunctions, NodeInfo
from dbt_component.api.older.run_function import RuntimeMetadata, run_function
from dbt_component.api.older.selected_nodes import SelectedNodes
from dbt_component.definitions.assets import build_assets
from dbt_component.definitions.op_settings import OpSettings
from dbt_component.definitions.selection_tags import selection_tags
from dbt_component.definitions.translator import DagsterDbtTranslator
from dbt_component.errors import DefinitionError
from dbt_component.project.asked_selections import AskedSelections
from dbt_component.project.manifest_argument import ManifestArgument, prepared_from
from dbt_component.project.prepared import PreparedProject
from dbt_component.project.prepared_files import state_beside
from dbt_component.project.project import DbtProject
from dbt_component.selection.criteria import DEFAULT_SELECT, SelectionCriteria

_NEW_WAY = (
    "Use `@dbt_assets` with a `DbtProject`: its arguments and its body set selection, partitions, op name and command;"
    " methods of a DagsterDbtTranslator set keys, groups, metadata and descriptions."
)


def load_assets_from_dbt_project(
    project_dir: str | Path,
    profiles_dir: str | Path | None = None,
    *,
    select: str | None = None,
    exclude: str | None = None,
    dagster_dbt_translator: DagsterDbtTranslator | None = None,
    io_manager_key: str | None = None,
    target_dir: str | Path | None = None,
    key_prefix: KeyPrefix | None = None,
    source_key_prefix: KeyPrefix | None = None,
    op_name: str | None = None,
    runtime_metadata_fn: RuntimeMetadata | None = None,
    node_info_to_asset_key: Callable[[NodeInfo], dg.AssetKey] | None = None,
    use_build_command: bool = True,
    partitions_def: dg.PartitionsDefinition | None = None,
    partition_key_to_vars_fn: Callable[[str], Mapping[str, Any]] | None = None,
    node_info_to_group_fn: Callable[[NodeInfo], str | None] | None = None,
    node_info_to_freshness_policy_fn: Callable[[NodeInfo], dg.FreshnessPolicy | None] | None = None,
    node_info_to_auto_materialize_policy_fn: Callable[[NodeInfo], dg.AutoMaterializePolicy | None]
    | None = None,
    node_info_to_definition_metadata_fn: Callable[[NodeInfo], Mapping[str, Any]] | None = None,
    display_raw_sql: bool | None = None,
    dbt_resource_key: str = "dbt",
) -> Sequence[dg.AssetsDefinition]:
    """The assets and checks of a dbt project as one multi-asset, in a list.

    Prepares the project if an input of it changed since the last time (seconds; otherwise files are only read and
    hashed), and leaves manifest.json in its target folder. dbt tests become asset checks.

    Args:
        project_dir: Folder of dbt_project.yml.
        profiles_dir: Folder of profiles.yml. Default: the folder ``config`` of the project if it has one, else as
            for ``DbtProject``.
        select: Nodes to include, in dbt's syntax. Default: all.
        exclude: Nodes to leave out, in dbt's syntax.
        dagster_dbt_translator: Maps nodes to specs, instead of the functions and prefixes below.
        io_manager_key: Resource key of an IO manager, for Python assets that load these.
        target_dir: Folder of manifest.json. Default: ``target`` in the project.
        key_prefix: Precedes the keys of models, seeds and snapshots.
        source_key_prefix: Precedes the keys of sources.
        op_name: Name of the op. Default: ``run_dbt_<project>``, with a suffix for a selection.
        runtime_metadata_fn: Metadata for each asset after it is built, from the context and the node's entry.
        node_info_to_asset_key: The key of a node or source, before its prefix.
        use_build_command: Whether the op runs `dbt build`. Otherwise it runs `dbt run`, and only models are
            assets, without checks.
        partitions_def: Partitions of all these assets. A backfill runs each partition for itself.
        partition_key_to_vars_fn: dbt variables of a partition.
        node_info_to_group_fn: The group of a node.
        node_info_to_freshness_policy_fn: The freshness policy of a node, or ``None``.
        node_info_to_auto_materialize_policy_fn: The policy of a node, or ``None``.
        node_info_to_definition_metadata_fn: Metadata of a node in addition to the default.
        display_raw_sql: Whether descriptions end with the node's SQL. Default: they do.
        dbt_resource_key: Key of the resource that runs dbt: a ``DbtCliResource`` or a ``dbt_cli_resource``.

    Raises:
        PrepareError: dbt failed; the message is dbt's own.
        ProjectError: The folder is no usable dbt project.
        SelectionError: dbt does not accept the selection.
        DefinitionError: Arguments contradict each other, or nodes can't become assets of one op.
        dagster.DagsterInvalidSubsetError: No asset is selected.
    """
    _warn("load_assets_from_dbt_project")
    functions = NodeFunctions(
        key_prefix=key_prefix,
        source_key_prefix=source_key_prefix,
        node_info_to_asset_key=node_info_to_asset_key,
        node_info_to_group_fn=node_info_to_group_fn,
        node_info_to_freshness_policy_fn=node_info_to_freshness_policy_fn,
        node_info_to_auto_materialize_policy_fn=node_info_to_auto_materialize_policy_fn,
        node_info_to_definition_metadata_fn=node_info_to_definition_metadata_fn,
        display_raw_sql=display_raw_sql,
    )
    translator = functions.translator(dagster_dbt_translator)
    project = _project(Path(project_dir), profiles_dir, target_dir)
    criteria = SelectionCriteria(select=select or DEFAULT_SELECT, exclude=exclude or "")
    AskedSelections.beside(state_beside(project.manifest_path)).announce(criteria)
    project.preparer.prepare(project)
    prepared = prepared_from(project)
    return _load(
        prepared,
        SelectedNodes(prepared.select(criteria), criteria),
        translator=translator,
        io_manager_key=io_manager_key,
        op_name=op_name,
        use_build_command=use_build_command,
        partitions_def=partitions_def,
        partition_key_to_vars_fn=partition_key_to_vars_fn,
        runtime_metadata_fn=runtime_metadata_fn,
        dbt_resource_key=dbt_resource_key,
    )


def load_assets_from_dbt_manifest(
    manifest: ManifestArgument | None = None,
    *,
    select: str | None = None,
    exclude: str | None = None,
    io_manager_key: str | None = None,
    dagster_dbt_translator: DagsterDbtTranslator | None = None,
    key_prefix: KeyPrefix | None = None,
    source_key_prefix: KeyPrefix | None = None,
    selected_unique_ids: Set[str] | None = None,
    display_raw_sql: bool | None = None,
    dbt_resource_key: str = "dbt",
    op_name: str | None = None,
    manifest_json: Mapping[str, Any] | None = None,
    use_build_command: bool = True,
    partitions_def: dg.PartitionsDefinition | None = None,
    partition_key_to_vars_fn: Callable[[str], Mapping[str, Any]] | None = None,
    runtime_metadata_fn: RuntimeMetadata | None = None,
    node_info_to_asset_key: Callable[[NodeInfo], dg.AssetKey] | None = None,
    node_info_to_group_fn: Callable[[NodeInfo], str | None] | None = None,
    node_info_to_freshness_policy_fn: Callable[[NodeInfo], dg.FreshnessPolicy | None] | None = None,
    node_info_to_auto_materialize_policy_fn: Callable[[NodeInfo], dg.AutoMaterializePolicy | None]
    | None = None,
    node_info_to_definition_metadata_fn: Callable[[NodeInfo], Mapping[str, Any]] | None = None,
) -> Sequence[dg.AssetsDefinition]:
    """The assets and checks of a manifest.json as one multi-asset, in a list; dbt does not run.

    ``manifest`` is manifest.json as a path or decoded, or the project that it belongs to; ``manifest_json`` is the
    same argument under its older name. ``selected_unique_ids`` are the nodes to include, with their tests, instead
    of ``select`` and ``exclude``. The other arguments are those of ``load_assets_from_dbt_project``.

    Raises:
        DagsterDbtManifestNotFoundError: There is no such file.
        ProjectFileError: It is not a dbt manifest.
        SelectionError: dbt does not accept the selection, or there are unique ids besides it.
        UnknownNodeError: A unique id is not in the manifest.
        DefinitionError: Arguments contradict each other, or nodes can't become assets of one op.
        dagster.DagsterInvalidSubsetError: No asset is selected.
    """
    _warn("load_assets_from_dbt_manifest")
    if (manifest is None) == (manifest_json is None):
        number = "neither" if manifest is None else "both"
        raise DefinitionError(
            f"Expected `manifest` or `manifest_json`, got {number}.",
            hint="Pass the path of manifest.json as `manifest`.",
        )
    functions = NodeFunctions(
        key_prefix=key_prefix,
        source_key_prefix=source_key_prefix,
        node_info_to_asset_key=node_info_to_asset_key,
        node_info_to_group_fn=node_info_to_group_fn,
        node_info_to_freshness_policy_fn=node_info_to_freshness_policy_fn,
        node_info_to_auto_materialize_policy_fn=node_info_to_auto_materialize_policy_fn,
        node_info_to_definition_metadata_fn=node_info_to_definition_metadata_fn,
        display_raw_sql=display_raw_sql,
    )
    prepared = prepared_from(manifest if manifest is not None else manifest_json or {})
    return _load(
        prepared,
        SelectedNodes.of(prepared, select=select, exclude=exclude, unique_ids=selected_unique_ids),
        translator=functions.translator(dagster_dbt_translator),
        io_manager_key=io_manager_key,
        op_name=op_name,
        use_build_command=use_build_command,
        partitions_def=partitions_def,
        partition_key_to_vars_fn=partition_key_to_vars_fn,
        runtime_metadata_fn=runtime_metadata_fn,
        dbt_resource_key=dbt_resource_key,
    )


def _warn(name: str) -> None:
    warnings.warn(f"`{name}` is superseded. {_NEW_WAY}", dg.SupersessionWarning, stacklevel=3)


def _project(
    folder: Path, profiles_dir: str | Path | None, target_dir: str | Path | None
) -> DbtProject:
    """The project that these arguments describe."""
    if profiles_dir is None and (folder / "config" / "profiles.yml").is_file():
        profiles_dir = folder / "config"
    return DbtProject(
        folder,
        profiles_dir=None if profiles_dir is None else Path(profiles_dir),
        target_path=Path("target") if target_dir is None else Path(target_dir).absolute(),
    )


def _load(
    prepared: PreparedProject,
    selected: SelectedNodes,
    *,
    translator: DagsterDbtTranslator,
    io_manager_key: str | None,
    op_name: str | None,
    use_build_command: bool,
    partitions_def: dg.PartitionsDefinition | None,
    partition_key_to_vars_fn: Callable[[str], Mapping[str, Any]] | None,
    runtime_metadata_fn: RuntimeMetadata | None,
    dbt_resource_key: str,
) -> Sequence[dg.AssetsDefinition]:
    if partition_key_to_vars_fn is not None and partitions_def is None:
        raise DefinitionError(
            "`partition_key_to_vars_fn` needs partitions.", hint="Pass `partitions_def` too."
        )
    index = prepared.manifest.index
    if not use_build_command:
        selected = selected.only_models(index)
    selected.refuse_empty(index)
    specs = specs_of(prepared, selected.unique_ids, translator)
    if partitions_def is not None:
        specs = specs.map_assets(
            lambda spec: spec.replace_attributes(partitions_def=partitions_def)
        )
    if io_manager_key is not None:
        specs = specs.map_assets(lambda spec: spec.with_io_manager_key(io_manager_key))
    op = OpSettings(
        name=op_name or selected.op_name(index.project_name),
        tags=selection_tags(selected.criteria),
        required_resource_keys=frozenset({dbt_resource_key}),
    )
    run = run_function(
        command="build" if use_build_command else "run",
        resource_key=dbt_resource_key,
        partition_key_to_vars_fn=partition_key_to_vars_fn,
        runtime_metadata_fn=runtime_metadata_fn,
    )
    return build_assets(specs, prepared, op, run)
