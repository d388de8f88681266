"""Creates the compared Dagster projects, one for each side, on generated dbt projects."""

import json
import shutil
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from benchmarks.environments import Environment
from benchmarks.generate import ProjectPlan, write_project
from benchmarks.processes import Timing, run_timed

OURS, PEER, EMPTY, DBT = "dbt-component", "dagster-dbt", "no dbt", "bare dbt"
FLOOR, FLOOR_COMPONENT = "floor", "floor as component"
PYTHON, PEER_PYTHON = "@dbt_assets", "dagster-dbt @dbt_assets"
_MODULE = "bench_project"
_PROBES = Path(__file__).with_name("probes")
_FLOOR_DEFINITIONS = Path(__file__).with_name("floor_definitions.py")
_COMPONENT_TYPES = {
    OURS: "dbt_component.DbtProjectComponent",
    PEER: "dagster_dbt.DbtProjectComponent",
}
_FLOOR_COMPONENT = """\
from dataclasses import dataclass

import dagster as dg


@dataclass
class FloorComponent(dg.Component, dg.Resolvable):
    def build_defs(self, context: dg.ComponentLoadContext) -> dg.Definitions:
        from bench_project.floor_definitions import defs

        return defs
"""
_PACKAGES = {PYTHON: "dbt_component", PEER_PYTHON: "dagster_dbt"}
_PYTHON_DEFINITIONS = """\
from pathlib import Path

import dagster as dg
from {package} import DbtCliResource, DbtProject, dbt_assets

project = DbtProject(project_dir=Path({folder!r}))
project.prepare_if_dev()


@dbt_assets(manifest=project.manifest_path)
def transform(context: dg.AssetExecutionContext, dbt: DbtCliResource):
    yield from dbt.cli(["build"], context=context).stream()


defs = dg.Definitions(assets=[transform], resources={{"dbt": DbtCliResource(project)}})
"""
_LOAD_FOLDER = """\
from pathlib import Path

from dagster import Definitions, definitions, load_from_defs_folder


@definitions
def defs() -> Definitions:
    return load_from_defs_folder(path_within_project=Path(__file__).parent)
"""


@dataclass(frozen=True)
class DbtFolder:
    """A generated dbt project and its database, which is outside the project's folder."""

    folder: Path
    database: Path

    @property
    def profiles_arguments(self) -> list[str]:
        return ["--project-dir", str(self.folder), "--profiles-dir", str(self.folder)]


@dataclass(frozen=True)
class DgProject:
    """A Dagster project of one side."""

    side: str
    root: Path
    environment: Environment

    @property
    def package(self) -> Path:
        return self.root / "src" / _MODULE

    def add_component(self, defs_yaml: str) -> None:
        folder = self.package / "defs" / "transform"
        folder.mkdir()
        (folder / "defs.yaml").write_text(defs_yaml)

    def variables(self) -> dict[str, str]:
        home = self.root / "dagster_home"
        home.mkdir(exist_ok=True)
        return self.environment.variables(
            {
                "DAGSTER_HOME": str(home),
                "DBT_COMPONENT_CACHE_DIR": str(self.root / "cache"),
                "PYTHONPATH": str(self.root / "src"),
            }
        )

    def dg(self, *arguments: str) -> Timing:
        """Runs a ``dg`` command in the project."""
        argv = [self.environment.command("dg"), *arguments]
        return run_timed(argv, env=self.variables(), cwd=self.root)

    def probe(
        self, name: str, *arguments: str, is_dev: bool = False
    ) -> tuple[Timing, dict[str, Any]]:
        """Runs a script of ``probes/`` on the project's definitions.

        Args:
            name: Name of the script.
            *arguments: Its arguments after the module of the definitions.
            is_dev: Whether it runs as under ``dagster dev``, and not as in production.

        Returns:
            Its time, and its last line of output decoded from JSON; empty if it printed nothing.
        """
        script = str(_PROBES / f"{name}.py")
        argv = [str(self.environment.python), script, f"{_MODULE}.definitions", *arguments]
        dev = {"DAGSTER_IS_DEV_CLI": "1"} if is_dev else {}
        timing = run_timed(argv, env={**self.variables(), **dev}, cwd=self.root)
        lines = timing.stdout.strip().splitlines()
        return timing, json.loads(lines[-1]) if lines else {}


