"""A project that a component has prepared, read from its state file."""

import logging
from collections.abc import Mapping
from functools import cached_property
from typing import Any

from dbt_component.dbt_process.engine import Engine, find_engine
from dbt_component.dbt_process.parse_cache import ParseCache
from dbt_component.lineage.project_lineage import ProjectLineage
from dbt_component.manifest.manifest import Manifest
from dbt_component.manifest.origin import Origin
from dbt_component.project.asked_selections import AskedSelections
from dbt_component.project.cached_selection import cached_selection
from dbt_component.project.compared_state import ComparedState, recorded_files
from dbt_component.project.differences import run_differences
from dbt_component.project.manifest_project import unknown_folder
from dbt_component.project.project import DbtProject
from dbt_component.project.project_copy import unpack_project
from dbt_component.project.resolve import resolve_in_manifest, resolve_in_project
from dbt_component.project.source import ProjectSource
from dbt_component.project.state import StateFile
from dbt_component.project.working_folder import WorkingFolder
from dbt_component.selection.criteria import SelectionCriteria
from dbt_component.selection.state_methods import may_compare

_logger = logging.getLogger("dbt_component")


class StateProject:
    """A prepared project backed by an open state file.

    Args:
        state: The state; stays open.
        source: The project's source; used only when the project's folder is needed. ``None`` if only the state is
            known.
        working_folder: Where to run dbt on the state's copy of the project. Default: in the copy.
        asked: Keeps dbt's answers to selections that the state does not contain, besides the cache on this machine:
            for the next preparation, and to be deployed with the state. Default: they are only cached.
    """

    def __init__(
        self,
        state: StateFile,
        source: ProjectSource | None,
        working_folder: WorkingFolder | None = None,
        asked: AskedSelections | None = None,
    ) -> None:
        self.state = state
        self.source = source
        self.working_folder = working_folder
        self._asked = asked
        self._answers: dict[str, frozenset[str]] = {}

    @property
    def manifest(self) -> Manifest:
        return self.state.manifest

    def find_folder(self) -> DbtProject | None:
        return self.source.find_folder() if self.source is not None else None

    @property
    def parse_cache(self) -> ParseCache | None:
        return self.state.parse_cache

    @property
    def lineage(self) -> ProjectLineage | None:
        return self.state.lineage

    @property
    def prepared_in(self) -> str:
        return self.state.header.project_dir

    @property
    def origin(self) -> Origin | None:
        """The commit that the state was prepared from; ``None`` if none was recorded."""
        return self.state.header.provenance.origin

    def open(self) -> DbtProject:
        """The project in its folder; unpacked from the state if it is in Git or its folder is missing.

        Raises:
            ProjectError: The copy in the state can't be used either, or no source was given.
        """
        return self._opened

    @cached_property
    def _opened(self) -> DbtProject:
        if self.source is None:
            raise unknown_folder(self.manifest)
        return self.source.open(
            lambda: unpack_project(
                self.state.read_project_zip(), files=self.state.fingerprint.files
            ),
            self.working_folder,
        )

    def differences(
        self,
        project: DbtProject,
        engine: Engine,
        *,
        vars: Mapping[str, Any] | None = None,
        profile: str | None = None,
        target: str | None = None,
    ) -> list[str]:
        """See ``PreparedProject.differences``."""
        return run_differences(
            self.state.fingerprint,
            project,
            engine,
            runtime_vars=self.state.header.runtime_vars,
            vars=vars,
            profile=profile,
            target=target,
        )

    def is_env_unchanged(self, name: str) -> bool:
        return self.state.fingerprint.is_env_unchanged(name)

    def select(
        self, criteria: SelectionCriteria, *, compared: ComparedState | None = None
    ) -> frozenset[str]:
        """Unique ids that dbt selects, tests (indirectly selected too) and sources included.

        The selection of everything is answered from the index, selections in defs.yaml from the state, and
        any other by dbt in a child process (seconds, logged); that answer is cached on this machine. A selection
        that compares with another environment's artifacts is answered for their current content, or from the state if
        they are not on this machine.

        Raises:
            SelectionError: dbt does not accept the selection.
        """
        if criteria.is_everything:
            return self.manifest.index.all_ids
        compared = compared or self._compared_by(criteria)
        files = compared.files_for(criteria)
        digest = compared.identity(files, self.state.header.input_digest)
        key = f"{digest}\0{criteria.cache_key}"
        if key not in self._answers:
            ids = self.state.selections.get(criteria.cache_key)
            if ids is None or not compared.is_recorded(files, self.state.fingerprint.settings):
                ids = self._find(criteria, digest, compared)
            self._answers[key] = frozenset(ids)
        return self._answers[key]

    def compares(self, criteria: SelectionCriteria) -> bool:
        """See ``PreparedProject.compares``."""
        files = self._compared_by(criteria).files_for(criteria)
        return bool(
            files or (criteria.selector and recorded_files(self.state.fingerprint.settings))
        )

    def _compared_by(self, criteria: SelectionCriteria) -> ComparedState:
        if not may_compare(criteria):
            return ComparedState()
        project = self.find_folder()
        if project is not None:
            return ComparedState.of(project)
        source = self.source
        return ComparedState.without_project(None if source is None else source.settings.state_path)

    def _find(self, criteria: SelectionCriteria, digest: str, compared: ComparedState) -> list[str]:
        """The answer that is kept beside the state, else that in the cache, else dbt's."""
        asked = self._asked
        if asked is None:
            return self._ask(criteria, digest, compared)
        ids = asked.find(criteria, digest)
        if ids is None:
            ids = self._ask(criteria, digest, compared)
            asked.record(criteria, digest, ids)
        return ids

    def _ask(self, criteria: SelectionCriteria, digest: str, compared: ComparedState) -> list[str]:
        compared.refuse_missing([criteria])
        identity = f"{digest}\0{criteria.cache_key}"
        return cached_selection(identity, lambda: self._ask_dbt(criteria, compared))

    def _ask_dbt(self, criteria: SelectionCriteria, compared: ComparedState) -> list[str]:
        if self._asked is None:
            _logger.warning(
                "The state does not contain the selection %s; asking dbt. If defs.yaml uses it, run"
                " `dg utils refresh-defs-state` to store the answer.",
                criteria,
            )
        project = compared.project if self.source is None else self.open()
        if project is None or (self.source is None and not compared.files_for(criteria)):
            manifest_json = self.state.read_manifest_json()
            return resolve_in_manifest(find_engine(None), manifest_json, [criteria])[
                criteria.cache_key
            ]
        answers = resolve_in_project(project, self.parse_cache, [criteria], compared=compared)
        return answers[criteria.cache_key]
