"""The environment variables of every dbt process that this package starts."""

from pathlib import Path

from dbt_component.project.project import DbtProject


def dbt_environment(project: DbtProject, *, target_path: Path) -> dict[str, str]:
    """Variables to set on top of the inherited ones: where dbt reads the project, and where it writes.

    Raises:
        DagsterDbtProfilesDirectoryNotFoundError: No profiles.yml was found.
    """
    return {
        "DAGSTER_DBT_CLI": "true",
        "DBT_SEND_ANONYMOUS_USAGE_STATS": "false",
        "DBT_PROJECT_DIR": str(project.project_dir.resolve()),
        "DBT_PROFILES_DIR": str(project.find_profiles_dir()),
        "DBT_TARGET_PATH": str(target_path),
        "DBT_LOG_PATH": str(target_path),
    }
