"""Finds the dbt node behind an input."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import dagster as dg

from dbt_component._dagster import assets_around_input
from dbt_component.definitions.metadata_keys import UNIQUE_ID_KEY
from dbt_component.definitions.op_registry import BoundOp, bound_ops
from dbt_component.errors import RelationLoadError
from dbt_component.manifest.node import Node
from dbt_component.project.manifest_argument import prepared_from
from dbt_component.project.prepared import PreparedProject
from dbt_component.project.project import DbtProject
from dbt_component.translation import defaults

_TABLE_NAME = "dagster/table_name"
_HINT = (
    f"Set the metadata {UNIQUE_ID_KEY!r} of its spec to the unique id of a model, seed, snapshot or source,"
    " or give DbtIOManager the `project` or `manifest` that has it."
)


@dataclass(frozen=True)
class InputNode:
    """A node with a relation, and the prepared project that it is in."""

    prepared: PreparedProject
    node: Node

    @property
    def relation(self) -> str:
        """The relation as dbt writes it in SQL, with the quoting of the project."""
        assert self.node.relation_name is not None
        return self.node.relation_name


def find_input_node(
    context: dg.InputContext,
    *,
    manifest: PreparedProject | None,
    project: Callable[[], DbtProject | None],
) -> InputNode:
    """The node of the asset that an input loads.

    It is the one whose unique id is in the asset's metadata. Without it, as for a source that only its key
    connects with dbt, it is the node that has this key in dbt definitions of the same code location, or else the
    node with the asset's table name or, in the default mapping, its key.

    Args:
        context: The input.
        manifest: The manifest to look in first, if there is one.
        project: Returns the project to look in unless the dbt definitions of the run have the node; ``None`` if
            there is none. Last come all dbt definitions of this process.

    Raises:
        RelationLoadError: There is no such node, or it has no relation.
    """
    if not context.has_asset_key:
        raise RelationLoadError(
            "The input is no asset, so no dbt relation belongs to it.",
            where=f"input {context.name!r}" if context.has_input_name else None,
            hint="Load a dbt relation as an argument of an asset, or give the input another IO manager.",
        )
    metadata = metadata_of_asset(context)
    unique_id = metadata.get(UNIQUE_ID_KEY)

    def look_in(projects: Iterable[PreparedProject]) -> list[InputNode]:
        if isinstance(unique_id, str):
            return _by_id(projects, unique_id)
        return _by_spec(projects, context.asset_key, metadata)

    def look_around(ops: Sequence[BoundOp]) -> list[InputNode]:
        found = [] if unique_id else _by_key(ops, context.asset_key)
        return found or look_in(bound.prepared for bound in ops)

    found = look_in([manifest] if manifest is not None else [])
    found = found or look_around(_ops_of_run(context))
    last = None if found else project()
    if last is not None and last.manifest_path.exists():
        found = look_in([prepared_from(last)])
    found = found or look_around(_ops_of_process(context, unique_id))
    if not found and last is not None:
        prepared_from(last)  # raises if there is no manifest
    if not found:
        what = f"node {unique_id!r}" if unique_id else "node"
        raise RelationLoadError(
            f"No known dbt project has a {what} for the asset {context.asset_key.to_user_string()!r}.",
            hint=_HINT,
        )
    nodes = {node.node.unique_id for node in found}
    if len(nodes) > 1:
        raise RelationLoadError(
            f"The asset {context.asset_key.to_user_string()!r} stands for several dbt nodes:"
            f" {', '.join(sorted(nodes))}.",
            hint=f"Set the metadata {UNIQUE_ID_KEY!r} of its spec to one of them.",
        )
    _require_relation(found[0].node)
    return found[0]


def _ops_of_run(context: dg.InputContext) -> list[BoundOp]:
    """The dbt definitions that the run knows."""
    found = [
        bound_ops.find(assets.node_def)
        for assets in assets_around_input(context)
        if assets.is_executable
    ]
    return [bound for bound in found if bound is not None]


def _ops_of_process(context: dg.InputContext, unique_id: Any) -> list[BoundOp]:
    """All dbt definitions in this process, as a run from a job in memory knows those of its own steps only.

    First those that give the node the key of the input, then the newest: a project may be defined for several
    targets, and definitions may have been loaded several times.
    """
    return sorted(
        bound_ops.newest_first(),
        key=lambda bound: bound.keys.key_of.get(unique_id) != context.asset_key,
    )


def metadata_of_asset(context: dg.InputContext) -> dict[str, Any]:
    """The metadata of the asset that an input loads. A value may be wrapped in Dagster's own class."""
    output = context.upstream_output
    metadata = (output.definition_metadata if output is not None else None) or {}
    return {name: getattr(value, "value", value) for name, value in metadata.items()}


def _by_id(projects: Iterable[PreparedProject], unique_id: str) -> list[InputNode]:
    return [
        InputNode(prepared, node)
        for prepared in projects
        if (node := prepared.manifest.index.node_by_id.get(unique_id)) is not None
    ]


def _by_key(around: Iterable[BoundOp], key: dg.AssetKey) -> list[InputNode]:
    for bound in around:
        nodes = bound.prepared.manifest.index.node_by_id
        ids = [unique_id for unique_id, found in bound.keys.key_of.items() if found == key]
        if ids:
            return [InputNode(bound.prepared, nodes[unique_id]) for unique_id in ids]
    return []


def _by_spec(
    projects: Iterable[PreparedProject], key: dg.AssetKey, metadata: dict[str, Any]
) -> list[InputNode]:
    table_name = metadata.get(_TABLE_NAME)
    nodes = [
        InputNode(prepared, node)
        for prepared in projects
        for node in prepared.manifest.index.nodes
        if node.is_asset or node.is_source
    ]
    if table_name:
        # A model may build the table that a source names; both are one relation.
        return [found for found in nodes if defaults.table_name(found.node) == table_name][:1]
    found = [found for found in nodes if defaults.asset_key(found.node) == list(key.path)]
    return [one for one in found if one.prepared is found[0].prepared]


def _require_relation(node: Node) -> None:
    if node.is_ephemeral:
        raise RelationLoadError(
            f"{node.unique_id} is ephemeral: dbt writes its SQL into other models, and no relation exists.",
            where=node.original_file_path,
            hint="Materialize it as a view or a table, or load a model that reads it.",
        )
    if node.relation_name is None:
        raise RelationLoadError(
            f"{node.unique_id} has no relation in the database.",
            where=node.original_file_path or None,
            hint="Load a model, seed, snapshot or source.",
        )
