"""Refreshes a component's state, in a file or in a versioned storage."""

import asyncio
import logging
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from dbt_component._dagster import DefsStateStorage
from dbt_component.component.attributes import DbtAttributes
from dbt_component.component.version_name import new_version
from dbt_component.lineage.project_lineage import ColumnSource
from dbt_component.project.cache import cache_folder
from dbt_component.project.refresh import RefreshOutcome
from dbt_component.project.refresh_request import RefreshRequest, Reviewer
from dbt_component.project.source import ProjectSource
from dbt_component.project.temporary import temporary_folder
from dbt_component.project.working_folder import WorkingFolder
from dbt_component.selection.criteria import SelectionCriteria

_logger = logging.getLogger("dbt_component")


@dataclass(frozen=True)
class StateRefresh:
    """The refresh of the state ``key``: the source of its project, and what it must contain."""

    key: str
    source: ProjectSource
    selections: Sequence[SelectionCriteria]
    runtime_vars: Sequence[str]
    working_folder: WorkingFolder | None = None
    lineage: ColumnSource | None = None
    review: Reviewer | None = None

    @classmethod
    def of(
        cls,
        attributes: DbtAttributes,
        source: ProjectSource,
        key: str,
        working_folder: WorkingFolder | None,
        review: Reviewer,
    ) -> "StateRefresh":
        """Returns the refresh for a component with these attributes.

        Args:
            attributes: The attributes.
            source: The source of its project.
            key: Names the state.
            working_folder: Where to run dbt if the project's files are a checkout.
            review: Called with a state before it is used; see ``RefreshRequest``.
        """
        ops = attributes.project_ops
        return cls(
            key=key,
            source=source,
            selections=[selection.criteria for selection in attributes.selections],
            runtime_vars=[name for op in ops for name in op.run.runtime_vars],
            review=review,
            working_folder=working_folder,
        )

    def into_file(
        self, state_path: Path, previous_path: Path, *, replaces: str | None = None
    ) -> RefreshOutcome:
        """Brings the state at ``state_path`` up to date and reports the outcome on standard error.

        Args:
            state_path: The file to write; not written if nothing changed.
            previous_path: The previous state; may be the same file.
            replaces: Version of the previous state, in a versioned storage.
        """
        outcome = self.source.refresh(
            RefreshRequest(
                state_path=state_path,
                previous_path=previous_path,
                selections=self.selections,
                runtime_vars=self.runtime_vars,
                replaces=replaces,
                working_folder=self.working_folder,
                lineage=self.lineage,
                review=self.review,
            )
        )
        outcome.log_warnings(_logger)
        if outcome.is_changed:
            shown = "; ".join(outcome.reasons[:5]) + (" …" if len(outcome.reasons) > 5 else "")
            _report(f"{self.key}: refreshed ({shown}).")
        else:
            _report(f"{self.key}: unchanged, nothing to do.")
        return outcome

    async def into_storage(self, storage: DefsStateStorage) -> str:
        """Stores a new version of the state if something changed; returns the version to use."""
        latest = storage.get_latest_version(self.key)
        with temporary_folder(cache_folder("scratch")) as folder:
            previous = folder / "previous"
            if latest is not None:
                try:
                    storage.download_state_to_path(self.key, latest, previous)
                except Exception as error:  # each storage raises its own errors
                    _logger.warning("State %s of %s can't be read: %s", latest, self.key, error)
            fresh = folder / "state"
            outcome = await asyncio.to_thread(self.into_file, fresh, previous, replaces=latest)
            if not outcome.is_changed and latest is not None:
                return latest
            version = new_version()
            storage.upload_state_from_path(self.key, version=version, path=fresh)
            return version


def _report(text: str) -> None:
    # Standard output may be read by a program.
    sys.stderr.write(f"{text}\n")
