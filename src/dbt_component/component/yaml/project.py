"""``project:`` of defs.yaml: the path of a folder, or the settings of a folder or a Git repository."""

from pathlib import Path
from typing import Annotated, Any, Literal

from dagster import ResolutionContext
from pydantic import Discriminator, Field, Tag

from dbt_component.component.yaml.strict_model import Condition, StrictModel
from dbt_component.component.yaml.template_value import resolve_template
from dbt_component.project.folder import FolderSource
from dbt_component.project.git.git_project import GitProjectSource
from dbt_component.project.git.source import GitSource
from dbt_component.project.project import DbtProject
from dbt_component.project.project_settings import ProjectSettings
from dbt_component.project.source import ProjectSource


class _SettingsModel(StrictModel):
    target_path: str | None = Field(
        default=None,
        description="Folder in which dbt's own command line writes artifacts. Runs from Dagster do not use"
        " it.",
    )
    profile: str | None = Field(
        default=None, description="Profile to use instead of the one in dbt_project.yml."
    )
    target: str | None = Field(
        default=None, description="Target of the profile.", examples=["{{ env('DBT_TARGET') }}"]
    )
    state_path: str | None = Field(
        default=None,
        description="Folder of a manifest to compare with or defer to, relative to the project.",
    )
    prepare_project_cli_args: list[str] | str | None = Field(
        default=None,
        description="The dbt command that prepares the project. Default: parse.",
        examples=[["compile"]],
    )
    vars: dict[str, Any] | str | None = Field(
        default=None,
        description="Variables for every dbt command, during preparation and at run time.",
        examples=[{"start_date": "2024-01-01"}],
    )
    dbt_executable: str | None = Field(
        default=None,
        description="The `dbt` of another Python environment.",
        examples=["/opt/dbt/bin/dbt"],
    )


_LINK_TEMPLATE = Field(
    default=None,
    description="Template for links to files on a host other than GitHub, GitLab, Bitbucket or Azure DevOps.",
    examples=["https://git.example.com/repo/src/commit/{commit}/{path}"],
)


class DbtProjectArgsModel(_SettingsModel):
    """A dbt project in a folder."""

    project_dir: str = Field(
        description="Folder of dbt_project.yml, relative to the folder of defs.yaml.",
        examples=["{{ context.project_root }}/transform"],
    )
    profiles_dir: str | None = Field(
        default=None,
        description="Folder of profiles.yml, relative to the folder of defs.yaml. Default: the first of"
        " DBT_PROFILES_DIR, the project folder and ~/.dbt that contains one.",
    )
    packaged_project_dir: str | None = Field(
        default=None,
        description="A copy of the project to use in production if it exists, relative to the folder"
        " of defs.yaml.",
    )
    commit_links: bool | str | None = Field(
        default=None,
        description="Whether assets carry the commit of the Git work tree that contains the folder, and"
        " links to their files at that commit. Both are omitted if there are uncommitted changes. Default:"
        " no.",
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
        default=None,
        description="Folder of dbt_project.yml in the repository. Default: the root.",
    )
    token: str | None = Field(
        default=None,
        description="Token for https. Default: GITHUB_TOKEN, for github_token_hosts only. It never appears"
        " in URLs, files, logs or the state.",
        examples=["{{ env('DBT_REPO_TOKEN') }}"],
    )
    username: str | None = Field(default=None, description="User name to send with the token.")
    ssh_key_path: str | None = Field(
        default=None,
        description="Private key for ssh, relative to the folder of defs.yaml. Default: the ssh agent.",
    )
    ssh_known_hosts_path: str | None = Field(
        default=None,
        description="File of known host keys for ssh, relative to the folder of defs.yaml. Default:"
        " ssh's own file.",
    )
    ssh_strict_host_key_checking: Literal["accept-new", "yes"] | None = Field(
        default=None,
        description="`accept-new` trusts a host on first use and rejects it if its key changes later;"
        " `yes` trusts known hosts only. Default: accept-new.",
    )
    submodules: bool | str | None = Field(
        default=None, description="Whether to fetch submodules. Default: no."
    )
    github_token_hosts: list[str] | None = Field(
        default=None, description="Hosts that may receive GITHUB_TOKEN. Default: github.com."
    )
    timeout_seconds: float | str | None = Field(
        default=None, description="Time limit for fetching, in seconds. Default: 300."
    )
    max_bytes: int | str | None = Field(
        default=None, description="Size limit for fetching, in bytes. Default: 2 GiB."
    )
    link_template: str | None = _LINK_TEMPLATE
    profiles_dir: str | None = Field(
        default=None,
        description="Folder of profiles.yml: relative to the root of the repository, or an absolute"
        " path on this machine. Default: the first of DBT_PROFILES_DIR, the project folder and ~/.dbt that"
        " contains one.",
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
    Condition({"not": {"required": ["repo_url"]}}),
]
"""A path, or one of the mapping forms; the key ``repo_url`` marks the Git form."""

_PATHS = ("project_dir", "packaged_project_dir", "ssh_key_path", "ssh_known_hosts_path")
_MAY_BE_EMPTY = ("vars", "prepare_project_cli_args")
_SETTINGS = frozenset(_SettingsModel.model_fields)


def resolve_project(context: ResolutionContext, value: Any) -> ProjectSource:
    """Turns a path or a mapping form into a project source; paths are relative to the folder of defs.yaml.

    Raises:
        DefinitionError: A template has no value, for example because its variable is not set.
        GitInputError: Settings of the repository are invalid.
    """
    if isinstance(value, str):
        value = resolve_template(context, value)
    if isinstance(value, DbtProject):
        return FolderSource.of(value)
    if isinstance(value, (str, Path)):
        return FolderSource(context.resolve_source_relative_path(str(value)))
    if not isinstance(value, _SettingsModel):
        source: ProjectSource = value
        return source
    given = {
        name: resolve_template(
            context.at_path(name), getattr(value, name), allow_empty=name in _MAY_BE_EMPTY
        )
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
        return FolderSource(
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
    repository = GitSource(**given)
    repository.validate()
    return GitProjectSource(repository, ProjectSettings(**settings), link_template)
