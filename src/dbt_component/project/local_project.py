"""A dbt project on this machine: its folder, and what dbt needs to run it."""

import hashlib
import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from dbt_component.dbt_process.variables import PROFILES_DIR, find_variable
from dbt_component.errors import DagsterDbtProfilesDirectoryNotFoundError
from dbt_component.project.project_yml import ProjectYml, read_project_yml


@dataclass(frozen=True)
class LocalProject:
    """What dbt needs to prepare and to run a project.

    ``DbtProject`` describes the fields, and adds a preparer: this class is what a preparer works on.

    Raises:
        DagsterDbtProjectNotFoundError: The folder does not exist.
        DagsterDbtProjectYmlFileNotFoundError: It holds no dbt_project.yml.
    """

    project_dir: Path
    target_path: Path = Path("target")
    profiles_dir: Path | None = None
    profile: str | None = None
    target: str | None = None
    packaged_project_dir: Path | None = None
    state_path: Path | None = None
    prepare_project_cli_args: Sequence[str] = ("parse",)
    vars: Mapping[str, Any] = field(default_factory=dict)
    dbt_executable: str | None = None
    working_dir: Path | None = None
    yml: ProjectYml = field(init=False, repr=False)

    def __post_init__(self) -> None:
        project_dir = Path(self.project_dir)
        packaged = None if self.packaged_project_dir is None else Path(self.packaged_project_dir)
        if packaged is not None and not os.getenv("DAGSTER_IS_DEV_CLI") and packaged.exists():
            project_dir = packaged
        set_field = object.__setattr__
        set_field(self, "project_dir", project_dir)
        set_field(self, "target_path", Path(self.target_path))
        set_field(self, "packaged_project_dir", packaged)
        if self.profiles_dir is not None:
            set_field(self, "profiles_dir", Path(self.profiles_dir))
        if self.state_path is not None:
            set_field(self, "state_path", project_dir / self.state_path)
        set_field(self, "prepare_project_cli_args", tuple(self.prepare_project_cli_args))
        set_field(self, "yml", read_project_yml(project_dir))

    @cached_property
    def absolute_dir(self) -> str:
        """``project_dir`` for display: absolute and without ``..``, through links as little as possible."""
        return normal_path(os.getcwd(), str(self.project_dir))

    @property
    def name(self) -> str:
        """The name in dbt_project.yml."""
        return self.yml.name

    @property
    def run_dir(self) -> Path:
        """The absolute path of the folder to run dbt in."""
        return (self.working_dir or self.project_dir).resolve()

    @property
    def manifest_path(self) -> Path:
        """Where dbt writes manifest.json; there may be none yet."""
        return self.project_dir / self.target_path / "manifest.json"

    @property
    def vars_digest(self) -> str:
        """Hash of all variables that the project is parsed with; part of the code version of what reads them."""
        text = json.dumps([self.yml.vars, dict(self.vars)], sort_keys=True, default=str)
        return hashlib.sha256(text.encode()).hexdigest()

    def find_profiles_dir(self) -> Path:
        """The folder of the profiles.yml to use.

        Raises:
            DagsterDbtProfilesDirectoryNotFoundError: None was found; the message lists the folders searched.
        """
        if self.profiles_dir is not None:
            places = [self.profiles_dir]
        else:
            places = [self.project_dir, Path(os.path.expanduser("~/.dbt"))]
            if found := find_variable(PROFILES_DIR, os.environ):
                places.insert(0, Path(found[1]))
        for place in places:
            if (place / "profiles.yml").is_file():
                return place.resolve()
        hint = "Add profiles.yml beside dbt_project.yml, or set `profiles_dir` of the project."
        if self.profiles_dir is not None:
            beside = self.project_dir / "profiles.yml"
            hint = "Set `profiles_dir` to the folder that contains profiles.yml."
            if beside.is_file():
                hint += f" There is one in {self.absolute_dir!r}, which is used if `profiles_dir` is removed."
        looked = ", ".join(repr(str(place)) for place in places)
        raise DagsterDbtProfilesDirectoryNotFoundError(
            f"No profiles.yml for dbt project {self.name!r}; looked in {looked}.",
            where=self.absolute_dir,
            key="project.profiles_dir" if self.profiles_dir is not None else "project",
            hint=hint,
        )


def normal_path(folder: str, path: str) -> str:
    """``path`` in an absolute ``folder``, without ``..``; links are followed only where ``..`` needs it."""
    joined = os.path.join(folder, path)
    has_dots = os.pardir in joined.split(os.sep)
    return os.path.realpath(joined) if has_dots else os.path.normpath(joined)
