"""The YAML of the component's nested parts, with descriptions and examples for `dg docs` and editors."""

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
from pydantic import ConfigDict, Discriminator, Field, Tag

from dbt_component.component.strict_model import StrictModel, StrictResolvable
from dbt_component.definitions.schedules import ScheduleSettings
from dbt_component.definitions.watch import WatchSettings
from dbt_component.errors import DefinitionError
from dbt_component.manifest.origin import Origin
from dbt_component.project.git.checkout import GitCheckout
from dbt_component.project.git.source import GitSource
from dbt_component.project.git.work_tree_commit import read_work_tree_commit
from dbt_component.project.project import DbtProject
from dbt_component.project.project_settings import ProjectSettings
from dbt_component.selection.criteria import DEFAULT_SELECT, SelectionCriteria


@dataclass(frozen=True)
class DbtProjectArgs:
    """A project in a folder that is not opened yet: in production it may be gone.

    ``commit_links`` asks for the commit of the work tree that the folder lies in, on every asset.
    """

    project_dir: Path
    settings: ProjectSettings = field(default_factory=ProjectSettings)
    commit_links: bool = False
    link_template: str | None = None

    def open(self) -> DbtProject:
        """Opens the project where it lives."""
        return self.settings.open(self.project_dir)

    def read_origin(self) -> Origin | None:
        """The commit of the project's work tree, if it is asked for.

        Raises:
            GitWorkTreeError: The files are those of no commit.
        """
        if not self.commit_links:
            return None
        return read_work_tree_commit(self.project_dir, link_template=self.link_template)


@dataclass(frozen=True)
class GitProjectArgs:
    """A project in a Git repository. ``link_template``: see ``translation.link.link_to_file``."""

    source: GitSource
    settings: ProjectSettings = field(default_factory=ProjectSettings)
    link_template: str | None = None

    def open_checkout(self, checkout: GitCheckout) -> DbtProject:
        """Opens the project in a checkout."""
        return self.settings.open(checkout.project_dir, repository=checkout.root)


ProjectArgs = DbtProjectArgs | GitProjectArgs | DbtProject


