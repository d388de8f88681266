"""The check that a dbt test becomes by default."""

import dagster as dg

from dbt_component.definitions.metadata_keys import UNIQUE_ID_KEY
from dbt_component.definitions.resolving_manifest import ResolvingManifest
from dbt_component.manifest.dbt_test import DbtTest


def default_check(
    view: ResolvingManifest, test: DbtTest, asset_key: dg.AssetKey
) -> dg.AssetCheckSpec | None:
    """The check of an asset that a test becomes; ``None`` if the test is not attached to that asset.

    Args:
        view: The project with its spec rules applied.
        test: The test.
        asset_key: The final key of the asset.
    """
    attached = view.host_of(test)
    if attached is None or view.final_spec(attached).key != asset_key:
        return None
    others = {
        key: None
        for parent in test.depends_on
        if parent != attached
        for key in _keys_of(view, parent)
        if key != asset_key
    }
    return dg.AssetCheckSpec(
        name=test.name,
        asset=asset_key,
        description=test.meta_description or test.description or None,
        additional_deps=list(others),
        blocking=test.severity == "error",
        metadata={UNIQUE_ID_KEY: test.unique_id},
    )


def _keys_of(view: ResolvingManifest, unique_id: str) -> list[dg.AssetKey]:
    return [view.final_spec(node.unique_id).key for node in view.index.nearest_assets(unique_id)]
