"""A dbt project in a folder, which may exist only on the machine where the state was prepared."""

import logging
import os
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from dbt_component.errors import GitWorkTreeError, ProjectError
from dbt_component.manifest.origin import Origin
from dbt_component.project.git.work_tree_commit import read_work_tree_commit
from dbt_component.project.project import DbtProject
from dbt_component.project.project_settings import ProjectSettings
from dbt_component.project.refresh import RefreshOutcome, refresh_from_folder
from dbt_component.project.refresh_request import RefreshRequest
from dbt_component.project.source import StateName
from dbt_component.project.working_folder import WorkingFolder

_logger = logging.getLogger("dbt_component")


@dataclass(frozen=True)
class FolderSource:
    """A project in a folder. It is opened only when needed: in production the folder may not exist.

    Args:
        project_dir: Folder of dbt_project.yml.
        settings: Settings to open the project with.
        commit_links: Whether assets carry the commit of the work tree that contains the folder.
        link_template: See ``translation.link.link_to_file``.
        opened: The project, if the user has opened it already; it is then used unchanged.
    """

    project_dir: Path
    settings: ProjectSettings = field(default_factory=ProjectSettings)
    commit_links: bool = False
    link_template: str | None = None
    opened: DbtProject | None = None

    remote_commit = None

    @classmethod
    def of(cls, project: DbtProject) -> "FolderSource":
        """Returns the source of a project that is already open."""
        return cls(project.project_dir, ProjectSettings.of(project), opened=project)

    def state_name(self, root: Path) -> StateName:
        """The folder relative to ``root``, so that an image built elsewhere finds its state."""
        relative = os.path.relpath(Path(self.project_dir).resolve(), root.resolve())
        return StateName(relative.replace(os.sep, "/"), {})

    def refresh(self, request: RefreshRequest) -> RefreshOutcome:
        """Brings a state up to date with the folder.

        Raises:
            ProjectError: There is no such folder, or it holds no dbt project.
            PrepareError: dbt failed. The previous state is untouched.
            SelectionError: dbt does not accept a selection.
        """
        return refresh_from_folder(self._open_here(), request, origin=self.origin(None))

    def open(
        self, unpack: Callable[[], Path], working_folder: WorkingFolder | None = None
    ) -> DbtProject:
        """The project in its folder, or the copy from the state if the folder does not exist."""
        try:
            return self._open_here()
        except ProjectError:
            _logger.info(
                "%s is not on this machine; using the copy from the state.%s",
                self.project_dir,
                ""
                if working_folder is None
                else f" Relative paths of databases lead to {working_folder.project}.",
            )
        return self.settings.open(unpack(), is_copy=True, working_folder=working_folder)

    def find_folder(self) -> DbtProject | None:
        """The project in its folder; ``None`` if the folder does not exist."""
        try:
            return self._open_here()
        except ProjectError:
            return None

    def origin(self, recorded: Origin | None) -> Origin | None:
        """The commit of the work tree; ``None`` without ``commit_links`` or if files differ from it."""
        if not self.commit_links:
            return None
        try:
            return read_work_tree_commit(self.project_dir, link_template=self.link_template)
        except GitWorkTreeError as error:
            _logger.warning("Assets carry no commit: %s", error)
            return None

    def _open_here(self) -> DbtProject:
        return self.opened or self.settings.open(self.project_dir)
