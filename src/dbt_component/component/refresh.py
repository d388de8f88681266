"""Refreshing a component's state, in a file or in a storage that keeps versions."""

import asyncio
import logging
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

from dbt_component._dagster import DefsStateStorage
from dbt_component.component.attributes import DbtProjectAttributes
from dbt_component.execution.cli_args import templated_vars
from dbt_component.project.refresh import RefreshOutcome
from dbt_component.project.refresh_request import RefreshRequest
from dbt_component.project.source import ProjectSource
from dbt_component.selection.criteria import SelectionCriteria

_logger = logging.getLogger("dbt_component")


@dataclass(frozen=True)
class StateRefresh:
    """How to refresh the state ``key``: from where, and what it must hold."""

    key: str
    source: ProjectSource
    selections: Sequence[SelectionCriteria]
    runtime_vars: Sequence[str]

    @classmethod
    def of(cls, attributes: DbtProjectAttributes, key: str) -> "StateRefresh":
        """What the state of a component with these attributes must hold."""
        schedules = [schedule.criteria for schedule in attributes.schedules]
        return cls(
            key=key,
            source=attributes.project,
            selections=[attributes.criteria, *schedules],
            runtime_vars=templated_vars(attributes.cli_args),
        )

    def into_file(
        self, state_path: Path, previous_path: Path, *, replaces: str | None = None
    ) -> RefreshOutcome:
        """Brings the state at ``state_path`` up to date, and reports what was done on standard error.

        Args:
            state_path: Where the state is, or is to be written.
            previous_path: The former state; may be the same file.
            replaces: Version of the former state, in a storage that keeps versions.
        """
        outcome = self.source.refresh(
            RefreshRequest(
                state_path=state_path,
                previous_path=previous_path,
                selections=self.selections,
                runtime_vars=self.runtime_vars,
                replaces=replaces,
            )
        )
        for note in outcome.dbt_warnings:
            _logger.info(note)
        for warning in outcome.warnings:
            _logger.warning(warning)
        if outcome.is_changed:
            shown = "; ".join(outcome.reasons[:5]) + (" …" if len(outcome.reasons) > 5 else "")
            _report(f"{self.key}: refreshed ({shown}).")
        else:
            _report(f"{self.key}: unchanged, nothing to do.")
        return outcome

    async def into_storage(self, storage: DefsStateStorage) -> str:
        """Stores a new version of the state if something changed; returns the version to use."""
        latest = storage.get_latest_version(self.key)
        with tempfile.TemporaryDirectory(prefix="dbt-component-") as folder:
            previous = Path(folder) / "previous"
            if latest is not None:
                try:
                    storage.download_state_to_path(self.key, latest, previous)
                except Exception as error:  # each storage has errors of its own
                    _logger.warning("State %s of %s can't be read: %s", latest, self.key, error)
            fresh = Path(folder) / "state"
            outcome = await asyncio.to_thread(self.into_file, fresh, previous, replaces=latest)
            if not outcome.is_changed and latest is not None:
                return latest
            version = str(uuid4())
            storage.upload_state_from_path(self.key, version=version, path=fresh)
            return version


def _report(text: str) -> None:
    # Not on standard output, which a program may read.
    sys.stderr.write(f"{text}\n")
