"""``watch:`` of a component: what its sensor asks, and what its job does."""

import asyncio
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

import dagster as dg

from dbt_component._dagster import DefsStateConfig, set_defs_state_storage
from dbt_component.component.loaded import Loaded
from dbt_component.component.state_storage import open_state
from dbt_component.definitions.watch import Refreshed
from dbt_component.errors import DefinitionError
from dbt_component.manifest.compare import compare_manifests
from dbt_component.project.source import ProjectSource


def remote_commit_of(source: ProjectSource) -> Callable[[], str]:
    """Asks the project's remote for its newest commit.

    Raises:
        DefinitionError: The project has no remote.
    """
    if source.remote_commit is None:
        raise DefinitionError(
            "`watch` looks at a Git ref, and this project is a folder.",
            where="watch",
            hint="Give `project.repo_url`, or leave `watch` out.",
        )
    return source.remote_commit


def refresh_in(
    instance: dg.DagsterInstance,
    refresh: Callable[[Path], Coroutine[Any, Any, str]],
    *,
    before: Loaded,
    config: DefsStateConfig,
    project_root: Path,
) -> Refreshed:
    """Refreshes the state in the storage of an instance, and says what changed.

    Args:
        instance: The instance that keeps the state.
        refresh: Refreshes it in the current storage.
        before: The state in use.
        config: Where the state is kept.
        project_root: The Dagster project.
    """
    with set_defs_state_storage(instance.defs_state_storage):
        asyncio.run(refresh(project_root))
        after = open_state(config, project_root, newest=True)
    try:
        origin = after.header.provenance.origin
        return Refreshed(
            commit=origin.commit if origin is not None else "",
            is_changed=after.header.state_id != before.prepared.state.header.state_id,
            difference=compare_manifests(before.manifest.index, after.index),
        )
    finally:
        after.close()
