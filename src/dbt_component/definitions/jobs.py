"""Jobs that run exactly what dbt selects."""

from collections.abc import Collection, Mapping

import dagster as dg

from dbt_component._dagster import UnresolvedAssetJobDefinition
from dbt_component.definitions.asset_selection import asset_selection
from dbt_component.errors import DefinitionError
from dbt_component.selection.criteria import SelectionCriteria


def build_job(
    name: str,
    asset_keys: Collection[dg.AssetKey],
    check_keys: Collection[dg.AssetCheckKey],
    *,
    criteria: SelectionCriteria,
    tags: Mapping[str, str] | None = None,
    description: str | None = None,
    subject: str | None = None,
    where: str | None = None,
) -> UnresolvedAssetJobDefinition:
    """Builds a job of these assets and checks.

    Args:
        name: The job's name.
        asset_keys: The assets of the selected nodes.
        check_keys: The checks of the selected tests.
        criteria: The selection that they come from, for errors.
        tags: Tags of the runs.
        description: Shown in Dagster's UI.
        subject: Name of the selection's owner in errors. Default: ``Job`` and its name.
        where: Place where the selection is written, for errors.

    Raises:
        DefinitionError: There are neither assets nor checks.
    """
    if not asset_keys and not check_keys:
        raise DefinitionError(
            f"{subject or f'Job {name!r}'} selects nothing: {criteria}.",
            where=where,
            hint="Check the selection with `dbt ls`; it is intersected with the component's own.",
        )
    return dg.define_asset_job(
        name,
        selection=asset_selection(asset_keys, check_keys),
        tags=dict(tags or {}),
        description=description,
    )
