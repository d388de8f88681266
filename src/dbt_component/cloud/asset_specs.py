"""The specs of a project on the dbt platform, without an op that runs it."""

from collections.abc import Sequence

import dagster as dg

from dbt_component.api.asset_specs import criteria_of
from dbt_component.cloud.workspace import DbtCloudWorkspace
from dbt_component.definitions.spec_builder import SelectedSpecs
from dbt_component.definitions.translator import DagsterDbtTranslator
from dbt_component.selection.criteria import DEFAULT_SELECT


def load_dbt_cloud_asset_specs(
    workspace: DbtCloudWorkspace,
    dagster_dbt_translator: DagsterDbtTranslator | None = None,
    select: str = DEFAULT_SELECT,
    exclude: str | None = None,
    selector: str | None = None,
) -> Sequence[dg.AssetSpec]:
    """The specs of the models, seeds and snapshots of a project on the dbt platform, in topological order.

    For assets that jobs on the platform build: with ``build_dbt_cloud_polling_sensor``, Dagster shows what they did.

    Args:
        workspace: The environment on the platform.
        dagster_dbt_translator: Maps nodes to specs. Default: the default mapping.
        select: Nodes to include, in dbt's syntax.
        exclude: Nodes to leave out, in dbt's syntax.
        selector: A selector of selectors.yml, instead of ``select`` and ``exclude``.

    Raises:
        DbtCloudError: The platform can't be asked, and there is no state on this machine.
        SelectionError: dbt does not accept the selection.
        DefinitionError: A node can't become an asset.
    """
    return _specs(workspace, dagster_dbt_translator, select, exclude, selector).asset_specs


def load_dbt_cloud_check_specs(
    workspace: DbtCloudWorkspace,
    dagster_dbt_translator: DagsterDbtTranslator | None = None,
    select: str = DEFAULT_SELECT,
    exclude: str | None = None,
    selector: str | None = None,
) -> Sequence[dg.AssetCheckSpec]:
    """The specs of the tests that are checks of these assets; arguments and errors as of ``load_dbt_cloud_asset_specs``."""
    return _specs(workspace, dagster_dbt_translator, select, exclude, selector).check_specs


def _specs(
    workspace: DbtCloudWorkspace,
    translator: DagsterDbtTranslator | None,
    select: str,
    exclude: str | None,
    selector: str | None,
) -> SelectedSpecs:
    return workspace.specs_of(criteria_of(select, exclude, selector), translator)
