"""``defs_state:`` of defs.yaml."""

from typing import Annotated, Literal

import dagster as dg

from dbt_component._dagster import DefsStateConfigArgs, DefsStateManagementType
from dbt_component.component.yaml.strict_model import StrictResolvable
from dbt_component.errors import DefinitionError


class DefsState(StrictResolvable):
    """The storage of the prepared state."""

    key: Annotated[
        str | None,
        dg.Resolver.default(
            description="Key of the state. Default: derived from the project's folder, profile, target,"
            " variables and selection, so that two components never share a state by accident.",
        ),
    ] = None
    management_type: Annotated[
        Literal["LOCAL_FILESYSTEM", "VERSIONED_STATE_STORAGE"],
        dg.Resolver.default(
            description="LOCAL_FILESYSTEM stores the state beside the code; run `dg utils"
            " refresh-defs-state` while building an image. VERSIONED_STATE_STORAGE stores it in the"
            " instance's defs_state_storage, where it can be refreshed at any time.",
        ),
    ] = "LOCAL_FILESYSTEM"
    refresh_if_dev: Annotated[
        bool | None,
        dg.Resolver.default(
            description="Whether `dg dev` and the dg command line refresh the state at load time. Default:"
            " `prepare_if_dev`.",
        ),
    ] = None


def defs_state_args(
    given: DefsState | DefsStateConfigArgs | None, *, prepare_if_dev: bool
) -> DefsStateConfigArgs:
    """Converts the state settings to Dagster's form.

    Raises:
        DefinitionError: The management type can't hold this component's state.
    """
    given = given or DefsState()
    management_type = DefsStateManagementType(given.management_type)
    if management_type is DefsStateManagementType.LEGACY_CODE_SERVER_SNAPSHOTS:
        raise DefinitionError(
            "defs_state.management_type LEGACY_CODE_SERVER_SNAPSHOTS can't hold the state of a dbt"
            " project: it keeps only text, in memory, and a run worker needs the prepared project.",
            hint="Use LOCAL_FILESYSTEM or VERSIONED_STATE_STORAGE.",
        )
    refresh_if_dev = given.refresh_if_dev
    return DefsStateConfigArgs(
        key=given.key,
        management_type=management_type,
        refresh_if_dev=prepare_if_dev if refresh_if_dev is None else refresh_if_dev,
    )
