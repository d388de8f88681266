"""``dbt_cli_resource``: the dbt command line as a resource with a config schema."""

import warnings
from pathlib import Path
from typing import Any

import dagster as dg

from dbt_component.api.older.cli_client import DbtCliClient
from dbt_component.api.older.flags import with_underscores
from dbt_component.project.project import DbtProject

_WITHOUT_EFFECT = ("json_log_format", "capture_logs")


def _text(description: str) -> dg.Field:
    return dg.Field(dg.StringSource, is_required=False, description=description)


def _switch(description: str) -> dg.Field:
    return dg.Field(dg.BoolSource, is_required=False, description=description)


_SCHEMA = dg.Permissive(  # type: ignore[no-untyped-call]
    {
        "project_dir": _text("Folder of dbt_project.yml. Default: the current folder."),
        "profiles_dir": _text(
            "Folder of profiles.yml. Default: DBT_PROFILES_DIR, the project folder or ~/.dbt, whichever has one."
        ),
        "profile": _text("Profile to use instead of the one in dbt_project.yml."),
        "target": _text("Target of the profile."),
        "vars": dg.Field(dict, is_required=False, description="Variables, by name."),
        "dbt_executable": _text("A `dbt` of another Python environment, or a wrapper around one."),
        "target_path": _text(
            "Folder for artifacts, relative to the project. Default: a new folder for each command."
        ),
        "docs_url": _text("Where the project's documentation is served."),
        "ignore_handled_error": _switch(
            "Whether failed nodes are no error. Other failures of dbt are."
        ),
        "warn_error": _switch("Whether dbt treats warnings as errors."),
        "bypass_cache": _switch(
            "Whether dbt starts without its cache of the database's relations."
        ),
        "debug": _switch("Whether dbt reports debug messages."),
        "json_log_format": _switch("Without effect: events do not come from dbt's log."),
        "capture_logs": _switch("Without effect: dbt's text is in the step's output."),
    }
)


@dg.resource(
    config_schema=_SCHEMA,
    description="dbt commands in one project. Other keys than those of the schema are options of every command,"
    " for example `threads: 8`. DbtCliResource supersedes this resource.",
)
def dbt_cli_resource(context: dg.InitResourceContext) -> DbtCliClient:
    """A ``DbtCliClient`` for the configured project."""
    warnings.warn(
        "`dbt_cli_resource` is superseded. Use `DbtCliResource(project_dir=…)` instead; `@dbt_assets` functions take"
        " it as a parameter.",
        dg.SupersessionWarning,
        stacklevel=2,
    )
    config = with_underscores(context.resource_config)
    for name in _WITHOUT_EFFECT:
        if config.pop(name, None) is not None and context.log is not None:
            context.log.warning(
                "`%s` of dbt_cli_resource has no effect: dbt's text is in the step's output.", name
            )
    project = _project(config)
    target_path = config.pop("target_path", None)
    return DbtCliClient(
        project,
        ignore_handled_error=config.pop("ignore_handled_error", False),
        docs_url=config.pop("docs_url", None),
        target_path=None if target_path is None else project.project_dir / target_path,
        flags=config,
    )


def _project(config: dict[str, Any]) -> DbtProject:
    """The configured project; takes its settings out of the configuration."""
    profiles_dir = config.pop("profiles_dir", None)
    return DbtProject(
        Path(config.pop("project_dir", ".")),
        profiles_dir=None if profiles_dir is None else Path(profiles_dir),
        profile=config.pop("profile", None),
        target=config.pop("target", None),
        vars=config.pop("vars", None) or {},
        dbt_executable=config.pop("dbt_executable", None),
    )
