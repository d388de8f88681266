"""The environment variables of every dbt process that this package starts."""

from pathlib import Path

from dbt_component.dbt_process.variables import (
    EXCLUDE_RESOURCE_TYPES,
    RESOURCE_TYPES,
    in_every_inherited_spelling,
)
from dbt_component.project.local_project import LocalProject


def dbt_environment(
    project: LocalProject, *, target_path: Path, chooses_its_nodes: bool = False
) -> dict[str, str]:
    """Variables to set on top of the inherited ones: where dbt reads the project, and where it writes.

    Args:
        project: The project.
        target_path: The folder for dbt's artifacts and log.
        chooses_its_nodes: Whether the command runs as the user gave it. Resource types in the environment
            then apply; otherwise they are arguments of the command, and nothing else may narrow it.

    Raises:
        DagsterDbtProfilesDirectoryNotFoundError: No profiles.yml was found.
    """
    values = {
        "DBT_SEND_ANONYMOUS_USAGE_STATS": "false",
        "DBT_PROJECT_DIR": str(project.project_dir.resolve()),
        "DBT_PROFILES_DIR": str(project.find_profiles_dir()),
        "DBT_TARGET_PATH": str(target_path),
        "DBT_LOG_PATH": str(target_path),
        "DBT_PARTIAL_PARSE_FILE_PATH": "",
        "DBT_WRITE_JSON": "true",
    }
    if not chooses_its_nodes:
        values |= {RESOURCE_TYPES: "", EXCLUDE_RESOURCE_TYPES: ""}
    return {"DAGSTER_DBT_CLI": "true", **in_every_inherited_spelling(values.items())}
