"""Where a dbt project comes from: a folder, a Git repository."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple, Protocol

from dbt_component.manifest.origin import Origin
from dbt_component.project.project import DbtProject
from dbt_component.project.project_settings import ProjectSettings
from dbt_component.project.refresh import RefreshOutcome
from dbt_component.project.refresh_request import RefreshRequest


class StateName(NamedTuple):
    """What the default key of a state is made of.

    ``name`` is for people; ``parts`` are whatever else tells two sources apart, as plain JSON values.
    """

    name: str
    parts: dict[str, Any]


class ProjectSource(Protocol):
    """A project that may not be on this machine. ``FolderSource`` and ``GitProjectSource`` implement it."""

    @property
    def settings(self) -> ProjectSettings: ...

    @property
    def remote_commit(self) -> Callable[[], str] | None:
        """Asks the remote for the newest commit; ``None`` for a project without a remote."""

    def state_name(self, root: Path) -> StateName:
        """A name that is the same on every machine.

        Args:
            root: The Dagster project's folder; folders enter relative to it.
        """

    def refresh(self, request: RefreshRequest) -> RefreshOutcome:
        """Brings a state up to date with the project.

        Raises:
            ProjectError: The project can't be reached.
            PrepareError: dbt failed. The former state is untouched.
            SelectionError: dbt does not accept a selection.
        """

    def open(self, unpack: Callable[[], Path]) -> DbtProject:
        """The project where it lives; where it does not live here, the copy out of the state.

        Args:
            unpack: Unpacks that copy and returns its folder.

        Raises:
            ProjectError: The copy can't be used either.
        """

    def find_folder(self) -> DbtProject | None:
        """The project for links to its files; ``None`` if no folder of this machine is its home."""

    def origin(self, recorded: Origin | None) -> Origin | None:
        """The commit that a state made now would record, if a remote branch has not moved.

        Args:
            recorded: The commit in the present state.
        """
