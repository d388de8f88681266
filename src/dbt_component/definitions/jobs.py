"""Jobs that run exactly what dbt selects."""

from collections.abc import Mapping
from typing import Any

import dagster as dg

from dbt_component._dagster import UnresolvedAssetJobDefinition
from dbt_component.definitions.asset_selection import asset_selection
from dbt_component.definitions.common_partitions import common_partitions
from dbt_component.definitions.job_selection import JobSelection
from dbt_component.definitions.listing import listed
from dbt_component.definitions.retry_tags import with_retry_strategy
from dbt_component.errors import DefinitionError
from dbt_component.selection.criteria import SelectionCriteria

_UNBUILT = frozenset({"exposure", "metric", "saved_query", "semantic_model"})


def build_job(
    name: str,
    selection: JobSelection,
    *,
    criteria: SelectionCriteria,
    tags: Mapping[str, str] | None = None,
    description: str | None = None,
    run_config: Mapping[str, Any] | None = None,
    owner: str = "job",
    owner_name: str | None = None,
    where: str | None = None,
    assets: dg.AssetSelection | None = None,
) -> UnresolvedAssetJobDefinition:
    """Builds a job of the selected assets and checks.

    Its steps also run the tests that are checks of no asset, if ``build_assets`` was given the job. If a run of it
    fails and is executed again, only assets and checks that failed or were skipped are, unless ``tags`` say otherwise.

    Args:
        name: The job's name.
        selection: What dbt selects.
        criteria: The selection in dbt's syntax, for errors.
        tags: Tags of the runs.
        description: Shown in Dagster's UI.
        run_config: Run config of runs that set none of their own.
        owner: What the selection belongs to, for errors: ``job`` or ``schedule``.
        owner_name: The owner's name. Default: the job's.
        where: Place where the selection is written, for errors.
        assets: What to launch. Default: the selected assets and checks, and nothing else.

    Raises:
        DefinitionError: There are neither assets nor checks, or the assets have different partitions.
    """
    subject = f"{owner.capitalize()} {(owner_name or name)!r}"
    refuse_nothing(subject, selection, criteria=criteria, where=where)
    common_partitions(subject, selection.partitions, owner=owner, where=where)
    if assets is None:
        assets = asset_selection(selection.asset_keys, selection.check_keys)
    return dg.define_asset_job(
        name,
        selection=assets,
        tags=dict(tags or {}),
        run_tags=with_retry_strategy(tags),
        description=description,
        config=run_config,
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
        uses = sorted(i for i in selection.unique_ids if i.split(".")[0] in _UNBUILT)
        if uses and not selection.loose_tests:
            raise DefinitionError(
                f"{subject} selects only what no run builds: {criteria} selects {listed(uses)}.",
                where=where,
                hint="Select what it is made from, with `+` in front of it.",
            )
        if selection.loose_tests:
            raise DefinitionError(
                f"{subject} selects only tests that are checks of no asset: {criteria} selects"
                f" {listed(selection.loose_tests)}.",
                where=where,
                hint="Make them checks with `meta.dagster.ref` in dbt, those of sources with `translation_settings:"
                " {enable_source_tests_as_checks: true}`, or select a model too.",
            )
        raise DefinitionError(
            f"{subject} selects nothing: {criteria}.",
            where=where,
            hint=f"Check the selection with `dbt ls`; it is intersected with {whole} own.",
        )
