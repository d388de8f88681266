"""Reads the few fields of dbt_project.yml that are needed without starting dbt."""

import os
from pathlib import Path
from typing import Any

import msgspec
import yaml

from dbt_component.errors import (
    DagsterDbtProjectNotFoundError,
    DagsterDbtProjectYmlFileNotFoundError,
    ProjectFileError,
)

PROJECT_FILE = "dbt_project.yml"
_PATH_FIELDS = {
    "model-paths": ["models"],
    "seed-paths": ["seeds"],
    "test-paths": ["tests"],
    "analysis-paths": ["analyses"],
    "macro-paths": ["macros"],
    "snapshot-paths": ["snapshots"],
    "function-paths": ["functions"],
    "docs-paths": [],
    "asset-paths": [],
}
# Names from before dbt 1.0, which dbt still accepts.
_FORMER_FIELDS = {"model-paths": "source-paths", "seed-paths": "data-paths"}
# Upwards from a wrong path, to suggest a right one.
_SEARCHED_LEVELS = 5


class ProjectYml(msgspec.Struct, frozen=True):
    """The parsed file. ``resource_paths`` are the folders that hold the project's own files.

    A folder is relative to the project, and may be outside of it, or absolute.
    """

    name: str
    profile: str | None
    packages_install_path: str
    target_path: str
    resource_paths: list[str]
    vars: dict[str, Any]


def load_yaml(path: Path) -> Any:
    """Reads a YAML file.

    Raises:
        ProjectFileError: The file is not YAML; the message holds line and column.
    """
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        with path.open("rb") as file:
            return yaml.load(file, Loader=loader)  # noqa: S506 - a safe loader either way
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise ProjectFileError(f"Not valid YAML: {error}", where=str(path)) from error


def read_project_yml(project_dir: Path) -> ProjectYml:
    """Reads ``dbt_project.yml`` of a project folder. Jinja in it is not rendered.

    Raises:
        DagsterDbtProjectNotFoundError: The folder does not exist.
        DagsterDbtProjectYmlFileNotFoundError: It holds no dbt_project.yml.
        ProjectFileError: The file is not YAML, not a mapping, or has no ``name``.
    """
    if not project_dir.is_dir():
        raise DagsterDbtProjectNotFoundError(
            f"dbt project folder {str(project_dir)!r} does not exist.",
            hint=_near(project_dir),
        )
    path = project_dir / PROJECT_FILE
    if not path.exists():
        raise DagsterDbtProjectYmlFileNotFoundError(
            f"No dbt_project.yml in {str(project_dir)!r}.",
            hint=_near(project_dir),
        )
    content = load_yaml(path)
    if not isinstance(content, dict) or not isinstance(content.get("name"), str):
        raise ProjectFileError("dbt_project.yml must be a mapping with a `name`.", where=str(path))
    resource_paths: list[str] = []
    for field, default in _PATH_FIELDS.items():
        value: Any = content.get(field, content.get(_FORMER_FIELDS.get(field, field), default))
        resource_paths.extend(value if isinstance(value, list) else [value])
    return ProjectYml(
        name=content["name"],
        profile=content.get("profile"),
        packages_install_path=str(content.get("packages-install-path") or "dbt_packages"),
        target_path=str(content.get("target-path") or "target"),
        resource_paths=list(dict.fromkeys(str(p) for p in resource_paths)),
        vars=content.get("vars") or {},
    )


def _near(folder: Path) -> str:
    """Names dbt projects near a folder that is none, and says where relative paths start."""
    if not folder.is_absolute():
        return f"Relative paths start at the current working directory, {os.getcwd()!r}."
    existing = next(parent for parent in (folder, *folder.parents) if parent.is_dir())
    start = (
        "In defs.yaml, relative paths start at the folder of defs.yaml, and"
        " `{{ context.project_root }}` is the folder of the Dagster project."
    )
    for place in (existing, *existing.parents)[:_SEARCHED_LEVELS]:
        found = sorted({*place.glob("dbt_project.yml"), *place.glob("*/dbt_project.yml")})
        if found:
            names = ", ".join(repr(str(path.parent)) for path in found[:3])
            return f"There is a dbt project in {names}. {start}"
    return start
