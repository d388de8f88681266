"""States that tests share: a project that another test has prepared from the same inputs is not prepared again.

What is the same is for the package to say, with the comparison that a refresh makes itself.
"""

import shutil
from collections import defaultdict
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from pathlib import Path

import msgspec

from dbt_component.dbt_process.engine import find_engine
from dbt_component.manifest.origin import Origin
from dbt_component.project import refresh
from dbt_component.project.local_project import LocalProject
from dbt_component.project.previous_state import PreviousState
from dbt_component.project.refresh import RefreshOutcome
from dbt_component.project.refresh_request import RefreshRequest

Refresh = Callable[..., RefreshOutcome]


@dataclass
class SharedStates:
    """Stands before ``refresh_from_folder``, for projects that have no state yet."""

    folder: Path
    refresh: Refresh = refresh.refresh_from_folder
    _known: dict[Hashable, list[Path]] = field(default_factory=lambda: defaultdict(list))
    _count: int = 0

    def refresh_from_folder(
        self, project: LocalProject, request: RefreshRequest, *, origin: Origin | None = None
    ) -> RefreshOutcome:
        if request.compared_path != request.state_path or request.state_path.exists():
            return self.refresh(project, request, origin=origin)
        known = self._known[
            project.project_dir.name, request.selections, request.runtime_vars, request.lineage
        ]
        for path in reversed(known):
            if self._is_equal(path, project, request, origin):
                request.state_path.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(path, request.state_path)
                outcome = self.refresh(project, request, origin=origin)
                return msgspec.structs.replace(
                    outcome, is_changed=True, reasons=["prepared by an earlier test"]
                )
        outcome = self.refresh(project, request, origin=origin)
        self._count += 1
        kept = self.folder / str(self._count)
        shutil.copy(request.state_path, kept)
        known.append(kept)
        return outcome

    @staticmethod
    def _is_equal(
        path: Path, project: LocalProject, request: RefreshRequest, origin: Origin | None
    ) -> bool:
        engine = find_engine(project.dbt_executable)
        with PreviousState(path) as previous:
            return not refresh._decide(previous, project, engine, request, origin).reasons
