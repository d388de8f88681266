"""Settings of a dbt project that do not depend on its folder."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from dbt_component.project.project import DbtProject
from dbt_component.project.working_folder import WorkingFolder


@dataclass(frozen=True)
class ProjectSettings:
    """Arguments of a DbtProject other than its folder; unset ones keep the defaults.

    ``local_profiles_dir`` is a folder on this machine; ``repository_profiles_dir`` is a folder in the
    repository, relative to its root.
    """

    target_path: str | None = None
    local_profiles_dir: Path | None = None
    repository_profiles_dir: str | None = None
    profile: str | None = None
    target: str | None = None
    packaged_project_dir: Path | None = None
    state_path: str | None = None
    prepare_project_cli_args: Sequence[str] | None = None
    vars: Mapping[str, Any] = field(default_factory=dict)
    dbt_executable: str | None = None

    @classmethod
    def of(cls, project: DbtProject) -> "ProjectSettings":
        """Returns the settings of an open project."""
        return cls(
            target_path=str(project.target_path),
            local_profiles_dir=project.profiles_dir,
            profile=project.profile,
            target=project.target,
            packaged_project_dir=project.packaged_project_dir,
            state_path=None if project.state_path is None else str(project.state_path.absolute()),
            prepare_project_cli_args=project.prepare_project_cli_args,
            vars=project.vars,
            dbt_executable=project.dbt_executable,
        )

    def open(
        self,
        project_dir: Path,
        *,
        repository: Path | None = None,
        is_copy: bool = False,
        working_folder: WorkingFolder | None = None,
    ) -> DbtProject:
        """Opens the project in a folder.

        Args:
            project_dir: The folder.
            repository: The root of the checkout that contains it.
            is_copy: Whether it is the copy from a state, which has its own profiles.yml. A missing
                ``local_profiles_dir`` is then ignored.
            working_folder: Where to run dbt; shows the files of the project there. Default: in the folder.
        """
        profiles_dir = self.local_profiles_dir
        if profiles_dir is not None and is_copy and not profiles_dir.is_dir():
            profiles_dir = None
        if self.repository_profiles_dir is not None and repository is not None:
            profiles_dir = repository / self.repository_profiles_dir
        given: dict[str, Any] = {
            "target_path": self.target_path,
            "profiles_dir": profiles_dir,
            "profile": self.profile,
            "target": self.target,
            "packaged_project_dir": self.packaged_project_dir,
            "state_path": self.state_path,
            "prepare_project_cli_args": self.prepare_project_cli_args,
            "vars": self.vars,
            "dbt_executable": self.dbt_executable,
            "working_dir": None if working_folder is None else working_folder.lay_out(project_dir),
        }
        chosen = {name: value for name, value in given.items() if value is not None}
        return DbtProject(project_dir, needs_profiles=False, **chosen)
