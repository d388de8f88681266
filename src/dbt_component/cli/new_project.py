"""A new Dagster project for an existing dbt project."""

import keyword
import os
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from dbt_component.component.scaffold_templates import rendered_files
from dbt_component.errors import DagsterDbtError, ProjectFileError
from dbt_component.project.local_project import LocalProject
from dbt_component.project.project_yml import load_yaml

_PACKAGE = "package"  # the folder of the templates that takes the project's name


@dataclass(frozen=True)
class NewProject:
    """What a scaffolded project is made from.

    Args:
        name: The name of the project and of its package.
        folder: The folder that it is created in, under its name.
        dbt: The dbt project.
        uses_component: Whether dbt is defined by a component in YAML; otherwise by ``@dbt_assets`` in Python.
    """

    name: str
    folder: Path
    dbt: LocalProject
    uses_component: bool = False

    @property
    def root(self) -> Path:
        return self.folder / self.name

    def check(self) -> None:
        """Looks for what would make the new project unusable.

        Raises:
            DagsterDbtError: The name is none of a package, or taken; or the folder exists.
            ProjectError: The dbt project has no profiles.yml.
        """
        if not self.name.isidentifier() or not self.name.isascii() or keyword.iskeyword(self.name):
            raise DagsterDbtError(
                f"{self.name!r} is no name of a Python package.",
                where="--project-name",
                hint="Use ASCII letters, digits and underscores, and begin with a letter, for example"
                " `jaffle_dagster`.",
            )
        if self.root.exists():
            raise DagsterDbtError(
                f"{str(self.root)!r} already exists.",
                where="--project-name",
                hint="Choose another name, or run the command in another folder.",
            )
        taken = find_spec(self.name)
        if taken is not None:
            place = taken.origin or next(
                iter(taken.submodule_search_locations or ()), "Python itself"
            )
            raise DagsterDbtError(
                f"There already is a Python package {self.name!r}: {place}.",
                where="--project-name",
                hint="Choose another name; Python would import only one of the two.",
            )
        self.dbt.find_profiles_dir()

    def write(self) -> list[Path]:
        """Writes the files of the project; returns their paths.

        Raises:
            OSError: They can't be written.
        """
        kind = "component_project" if self.uses_component else "python_project"
        written = []
        for path, text in rendered_files(
            kind,
            name=self.name,
            dbt_name=self.dbt.name,
            path_to_dbt=os.path.relpath(
                self.dbt.project_dir.resolve(), self.root.resolve()
            ).replace(os.sep, "/"),
            adapters=self._adapters(),
        ):
            parts = [self.name if part == _PACKAGE else part for part in path.parts]
            target = self.root.joinpath(*parts)
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(text)
            written.append(target)
        return written

    def _adapters(self) -> list[str]:
        """The distributions of the dbt adapters of the project's profile, sorted."""
        try:
            profiles = load_yaml(self.dbt.find_profiles_dir() / "profiles.yml")
            outputs = profiles[self.dbt.yml.profile]["outputs"].values()
            return sorted({f"dbt-{output['type']}" for output in outputs})
        except (ProjectFileError, KeyError, TypeError, AttributeError):
            return []  # a profile of templates; whoever wrote it knows the adapter
