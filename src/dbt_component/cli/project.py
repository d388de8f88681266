"""`dbt-component project`: starts a Dagster project for a dbt project, and prepares dbt projects for deployments."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from dbt_component.cli.shown_errors import shown_errors

if TYPE_CHECKING:
    from dbt_component.project.project import DbtProject


@click.group()
def project() -> None:
    """Starts a Dagster project for a dbt project, and prepares dbt projects for deployments."""


@project.command()
@click.option(
    "--project-name", "name", required=True, help="Name of the new project and its package."
)
@click.option(
    "--dbt-project-dir",
    "dbt_folder",
    type=click.Path(path_type=Path),
    default=Path(),
    help="Folder of the dbt project. Default: the current folder.",
)
@click.option(
    "--component",
    "uses_component",
    is_flag=True,
    help="Define dbt by a component in YAML instead of in Python.",
)
def scaffold(name: str, dbt_folder: Path, *, uses_component: bool) -> None:
    """Creates a Dagster project in a new folder of the current one, for an existing dbt project.

    It defines all nodes of the dbt project and a daily schedule. Nothing is installed, and nothing is asked of a
    package index. Fails without writing anything if the folder exists, the name is none of a package or taken in this
    environment, or the dbt project has no profiles.yml.
    """
    from dbt_component.cli.new_project import NewProject
    from dbt_component.project.local_project import LocalProject

    with shown_errors():
        new = NewProject(name, Path.cwd(), LocalProject(dbt_folder), uses_component=uses_component)
        new.check()
        for path in new.write():
            click.echo(f"  {path.relative_to(new.folder)}")
    command = "dg dev" if uses_component else "dagster dev"
    click.echo(
        f"Created {name} for dbt project {new.dbt.name}. Next:\n"
        f"  cd {name} && pip install -e . dagster-dg-cli dagster-webserver && {command}"
    )


@project.command("prepare-and-package")
@click.option(
    "--file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    default=None,
    help="Python file that defines DbtProjects.",
)
@click.option(
    "--components",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    default=None,
    help="Folder of a dg project with DbtProjectComponents.",
)
def prepare_and_package(file: Path | None, components: Path | None) -> None:
    """Prepares dbt projects for a deployment: what `dg dev` would do, without starting Dagster.

    For each project, packages are installed and manifest.json is written, unless nothing changed. A project with a
    `packaged_project_dir` is then copied there. Stops with exit code 1 at the first project that fails.
    """
    from dbt_component.cli.development import as_in_development
    from dbt_component.cli.projects_in_file import projects_in_file
    from dbt_component.cli.projects_of_components import projects_of_components

    with shown_errors(), as_in_development():
        if file is not None and components is None:
            projects = projects_in_file(file)
        elif components is not None and file is None:
            projects = projects_of_components(components)
        else:
            raise click.UsageError("Give either --file or --components.")
        for found in projects:
            _prepare(found)


def _prepare(project: "DbtProject") -> None:
    from dbt_component.project.packaged_copy import write_packaged_copy

    click.echo(f"{project.name}: preparing {project.absolute_dir}")
    project.preparer.prepare(project)
    click.echo(f"  manifest: {project.manifest_path}")
    copy = write_packaged_copy(project)
    if copy is not None:
        click.echo(f"  packaged: {copy}")
