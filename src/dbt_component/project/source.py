"""The source of a dbt project: a folder or a Git repository."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple, Protocol

from dbt_component.manifest.origin import Origin
from dbt_component.project.project import DbtProject
from dbt_component.project.project_settings import ProjectSettings
from dbt_component.project.refresh import RefreshOutcome
from dbt_component.project.refresh_request import RefreshRequest
from dbt_component.project.working_folder import WorkingFolder


class StateName(NamedTuple):
    """The parts of a state's default key that come from the source.

    ``name`` is for people; ``parts`` holds all else that distinguishes two sources, as plain JSON values.
    """

    name: str
    parts: dict[str, Any]


class ProjectSource(Protocol):
    """A project that may not be on this machine. ``FolderSource`` and ``GitProjectSource`` implement it."""

    @property
    def settings(self) -> ProjectSettings: ...

    @property
    def remote_commit(self) -> Callable[[], str] | None:
        """Function that asks the remote for the newest commit; ``None`` for a project without a remote."""

    def state_name(self, root: Path) -> StateName:
        """A name that is the same on every machine.

        Args:
            root: The Dagster project's folder. Names of folders are relative to it.
        """

    def refresh(self, request: RefreshRequest) -> RefreshOutcome:
        """Brings a state up to date with the project.

        Raises:
            ProjectError: The project can't be reached.
            PrepareError: dbt failed. The previous state is untouched.
            SelectionError: dbt does not accept a selection.
        """

    def open(
        self, unpack: Callable[[], Path], working_folder: WorkingFolder | None = None
    ) -> DbtProject:
        """The project in its own folder, or the copy from the state if there is none on this machine.

        Args:
            unpack: Unpacks that copy and returns its folder.
            working_folder: Where to run dbt on that copy. Default: in the copy.

        Raises:
            ProjectError: The copy can't be used either.
        """

    def find_folder(self) -> DbtProject | None:
        """The project in its own folder, for links to files; ``None`` if there is none on this machine."""

    def origin(self, recorded: Origin | None) -> Origin | None:
        """The commit that a new state would record, assuming that a remote branch has not moved.

        Args:
            recorded: The commit in the current state.
        """
