"""The YAML of the component's nested parts, with descriptions and examples for `dg docs` and editors."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, Literal

import dagster as dg
from dagster.components.resolved.context import ResolutionContext
from dagster.components.resolved.core_models import (
    MultiRunBackfillPolicyModel,
    SingleRunBackfillPolicyModel,
    resolve_backfill_policy,
)
from dagster.components.utils.defs_state import DefsStateConfigArgs
from dagster_shared.serdes.objects.models.defs_state_info import DefsStateManagementType
from pydantic import ConfigDict, Field

from dbt_component.component.strict_model import StrictModel, StrictResolvable
from dbt_component.definitions.schedules import ScheduleSettings
from dbt_component.errors import DefinitionError
from dbt_component.project.project import DbtProject
from dbt_component.selection.criteria import DEFAULT_SELECT, SelectionCriteria


@dataclass(frozen=True)
class DbtProjectArgs:
    """Arguments of a DbtProject that is not opened yet: in production its folder may be gone."""

    project_dir: Path
    target_path: str | None = None
    profiles_dir: Path | None = None
    profile: str | None = None
    target: str | None = None
    packaged_project_dir: Path | None = None
    state_path: str | None = None
    prepare_project_cli_args: Sequence[str] | None = None
    vars: Mapping[str, Any] = field(default_factory=dict)
    dbt_executable: str | None = None

    def open(self, project_dir: Path | None = None) -> DbtProject:
        """Opens the project.

        Args:
            project_dir: Another folder to open it in, such as a copy unpacked from the state.
        """
        given: dict[str, Any] = {
            "target_path": self.target_path,
            "profiles_dir": self.profiles_dir,
            "profile": self.profile,
            "target": self.target,
            "packaged_project_dir": self.packaged_project_dir,
            "state_path": self.state_path,
            "prepare_project_cli_args": self.prepare_project_cli_args,
            "vars": self.vars,
            "dbt_executable": self.dbt_executable,
        }
        if project_dir is not None and self.profiles_dir is not None:
            # The copy brings its own profiles.yml, unless the given folder came along.
            given["profiles_dir"] = self.profiles_dir if self.profiles_dir.is_dir() else None
        chosen = {name: value for name, value in given.items() if value is not None}
        return DbtProject(project_dir or self.project_dir, **chosen)


class DbtProjectArgsModel(StrictModel):
    project_dir: str = Field(
        description="Folder of dbt_project.yml; relative to the folder of defs.yaml.",
        examples=["{{ context.project_root }}/transform"],
    )
    target_path: str | None = Field(
        default=None,
        description="Folder of dbt's own command line for artifacts. Runs from Dagster do not use it.",
    )
    profiles_dir: str | None = Field(
        default=None,
        description="Folder of profiles.yml; relative to the folder of defs.yaml. By default"
        " DBT_PROFILES_DIR, the project folder or ~/.dbt, whichever has one.",
    )
    profile: str | None = Field(
        default=None, description="Profile to use instead of the one in dbt_project.yml."
    )
    target: str | None = Field(
        default=None, description="Target of the profile.", examples=["{{ env.DBT_TARGET }}"]
    )
    packaged_project_dir: str | None = Field(
        default=None,
        description="A copy of the project to use in production if it exists; relative to the folder"
        " of defs.yaml.",
    )
    state_path: str | None = Field(
        default=None,
        description="Folder of a manifest to compare with or defer to; relative to the project.",
    )
    prepare_project_cli_args: list[str] | str | None = Field(
        default=None,
        description="The dbt command that prepares the project. Default: parse.",
        examples=[["compile"]],
    )
    vars: dict[str, Any] | str | None = Field(
        default=None,
        description="Variables for every dbt command, while preparing and at run time.",
        examples=[{"start_date": "2024-01-01"}],
    )
    dbt_executable: str | None = Field(
        default=None,
        description="A `dbt` of another Python environment.",
        examples=["/opt/dbt/bin/dbt"],
    )


def resolve_project(context: ResolutionContext, value: Any) -> DbtProjectArgs | DbtProject:
    """A path, or the mapping form, into project arguments; paths start at the folder of defs.yaml."""
    if isinstance(value, (DbtProject, DbtProjectArgs)):
        return value
    if isinstance(value, (str, Path)):
        return DbtProjectArgs(context.resolve_source_relative_path(str(value)))
    given = {
        name: context.at_path(name).resolve_value(getattr(value, name))
        for name in value.model_fields_set
    }
    given = {name: item for name, item in given.items() if item is not None}
    for name in ("project_dir", "profiles_dir", "packaged_project_dir"):
        if name in given:
            given[name] = context.resolve_source_relative_path(str(given[name]))
    return DbtProjectArgs(**given)


class OpModel(StrictResolvable):
    """Settings of the op that runs dbt."""

    name: str | None = Field(
        default=None, description="Name of the op. Default: the dbt project's."
    )
    tags: dict[str, Any] | None = Field(
        default=None,
        description="Tags of the op, for example for a run launcher.",
        examples=[{"dagster/concurrency_key": "warehouse"}],
    )
    description: str | None = Field(default=None, description="Shown in Dagster's UI.")
    pool: str | None = Field(default=None, description="Pool that limits how many run at once.")
    backfill_policy: Annotated[
        dg.BackfillPolicy | None,
        dg.Resolver(
            resolve_backfill_policy,
            model_field_type=SingleRunBackfillPolicyModel | MultiRunBackfillPolicyModel,
            description="How a backfill over several partitions is cut into runs.",
            examples=[{"type": "single_run"}, {"type": "multi_run", "max_partitions_per_run": 7}],
        ),
    ] = None

    model_config = ConfigDict(arbitrary_types_allowed=True, extra="forbid")


class ScheduleModel(StrictResolvable):
    """A schedule that launches exactly what dbt selects."""

    name: str = Field(description="Name of the schedule.", examples=["nightly"])
    cron_schedule: str | list[str] = Field(
        description="Cron expression, or several.", examples=["0 5 * * *"]
    )
    select: str = Field(
        default=DEFAULT_SELECT,
        description="What dbt selects, within the component's own selection.",
        examples=["+tag:daily", "marts,config.materialized:incremental"],
    )
    exclude: str = Field(default="", description="What dbt excludes.")
    selector: str = Field(
        default="", description="A selector of selectors.yml, instead of the two."
    )
    execution_timezone: str | None = Field(
        default=None, description="Time zone of the cron expression.", examples=["Europe/Berlin"]
    )
    default_status: Literal["RUNNING", "STOPPED"] = Field(
        default="STOPPED",
        description="Whether the schedule runs before anybody switched it on or off.",
    )
    tags: dict[str, str] = Field(default_factory=dict, description="Tags of the runs.")
    job_name: str | None = Field(
        default=None, description="Name of the job. Default: the schedule's name with `_job`."
    )
    description: str | None = Field(default=None, description="Shown in Dagster's UI.")
    run_config: dict[str, Any] | None = Field(
        default=None, description="Run config of the launched runs."
    )

    def settings(self) -> ScheduleSettings:
        return ScheduleSettings(
            name=self.name,
            cron_schedule=self.cron_schedule,
            criteria=SelectionCriteria(
                select=self.select, exclude=self.exclude, selector=self.selector
            ),
            job_name=self.job_name or f"{self.name}_job",
            execution_timezone=self.execution_timezone,
            default_status=dg.DefaultScheduleStatus[self.default_status],
            tags=self.tags,
            description=self.description,
            run_config=self.run_config,
        )


class DefsStateModel(StrictResolvable):
    """Where the prepared state is kept."""

    key: str | None = Field(
        default=None,
        description="Key of the state. Default: made from the project's folder, profile, target,"
        " variables and selection, so that two components never share one by accident.",
    )
    management_type: Literal["LOCAL_FILESYSTEM", "VERSIONED_STATE_STORAGE"] = Field(
        default="LOCAL_FILESYSTEM",
        description="LOCAL_FILESYSTEM keeps the state beside the code; run `dg utils"
        " refresh-defs-state` while building an image. VERSIONED_STATE_STORAGE keeps it in the"
        " instance's defs_state_storage; refresh at any time.",
    )
    refresh_if_dev: bool | None = Field(
        default=None,
        description="Whether `dg dev` and the dg command line refresh the state on loading. Default:"
        " `prepare_if_dev`.",
    )


def defs_state_args(
    given: DefsStateModel | DefsStateConfigArgs | None, *, prepare_if_dev: bool
) -> DefsStateConfigArgs:
    """Dagster's form of the state settings.

    Raises:
        DefinitionError: The management type can't hold this component's state.
    """
    given = given or DefsStateModel()
    management_type = DefsStateManagementType(given.management_type)
    if management_type is DefsStateManagementType.LEGACY_CODE_SERVER_SNAPSHOTS:
        raise DefinitionError(
            "defs_state.management_type LEGACY_CODE_SERVER_SNAPSHOTS can't hold the state of a dbt"
            " project: it keeps text in memory, and a run worker needs the prepared project.",
            hint="Use LOCAL_FILESYSTEM or VERSIONED_STATE_STORAGE.",
        )
    refresh_if_dev = given.refresh_if_dev
    return DefsStateConfigArgs(
        key=given.key,
        management_type=management_type,
        refresh_if_dev=prepare_if_dev if refresh_if_dev is None else refresh_if_dev,
    )
