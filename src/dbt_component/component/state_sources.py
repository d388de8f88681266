"""What a component's state is made from, and making it."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from dbt_component.component.schema import DbtProjectArgs, GitProjectArgs, ProjectArgs
from dbt_component.errors import GitWorkTreeError
from dbt_component.manifest.origin import Origin
from dbt_component.project.git.refresh import origin_at, refresh_git_state
from dbt_component.project.prepare import RefreshOutcome, refresh_state
from dbt_component.selection.criteria import SelectionCriteria

_logger = logging.getLogger("dbt_component")


@dataclass(frozen=True)
class StateSources:
    """The project, wherever it lies, and what else its state has to hold."""

    project: ProjectArgs
    selections: Sequence[SelectionCriteria]
    runtime_vars: Sequence[str]

    def refresh(
        self, state_path: Path, previous_path: Path, *, replaces: str | None
    ) -> RefreshOutcome:
        """Brings the state up to date; see ``refresh_state`` and ``refresh_git_state``."""
        project = self.project
        if isinstance(project, GitProjectArgs):
            return refresh_git_state(
                project.source,
                project.settings,
                state_path,
                open_project=project.open_checkout,
                selections=self.selections,
                runtime_vars=self.runtime_vars,
                previous_path=previous_path,
                link_template=project.link_template,
                replaces=replaces,
            )
        return refresh_state(
            project.open() if isinstance(project, DbtProjectArgs) else project,
            state_path,
            selections=self.selections,
            runtime_vars=self.runtime_vars,
            previous_path=previous_path,
            origin=_origin_of(project) if isinstance(project, DbtProjectArgs) else None,
            replaces=replaces,
        )

    def origin(self, recorded: Origin | None) -> Origin | None:
        """Where a state made now would say that it is from, if a remote branch has not moved.

        Args:
            recorded: What the state says.
        """
        project = self.project
        if isinstance(project, GitProjectArgs):
            commit = recorded.commit if recorded is not None else ""
            return origin_at(
                commit, project.source, project.settings, link_template=project.link_template
            )
        return _origin_of(project) if isinstance(project, DbtProjectArgs) else None


def _origin_of(project: DbtProjectArgs) -> Origin | None:
    try:
        return project.read_origin()
    except GitWorkTreeError as error:
        _logger.warning("No commit on the assets: %s", error)
        return None