class _SettingsModel(StrictModel):
    target_path: str | None = Field(
        default=None,
        description="Folder of dbt's own command line for artifacts. Runs from Dagster do not use it.",
    )
    profile: str | None = Field(
        default=None, description="Profile to use instead of the one in dbt_project.yml."
    )
    target: str | None = Field(
        default=None, description="Target of the profile.", examples=["{{ env.DBT_TARGET }}"]
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


_LINK_TEMPLATE = Field(
    default=None,
    description="Link to a file on a host that is not GitHub, GitLab, Bitbucket or Azure DevOps.",
    examples=["https://git.example.com/repo/src/commit/{commit}/{path}"],
)


class DbtProjectArgsModel(_SettingsModel):
    """A dbt project in a folder."""

    project_dir: str = Field(
        description="Folder of dbt_project.yml; relative to the folder of defs.yaml.",
        examples=["{{ context.project_root }}/transform"],
    )
    profiles_dir: str | None = Field(
        default=None,
        description="Folder of profiles.yml; relative to the folder of defs.yaml. By default"
        " DBT_PROFILES_DIR, the project folder or ~/.dbt, whichever has one.",
    )
    packaged_project_dir: str | None = Field(
        default=None,
        description="A copy of the project to use in production if it exists; relative to the folder"
        " of defs.yaml.",
    )
    commit_links: bool | str | None = Field(
        default=None,
        description="Whether assets carry the commit of the Git work tree that the folder lies in, and"
        " links to their files at that commit. Uncommitted changes leave both out. Default: no.",
    )
    link_template: str | None = _LINK_TEMPLATE


class GitProjectArgsModel(_SettingsModel):
    """A dbt project in a Git repository."""

    repo_url: str = Field(
        description="URL of the repository: https, ssh (also user@host:path) or file.",
        examples=["https://github.com/my-org/my-repo.git", "git@github.com:my-org/my-repo.git"],
    )
    ref: str | None = Field(
        default=None,
        description="Branch, tag or full commit. Default: the remote's default branch.",
        examples=["main", "v1.4.0"],
    )
    repo_relative_path: str | None = Field(
        default=None, description="Folder of dbt_project.yml in the repository. Default: its root."
    )
    token: str | None = Field(
        default=None,
        description="Token for https. Default: GITHUB_TOKEN, for github_token_hosts only. Kept out of"
        " URLs, files, logs and the state.",
        examples=["{{ env.DBT_REPO_TOKEN }}"],
    )
    username: str | None = Field(default=None, description="User name that goes with the token.")
    ssh_key_path: str | None = Field(
        default=None,
        description="Private key for ssh; relative to the folder of defs.yaml. Default: ssh's agent.",
    )
    ssh_known_hosts_path: str | None = Field(
        default=None,
        description="File of known host keys for ssh; relative to the folder of defs.yaml. Default:"
        " ssh's own.",
    )
    ssh_strict_host_key_checking: Literal["accept-new", "yes"] | None = Field(
        default=None,
        description="`accept-new` trusts a host when it is first seen and refuses it when its key has"
        " changed; `yes` trusts known hosts only. Default: accept-new.",
    )
    submodules: bool | str | None = Field(
        default=None, description="Whether to fetch submodules. Default: no."
    )
    github_token_hosts: list[str] | None = Field(
        default=None, description="Hosts that may get GITHUB_TOKEN. Default: github.com."
    )
    timeout_seconds: float | str | None = Field(
        default=None, description="Limit for fetching. Default: 300."
    )
    max_bytes: int | str | None = Field(
        default=None, description="Limit for the size of what is fetched. Default: 2 GiB."
    )
    link_template: str | None = _LINK_TEMPLATE
    profiles_dir: str | None = Field(
        default=None,
        description="Folder of profiles.yml: relative to the root of the repository, or an absolute"
        " path on this machine. Default: the project's folder, or ~/.dbt.",
    )


def _form_of(value: Any) -> str:
    if isinstance(value, str):
        return "path"
    if isinstance(value, dict):
        return "git" if "repo_url" in value else "folder"
    return "git" if isinstance(value, GitProjectArgsModel) else "folder"


ProjectModel = Annotated[
    Annotated[str, Tag("path")]
    | Annotated[DbtProjectArgsModel, Tag("folder")]
    | Annotated[GitProjectArgsModel, Tag("git")],
    Discriminator(_form_of),
]
"""A path, or one of the mapping forms; the key ``repo_url`` makes it the Git form."""

_PATHS = ("project_dir", "packaged_project_dir", "ssh_key_path", "ssh_known_hosts_path")
_SETTINGS = frozenset(_SettingsModel.model_fields)


def resolve_project(context: ResolutionContext, value: Any) -> ProjectArgs:
    """A path, or a mapping form, into project arguments; paths start at the folder of defs.yaml."""
    if isinstance(value, (DbtProject, DbtProjectArgs, GitProjectArgs)):
        return value
    if isinstance(value, (str, Path)):
        return DbtProjectArgs(context.resolve_source_relative_path(str(value)))
    given = {
        name: context.at_path(name).resolve_value(getattr(value, name))
        for name in sorted(value.model_fields_set)
    }
    given = {name: item for name, item in given.items() if item is not None}
    settings = {name: given.pop(name) for name in list(given) if name in _SETTINGS}
    for name in _PATHS:
        if name in given:
            given[name] = context.resolve_source_relative_path(str(given[name]))
    profiles_dir = given.pop("profiles_dir", None)
    if isinstance(value, DbtProjectArgsModel):
        if profiles_dir is not None:
            settings["local_profiles_dir"] = context.resolve_source_relative_path(str(profiles_dir))
        if "packaged_project_dir" in given:
            settings["packaged_project_dir"] = given["packaged_project_dir"]
        return DbtProjectArgs(
            given["project_dir"],
            ProjectSettings(**settings),
            commit_links=bool(given.get("commit_links")),
            link_template=given.get("link_template"),
        )
    link_template = given.pop("link_template", None)
    if profiles_dir is not None:
        if Path(str(profiles_dir)).is_absolute():
            settings["local_profiles_dir"] = Path(str(profiles_dir))
        else:
            settings["repository_profiles_dir"] = str(profiles_dir)
            given["extra_paths"] = (str(profiles_dir),)
    if "github_token_hosts" in given:
        given["github_token_hosts"] = tuple(given["github_token_hosts"])
    source = GitSource(**given)
    source.validate()
    return GitProjectArgs(source, ProjectSettings(**settings), link_template)


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


class WatchModel(StrictResolvable):
    """A sensor that looks at a Git project's ref and refreshes the state when it moved."""

    interval_seconds: int = Field(
        default=60, ge=5, description="How often to ask the remote for the commit."
    )
    default_status: Literal["RUNNING", "STOPPED"] = Field(
        default="STOPPED",
        description="Whether the sensor runs before anybody switched it on or off.",
    )
    reload_url: str | None = Field(
        default=None,
        description="Address of Dagster's web server, asked to reload the code location when the state"
        " changed.",
        examples=["http://dagster-webserver:3000"],
    )
    location_name: str | None = Field(
        default=None, description="Name of this code location in that web server."
    )

    def settings(self) -> WatchSettings:
        return WatchSettings(
            interval_seconds=self.interval_seconds,
            default_status=dg.DefaultSensorStatus[self.default_status],
            reload_url=self.reload_url,
            location_name=self.location_name,
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
