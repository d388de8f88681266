"""``@dbt_cloud_assets``: a function that runs dbt on the dbt platform, as the op of a project's assets and checks."""

from collections.abc import Callable
from typing import Any

import dagster as dg

from dbt_component.api.asset_specs import criteria_of
from dbt_component.api.op_of_function import backfill_policy_of, op_of_function
from dbt_component.cloud.workspace import DbtCloudWorkspace
from dbt_component.definitions.op_settings import OpSettings
from dbt_component.definitions.selection_tags import selection_tags
from dbt_component.definitions.translator import DagsterDbtTranslator
from dbt_component.selection.criteria import DEFAULT_SELECT


def dbt_cloud_assets(
    *,
    workspace: DbtCloudWorkspace,
    select: str = DEFAULT_SELECT,
    exclude: str | None = None,
    selector: str | None = None,
    name: str | None = None,
    group_name: str | None = None,
    dagster_dbt_translator: DagsterDbtTranslator | None = None,
    partitions_def: dg.PartitionsDefinition | None = None,
    backfill_policy: dg.BackfillPolicy | None = None,
) -> Callable[[Callable[..., Any]], dg.AssetsDefinition]:
    """Makes the decorated function the op of the assets and checks of a project on the dbt platform.

    The function yields the events of one or several dbt commands, for example
    ``yield from dbt_cloud.cli(["build"], context=context).wait()``, where ``dbt_cloud`` is a ``DbtCloudWorkspace`` among
    the resources.

    Args:
        workspace: The environment on the platform. It is asked for what the project holds when this is called.
        select: Nodes to include, in dbt's syntax.
        exclude: Nodes to leave out, in dbt's syntax.
        selector: A selector of selectors.yml, instead of ``select`` and ``exclude``.
        name: Name of the op. Default: the function's.
        group_name: Group of all these assets.
        dagster_dbt_translator: Maps nodes to specs. Default: the default mapping.
        partitions_def: Partitions of all these assets.
        backfill_policy: How backfills become runs. Default: a single run if partitions are time windows.

    Raises:
        DbtCloudError: The platform can't be asked, and there is no state on this machine.
        SelectionError: dbt does not accept the selection.
        DefinitionError: Nodes can't become assets of one op.
        dagster.DagsterInvariantViolationError: ``group_name`` is given, and an asset has a group by its translator.
    """
    criteria = criteria_of(select, exclude, selector)
    specs = workspace.specs_of(criteria, dagster_dbt_translator)
    if group_name is not None:
        grouped = [spec for spec in specs.asset_specs if spec.group_name is not None]
        if grouped:
            raise dg.DagsterInvariantViolationError(
                f"`group_name` is {group_name!r}, but {grouped[0].key.to_user_string()} is in the group"
                f" {grouped[0].group_name!r} by the translator. Remove `group_name`, or the groups of the translator."
            )
        specs = specs.map_assets(lambda spec: spec.replace_attributes(group_name=group_name))
    if partitions_def is not None:
        specs = specs.map_assets(
            lambda spec: spec.replace_attributes(partitions_def=partitions_def)
        )
    policy = backfill_policy_of(specs, backfill_policy, decorator="@dbt_cloud_assets")

    def decorate(function: Callable[..., Any]) -> dg.AssetsDefinition:
        op = OpSettings(
            name=name or function.__name__, tags=selection_tags(criteria), backfill_policy=policy
        )
        return op_of_function(
            function, specs, workspace.prepared, criteria, op, decorator="@dbt_cloud_assets"
        )

    return decorate
