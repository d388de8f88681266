"""The interface of a prepared project to definitions and runs."""

from collections.abc import Mapping
from typing import Any, Protocol

from dbt_component.dbt_process.engine import Engine
from dbt_component.dbt_process.parse_cache import ParseCache
from dbt_component.lineage.project_lineage import ProjectLineage
from dbt_component.manifest.manifest import Manifest
from dbt_component.project.compared_state import ComparedState
from dbt_component.project.project import DbtProject
from dbt_component.selection.criteria import SelectionCriteria


class PreparedProject(Protocol):
    """A project whose manifest is known. ``StateProject`` and ``ManifestProject`` implement it."""

    @property
    def manifest(self) -> Manifest: ...

    @property
    def parse_cache(self) -> ParseCache | None:
        """The parse cache that dbt wrote with the manifest; ``None`` if there is none."""

    @property
    def prepared_in(self) -> str | None:
        """The project's folder during preparation; ``None`` if it is unknown."""

    @property
    def lineage(self) -> ProjectLineage | None:
        """The lineage of columns before anything is built; ``None`` if it was not asked for."""

    def select(
        self, criteria: SelectionCriteria, *, compared: ComparedState | None = None
    ) -> frozenset[str]:
        """Unique ids that dbt selects, tests (indirectly selected too) and sources included.

        Args:
            criteria: The selection.
            compared: What it compares with. Default: the artifacts in the project's ``state_path``.

        Raises:
            SelectionError: dbt does not accept the selection.
        """

    def compares(self, criteria: SelectionCriteria) -> bool:
        """Whether a selection compares with another environment's artifacts: then it may be empty for a time."""

    def find_folder(self) -> DbtProject | None:
        """The project in its own folder, for links to files; ``None`` if none is known on this machine."""

    def open(self) -> DbtProject:
        """The project on this machine, opened once.

        Raises:
            ProjectError: The project is not available.
        """

    def differences(
        self,
        project: DbtProject,
        engine: Engine,
        *,
        vars: Mapping[str, Any] | None = None,
        profile: str | None = None,
        target: str | None = None,
    ) -> list[str]:
        """Describes each input of a run that differs from the preparation; empty if none does.

        Args:
            project: The project as it will be run; it need not be the one that was prepared.
            engine: The dbt that will run.
            vars: Variables from the run's command line, if any.
            profile: Profile from the run's command line, if any.
            target: Target from the run's command line, if any.
        """

    def is_env_unchanged(self, name: str) -> bool:
        """Whether an environment variable is known to have the value that it had during preparation."""
