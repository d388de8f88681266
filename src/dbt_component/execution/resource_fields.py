"""Checks the values of ``DbtCliResource`` when it is constructed."""

import os
import shutil
from pathlib import Path
from typing import Any

import dagster as dg

from dbt_component.project.project_yml import PROJECT_FILE


class KnownText(str):
    """A value that was checked elsewhere, and is taken as it is."""


def is_deferred(value: Any) -> bool:
    """Whether a value is not to be checked now: it is absent, known, or read from the environment in each run."""
    return value is None or isinstance(value, (dg.EnvVar, KnownText))


def checked_project_dir(value: Any) -> Any:
    """The absolute folder of a dbt project. Raises ValueError if it is none."""
    if is_deferred(value):
        return value
    folder = _existing_folder(value, "project_dir")
    if not (folder / PROJECT_FILE).is_file():
        raise ValueError(
            f"project_dir {str(folder)!r} does not contain a {PROJECT_FILE} file. Give the folder of a dbt project."
        )
    return str(folder)


def checked_profiles_dir(value: Any) -> Any:
    """The absolute folder of profiles.yml. Raises ValueError if it is not there."""
    if is_deferred(value):
        return value
    folder = _existing_folder(value, "profiles_dir")
    if not (folder / "profiles.yml").is_file():
        raise ValueError(
            f"profiles_dir {str(folder)!r} does not contain a profiles.yml file. Give the folder that contains it."
        )
    return str(folder)


def checked_executable(value: Any) -> Any:
    """A program on PATH. Raises ValueError if there is none."""
    if is_deferred(value):
        return value
    name = os.fspath(value)
    if shutil.which(name) is None:
        raise ValueError(
            f"The dbt executable {name!r} was not found on PATH. Give the path of a `dbt` that exists, or leave"
            " `dbt_executable` out to use the dbt-core of this Python environment (`pip install dbt-core` and an"
            " adapter such as `dbt-postgres`)."
        )
    return name


def absolute_state_path(value: Any, project_dir: Any) -> Any:
    """The folder of a manifest to compare with, which need not exist; a relative one is joined to the project."""
    if is_deferred(value) or is_deferred(project_dir):
        return os.fspath(value) if isinstance(value, Path) else value
    return str(Path(os.fspath(project_dir), os.fspath(value)).resolve())


def _existing_folder(value: Any, name: str) -> Path:
    if not isinstance(value, (str, os.PathLike)):
        raise ValueError(f"{name} is a {type(value).__name__}. Give a path.")
    folder = Path(value).absolute()
    if not folder.exists():
        raise ValueError(
            f"The path of {name} {os.fspath(value)!r} ({str(folder)!r}) does not exist."
        )
    return folder.resolve()
