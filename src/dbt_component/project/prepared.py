"""What definitions and runs ask of a project that was prepared, whichever way it was."""

from collections.abc import Mapping
from typing import Any, Protocol

from dbt_component.dbt_process.engine import Engine
from dbt_component.dbt_process.parse_cache import ParseCache
from dbt_component.manifest.manifest import Manifest
from dbt_component.project.project import DbtProject
from dbt_component.selection.criteria import SelectionCriteria


class PreparedProject(Protocol):
    """A project whose manifest is known. ``StateProject`` and ``ManifestProject`` implement it."""

    @property
    def manifest(self) -> Manifest: ...

    @property
    def parse_cache(self) -> ParseCache | None:
        """dbt's parse cache of the same moment as the manifest; ``None`` if there is none."""

    @property
    def prepared_in(self) -> str | None:
        """The folder of the project when it was prepared; ``None`` if it is not known."""

    def select(self, criteria: SelectionCriteria) -> frozenset[str]:
        """Unique ids that dbt selects, tests (indirectly selected too) and sources included.

        Raises:
            SelectionError: dbt does not accept the selection.
        """

    def open(self) -> DbtProject:
        """The project on this machine, opened once.

        Raises:
            ProjectError: There is none.
        """

    def differences(
        self,
        engine: Engine,
        *,
        vars: Mapping[str, Any] | None = None,
        profile: str | None = None,
        target: str | None = None,
    ) -> list[str]:
        """Names the inputs in which a run would differ from what was prepared; empty if there are none.

        Args:
            engine: The dbt that will run.
            vars: Variables of the run's command line, if it gives any.
            profile: Profile of the run's command line, if it gives one.
            target: Target of the run's command line, if it gives one.
        """

    def is_env_unchanged(self, name: str) -> bool:
        """Whether an environment variable is known to have the value that it had then."""
