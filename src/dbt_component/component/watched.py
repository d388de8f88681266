"""Builds the sensor and the job of a component's ``watch:``."""

import asyncio
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

import dagster as dg

from dbt_component._dagster import DefsStateConfig, set_defs_state_storage
from dbt_component.component.loaded import Loaded
from dbt_component.component.state_storage import open_state
from dbt_component.component.yaml.watch import Watch, remote_commit_of
from dbt_component.definitions.watch import Refreshed
from dbt_component.manifest.compare import compare_manifests


def build_watch_of(
    watch: Watch,
    op_name: str,
    loaded: Loaded,
    config: DefsStateConfig,
    refresh: Callable[[Path], Coroutine[Any, Any, str]],
    project_root: Path,
) -> dg.Definitions:
    """Builds the sensor and the job of a component's ``watch``.

    Args:
        watch: The settings.
        op_name: Prefix of their names.
        loaded: The state in use.
        config: The location of the state.
        refresh: Refreshes the state in the current storage.
        project_root: The Dagster project.

    Raises:
        DefinitionError: The project has no remote.
    """
    remote_commit = remote_commit_of(loaded.source)

    def refresh_in(instance: dg.DagsterInstance) -> Refreshed:
        with set_defs_state_storage(instance.defs_state_storage):
            asyncio.run(refresh(project_root))
            after = open_state(config, project_root, newest=True)
        try:
            origin = after.header.provenance.origin
            return Refreshed(
                commit=origin.commit if origin is not None else "",
                is_changed=after.header.state_id != loaded.state_id,
                difference=compare_manifests(loaded.manifest.index, after.index),
            )
        finally:
            after.close()

    job, sensor = watch.build(
        op_name,
        loaded_commit=lambda: loaded.commit,
        remote_commit=remote_commit,
        refresh=refresh_in,
    )
    return dg.Definitions(jobs=[job], sensors=[sensor])