class Workbench:
    """Everything needed to measure one generated project. Its parts are created on first use.

    Args:
        folder: A folder that does not exist.
        plan: The dbt project to generate.
        own: Environment with this package.
        peer: Environment with dagster-dbt; ``None`` if it is not measured.
    """

    def __init__(
        self, folder: Path, plan: ProjectPlan, *, own: Environment, peer: Environment | None
    ) -> None:
        self._folder = folder
        self._peer_environment = peer
        self.plan = plan
        self.own = own
        folder.mkdir(parents=True)

    @property
    def component_projects(self) -> list[DgProject]:
        return [self.ours, *([self.peer] if self.peer is not None else [])]

    @cached_property
    def ours(self) -> DgProject:
        return self._component_project(OURS, self.own)

    @cached_property
    def peer(self) -> DgProject | None:
        if self._peer_environment is None:
            return None
        return self._component_project(PEER, self._peer_environment)

    @property
    def python_projects(self) -> list[DgProject]:
        return [self.python, *([self.peer_python] if self.peer_python is not None else [])]

    @cached_property
    def python(self) -> DgProject:
        """A Python file with ``@dbt_assets``, and its project prepared."""
        return self._python_project(PYTHON, self.own)

    @cached_property
    def peer_python(self) -> DgProject | None:
        """The same file with dagster-dbt's imports."""
        if self._peer_environment is None:
            return None
        return self._python_project(PEER_PYTHON, self._peer_environment)

    @cached_property
    def floor(self) -> DgProject:
        """The specs of our side in a Python file, without dbt."""
        specs = self._specs
        project = self._dg_project(FLOOR, self.own, _FLOOR_DEFINITIONS.read_text())
        shutil.copy(specs, project.package / "specs.pickle")
        return project

    @cached_property
    def floor_component(self) -> DgProject:
        """The floor through ``defs.yaml``, which adds the cost of Dagster's components."""
        specs = self._specs
        project = self._dg_project(FLOOR_COMPONENT, self.own, _LOAD_FOLDER)
        shutil.copy(specs, project.package / "specs.pickle")
        shutil.copy(_FLOOR_DEFINITIONS, project.package / "floor_definitions.py")
        (project.package / "floor_component.py").write_text(_FLOOR_COMPONENT)
        project.add_component(f"type: {_MODULE}.floor_component.FloorComponent\n")
        return project

    @cached_property
    def _specs(self) -> Path:
        specs = self._folder / "specs.pickle"
        self.ours.probe("export_specs", str(specs))
        return specs

    @cached_property
    def empty(self) -> DgProject:
        """A Dagster project for components, without any."""
        return self._dg_project(EMPTY, self.own, _LOAD_FOLDER)

    @cached_property
    def bare(self) -> DbtFolder:
        """A dbt project for the bare dbt command, with a warm parse cache."""
        dbt = self.dbt_folder(DBT)
        self.run_dbt("parse")
        return dbt

    def run_dbt(self, *arguments: str) -> Timing:
        """Runs the dbt command of our environment on the project for bare dbt."""
        dbt = self.dbt_folder(DBT)
        argv = [self.own.command("dbt"), *arguments, *dbt.profiles_arguments]
        return run_timed(argv, env=self.own.variables(), cwd=dbt.folder)

    def dbt_folder(self, side: str) -> DbtFolder:
        """A side's dbt project, with a database in which everything is already built."""
        root = self._folder / _folder_name(f"dbt for {side}")
        dbt = DbtFolder(root / "transform", root / "bench.duckdb")
        if not root.exists():
            write_project(dbt.folder, self.plan, database=dbt.database)
            shutil.copy(self._built_database, dbt.database)
        return dbt

    @cached_property
    def _built_database(self) -> Path:
        database, names = self._folder / "built.duckdb", self._folder / "relations.json"
        wanted = {"kind": self.plan.materialized, "names": self.plan.model_names}
        names.write_text(json.dumps(wanted))
        script = str(_PROBES / "create_relations.py")
        argv = [str(self.own.python), script, str(database), str(names)]
        run_timed(argv, env=self.own.variables(), cwd=self._folder)
        return database

    def _component_project(self, side: str, environment: Environment) -> DgProject:
        project = self._dg_project(side, environment, _LOAD_FOLDER)
        location = json.dumps(self.dbt_folder(side).folder.as_posix())
        project.add_component(
            f"type: {_COMPONENT_TYPES[side]}\nattributes:\n  project: {location}\n"
        )
        project.dg("utils", "refresh-defs-state")
        return project

    def _python_project(self, side: str, environment: Environment) -> DgProject:
        folder = str(self.dbt_folder(side).folder)
        definitions = _PYTHON_DEFINITIONS.format(package=_PACKAGES[side], folder=folder)
        project = self._dg_project(side, environment, definitions)
        project.probe("load_definitions", is_dev=True)  # in development, this prepares the project
        return project

    def _dg_project(self, side: str, environment: Environment, definitions: str) -> DgProject:
        root = self._folder / _folder_name(side)
        project = DgProject(side, root, environment)
        (project.package / "defs").mkdir(parents=True)
        for folder in (project.package, project.package / "defs"):
            (folder / "__init__.py").touch()
        (project.package / "definitions.py").write_text(definitions)
        (root / "pyproject.toml").write_text(
            '[project]\nname = "bench-project"\nversion = "0"\n\n'
            '[tool.dg]\ndirectory_type = "project"\n\n'
            f'[tool.dg.project]\nroot_module = "{_MODULE}"\n'
        )
        return project


def _folder_name(name: str) -> str:
    return name.replace(" ", "_").replace("@", "")
