"""The asset keys of models and sources, for definitions that depend on them."""

from collections.abc import Sequence

import dagster as dg

from dbt_component.api.bound_assets import BoundAssets, bound_assets
from dbt_component.errors import UnknownNodeError
from dbt_component.manifest.node import Node


def get_asset_key_for_model(
    dbt_assets: Sequence[dg.AssetsDefinition], model_name: str
) -> dg.AssetKey:
    """The asset key of a model, seed or snapshot, also of one that these definitions do not select.

    Args:
        dbt_assets: Definitions of one dbt project, from ``@dbt_assets`` or a component.
        model_name: Name, ``package.name``, ``name.v2`` for a version, or unique id.

    Raises:
        UnknownNodeError: No node has that name, or several have it. It is a KeyError too.
        dagster.DagsterInvariantViolationError: None of the definitions was made from a dbt project.
    """
    found = bound_assets(dbt_assets)
    node = found[0].op.prepared.manifest.index.find_asset_node(model_name)
    return _key_of(found, node)


def get_asset_key_for_source(
    dbt_assets: Sequence[dg.AssetsDefinition], source_name: str
) -> dg.AssetKey:
    """The asset key of a source that has one table.

    Args:
        dbt_assets: As for ``get_asset_key_for_model``.
        source_name: The source's name in dbt.

    Raises:
        UnknownNodeError: There is no such source, or it has several tables. It is a KeyError too.
        dagster.DagsterInvariantViolationError: None of the definitions was made from a dbt project.
    """
    keys = get_asset_keys_by_output_name_for_source(dbt_assets, source_name)
    if len(keys) > 1:
        raise UnknownNodeError(
            f"Source {source_name!r} has {len(keys)} tables: {', '.join(keys)}.",
            hint="Use `get_asset_keys_by_output_name_for_source`.",
        )
    return next(iter(keys.values()))


def get_asset_keys_by_output_name_for_source(
    dbt_assets: Sequence[dg.AssetsDefinition], source_name: str
) -> dict[str, dg.AssetKey]:
    """The asset keys of all tables of a source, for the outputs of the multi-asset that makes them.

    Args:
        dbt_assets: As for ``get_asset_key_for_model``.
        source_name: The source's name in dbt.

    Returns:
        Keys by the unique id of the table with ``_`` for dots, such as ``source_shop_raw_orders``.

    Raises:
        UnknownNodeError: There is no such source. It is a KeyError too.
        dagster.DagsterInvariantViolationError: None of the definitions was made from a dbt project.
    """
    found = bound_assets(dbt_assets)
    sources = [node for node in found[0].op.prepared.manifest.index.nodes if node.is_source]
    tables = [node for node in sources if node.source_name == source_name]
    if not tables:
        known = sorted({repr(node.source_name) for node in sources})
        raise UnknownNodeError(
            f"There is no source {source_name!r}.",
            hint=f"The project has {', '.join(known) or 'no sources'}.",
        )
    return {node.unique_id.replace(".", "_"): _key_of(found, node) for node in tables}


def _key_of(found: Sequence[BoundAssets], node: Node) -> dg.AssetKey:
    # A user may have renamed the asset with `with_attributes`; outputs keep their names.
    for bound in found:
        key = bound.keys.get(node.unique_id)
        if key is not None:
            return key
    return found[0].op.final_key(node.unique_id)
