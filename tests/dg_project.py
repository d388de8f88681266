"""A real dg project in a temporary folder, loaded and run as Dagster does it."""

import itertools
import shutil
import sys
import textwrap
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import dagster as dg
import yaml
from dagster._core.definitions.definitions_load_context import (
    DefinitionsLoadContext,
    DefinitionsLoadType,
)
from dagster._core.storage.defs_state.base import set_defs_state_storage

PROJECTS = Path(__file__).parent / "projects"
_numbers = itertools.count()


@dataclass
class DgProject:
    """A dg project with one component over a copy of a dbt project."""

    root: Path
    module: str = field(default_factory=lambda: f"dg_project_{next(_numbers)}")
    storage: Any = None

    def __post_init__(self) -> None:
        package = self.root / "src" / self.module
        (package / "defs").mkdir(parents=True)
        (package / "__init__.py").touch()
        (package / "defs" / "__init__.py").touch()
        (package / "definitions.py").write_text(
            textwrap.dedent(
                """
                from pathlib import Path
                from dagster import definitions, load_from_defs_folder

                @definitions
                def defs():
                    return load_from_defs_folder(path_within_project=Path(__file__).parent)
                """
            )
        )
        (self.root / "pyproject.toml").write_text(
            textwrap.dedent(
                f"""
                [project]
                name = "{self.module}"
                version = "0.1"
                [tool.dg]
                directory_type = "project"
                [tool.dg.project]
                root_module = "{self.module}"
                """
            )
        )
        sys.path.insert(0, str(self.root / "src"))

    @property
    def defs_folder(self) -> Path:
        return self.root / "src" / self.module / "defs"

    @property
    def dbt_folder(self) -> Path:
        return self.root / "shop"

    def copy_dbt_project(self, name: str = "shop") -> Path:
        shutil.copytree(PROJECTS / name, self.root / name)
        return self.root / name

    def write_component(self, folder: str = "transform", /, **attributes: Any) -> Path:
        """Writes a defs.yaml; ``project`` defaults to the copied dbt project."""
        attributes.setdefault("project", "{{ context.project_root }}/shop")
        return self.write_yaml(
            yaml.safe_dump(
                {"type": "dbt_component.DbtProjectComponent", "attributes": attributes},
                sort_keys=False,
            ),
            folder,
        )

    def write_yaml(self, text: str, folder: str = "transform") -> Path:
        path = self.defs_folder / folder / "defs.yaml"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        return path

    def tree(self) -> dg.ComponentTree:
        return dg.ComponentTree.for_project(self.root)

    def component(self, folder: str = "transform") -> Any:
        return self.tree().load_component(self.defs_folder / folder)

    def refresh(self) -> None:
        """What `dg utils refresh-defs-state` does, for each component."""
        import asyncio

        with set_defs_state_storage(self.storage):
            for component in self.tree().get_all_components(
                of_type=dg.StateBackedComponent  # type: ignore[type-abstract]
            ):
                asyncio.run(component.refresh_state(self.root))

    def load(self) -> dg.Definitions:
        """Loads definitions as a code server does, under the current environment."""
        with set_defs_state_storage(self.storage):
            context = DefinitionsLoadContext(load_type=DefinitionsLoadType.INITIALIZATION)
            with DefinitionsLoadContext.scoped(context):
                return self.tree().build_defs()

    def state_files(self) -> list[Path]:
        return sorted(self.defs_folder.glob(".local_defs_state/*/state"))


def specs_of(defs: dg.Definitions) -> dict[str, dg.AssetSpec]:
    return {spec.key.to_user_string(): spec for spec in defs.resolve_all_asset_specs()}


def checks_of(defs: dg.Definitions) -> dict[str, dg.AssetCheckSpec]:
    graph = defs.get_repository_def().asset_graph
    return {
        f"{key.asset_key.to_user_string()}:{key.name}": graph.get_check_spec(key)
        for key in graph.asset_check_keys
    }


@dataclass(frozen=True)
class RunOutcome:
    """What a run recorded."""

    success: bool
    materialized: list[str]
    checks: dict[str, bool]
    observations: dict[str, str]
    failure: str
    events: list[dg.DagsterEvent]
    metadata: dict[str, dict[str, Any]]
    check_metadata: dict[str, dict[str, Any]]


def run(
    defs: dg.Definitions,
    selection: dg.AssetSelection | None = None,
    *,
    partition_key: str | None = None,
    instance: dg.DagsterInstance | None = None,
    run_config: Any = None,
    tags: dict[str, str] | None = None,
) -> RunOutcome:
    """Runs a selection in this process and gathers what Dagster recorded."""
    job = dg.define_asset_job("test_job", selection=selection or dg.AssetSelection.all())
    repository = dg.Definitions.merge(defs, dg.Definitions(jobs=[job])).get_repository_def()
    result = repository.get_job("test_job").execute_in_process(
        raise_on_error=False,
        partition_key=partition_key,
        instance=instance,
        run_config=run_config,
        tags=tags,
    )
    materializations = {
        e.asset_key.to_user_string(): e
        for e in result.all_events
        if e.is_step_materialization and e.asset_key
    }
    evaluations = result.get_asset_check_evaluations()
    failures = [e for e in result.all_events if e.is_step_failure]
    return RunOutcome(
        success=result.success,
        materialized=list(materializations),
        checks={f"{c.asset_key.to_user_string()}:{c.check_name}": c.passed for c in evaluations},
        observations={
            e.asset_key.to_user_string(): e.asset_observation_data.asset_observation.description
            or ""
            for e in result.all_events
            if e.is_asset_observation and e.asset_key
        },
        failure="\n".join(
            (e.step_failure_data.user_failure_data.description or "")
            if e.step_failure_data.user_failure_data
            else str(e.step_failure_data.error)
            for e in failures
        ),
        events=list(result.all_events),
        metadata={
            key: {name: value.value for name, value in e.materialization.metadata.items()}
            for key, e in materializations.items()
        },
        check_metadata={
            f"{c.asset_key.to_user_string()}:{c.check_name}": {
                name: value.value for name, value in c.metadata.items()
            }
            for c in evaluations
        },
    )
