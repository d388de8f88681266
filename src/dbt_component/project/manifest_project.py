"""A project known only by its manifest: nothing was prepared, so dbt parses the project in each run."""

import hashlib
from collections.abc import Mapping
from functools import cached_property
from typing import Any

import msgspec

from dbt_component.dbt_process.engine import Engine, find_engine
from dbt_component.errors import ProjectError
from dbt_component.manifest.manifest import Manifest
from dbt_component.project.cached_selection import cached_selection
from dbt_component.project.compared_state import ComparedState
from dbt_component.project.project import DbtProject
from dbt_component.project.resolve import resolve_in_manifest, resolve_in_project
from dbt_component.selection.criteria import SelectionCriteria


class ManifestProject:
    """A manifest.json and, if known, the project that it belongs to.

    Args:
        manifest: The manifest.
        project: The project on this machine; needed to run, not to load or to select.
    """

    parse_cache = None
    prepared_in = None
    lineage = None

    def __init__(self, manifest: Manifest, project: DbtProject | None = None) -> None:
        self.manifest = manifest
        self.project = project
        self._answers: dict[str, frozenset[str]] = {}

    def find_folder(self) -> DbtProject | None:
        return self.project

    def open(self) -> DbtProject:
        """The project on this machine.

        Raises:
            ProjectError: No project was given.
        """
        if self.project is None:
            raise unknown_folder(self.manifest)
        return self.project

    def differences(
        self,
        project: DbtProject,
        engine: Engine,
        *,
        vars: Mapping[str, Any] | None = None,
        profile: str | None = None,
        target: str | None = None,
    ) -> list[str]:
        """Always the same single reason: the inputs of the manifest are unknown."""
        return ["the project was not prepared: only its manifest.json is known"]

    def is_env_unchanged(self, name: str) -> bool:
        return False

    def select(
        self, criteria: SelectionCriteria, *, compared: ComparedState | None = None
    ) -> frozenset[str]:
        """Unique ids that dbt selects, tests (indirectly selected too) and sources included.

        The selection of everything is answered from the index, any other by dbt in a child process
        (seconds), once for each content of the manifest on this machine. For one that compares with another
        environment's artifacts, dbt parses the project.

        Raises:
            SelectionError: dbt does not accept the selection, or it compares and the project is unknown.
        """
        if criteria.is_everything:
            return self.manifest.index.all_ids
        if compared is None:
            compared = ComparedState() if self.project is None else ComparedState.of(self.project)
        key = compared.identity(compared.files_for(criteria), criteria.cache_key)
        if key not in self._answers:
            self._answers[key] = frozenset(self._ask(criteria, compared))
        return self._answers[key]

    def compares(self, criteria: SelectionCriteria) -> bool:
        """See ``PreparedProject.compares``."""
        compared = ComparedState() if self.project is None else ComparedState.of(self.project)
        return bool(compared.files_for(criteria))

    def _ask(self, criteria: SelectionCriteria, compared: ComparedState) -> list[str]:
        project = self.project or compared.project
        compared.refuse_missing([criteria])
        if project is not None and compared.files_for(criteria):
            # A manifest.json alone lacks what the comparison depends on, such as flags of dbt_project.yml.
            answers = resolve_in_project(
                project, None, [criteria], compared=compared, may_parse=True
            )
            return answers[criteria.cache_key]
        engine = find_engine(project.dbt_executable if project is not None else None)
        if project is not None and engine.command is not None:
            # A dbt that is driven by its command line can only select within a project.
            return resolve_in_project(project, None, [criteria])[criteria.cache_key]
        return cached_selection(
            f"{self._digest}\0{sorted(engine.versions.items())}\0{criteria.cache_key}",
            lambda: resolve_in_manifest(engine, self._json, [criteria])[criteria.cache_key],
        )

    @property
    def _json(self) -> bytes:
        return msgspec.json.encode(self.manifest.entries.everything())

    @cached_property
    def _digest(self) -> str:
        return hashlib.sha256(self._json).hexdigest()


def unknown_folder(manifest: Manifest) -> ProjectError:
    """The error of a project of which only the manifest was given."""
    return ProjectError(
        f"The folder of dbt project {manifest.index.project_name!r} is unknown: only its manifest was given.",
        hint="Pass it to the resource: `DbtCliResource(project_dir=…)`.",
    )
