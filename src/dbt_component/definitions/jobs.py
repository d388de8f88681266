"""Jobs that run exactly what dbt selects."""

from collections.abc import Mapping

import dagster as dg

from dbt_component._dagster import UnresolvedAssetJobDefinition
from dbt_component.definitions.asset_selection import asset_selection
from dbt_component.definitions.job_selection import JobSelection
from dbt_component.definitions.listing import listed
from dbt_component.errors import DefinitionError
from dbt_component.selection.criteria import SelectionCriteria


def build_job(
    name: str,
    selection: JobSelection,
    *,
    criteria: SelectionCriteria,
    tags: Mapping[str, str] | None = None,
    description: str | None = None,
    subject: str | None = None,
    where: str | None = None,
) -> UnresolvedAssetJobDefinition:
    """Builds a job of the selected assets and checks.

    Its steps also run the tests that are checks of no asset, if ``build_assets`` was given the job.

    Args:
        name: The job's name.
        selection: What dbt selects.
        criteria: The selection in dbt's syntax, for errors.
        tags: Tags of the runs.
        description: Shown in Dagster's UI.
        subject: Name of the selection's owner in errors. Default: ``Job`` and its name.
        where: Place where the selection is written, for errors.

    Raises:
        DefinitionError: There are neither assets nor checks.
    """
    refuse_nothing(subject or f"Job {name!r}", selection, criteria=criteria, where=where)
    return dg.define_asset_job(
        name,
        selection=asset_selection(selection.asset_keys, selection.check_keys),
        tags=dict(tags or {}),
        description=description,
    )


def refuse_nothing(
    subject: str,
    selection: JobSelection,
    *,
    criteria: SelectionCriteria,
    where: str | None = None,
    whole: str = "the component's",
) -> None:
    """Refuses a selection that no job can run.

    Args:
        subject: The selection's owner.
        selection: What dbt selects.
        criteria: The selection in dbt's syntax.
        where: Place where the selection is written.
        whole: The owner of the selection that this one is a part of.

    Raises:
        DefinitionError: There are neither assets nor checks.
    """
    if not selection.asset_keys and not selection.check_keys:
        if selection.loose_tests:
            raise DefinitionError(
                f"{subject} selects only tests that are checks of no asset: {criteria} selects"
                f" {listed(selection.loose_tests)}.",
                where=where,
                hint="Make them checks with `meta.dagster.ref` in dbt, or select a model too.",
            )
        raise DefinitionError(
            f"{subject} selects nothing: {criteria}.",
            where=where,
            hint=f"Check the selection with `dbt ls`; it is intersected with {whole} own.",
        )
