"""`dg scaffold defs dbt_component.DbtProjectComponent NAME`, with --project-path, --git-url or --init."""

import contextlib
import os
import re
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import click
from dagster import Scaffolder, ScaffoldRequest, scaffold_component
from pydantic import BaseModel, Field, model_validator
from typing_extensions import Self

from dbt_component.component.scaffold_templates import render, rendered_files
from dbt_component.errors import DagsterDbtError, GitInputError
from dbt_component.translation.git_url import parse_git_url


class DbtScaffoldParams(BaseModel):
    """Options of the scaffold command. --init excludes the other two.

    They are checked here, before `dg` creates the component's folder. `dg` prints pydantic's own errors as
    JSON, so ours are no ValueErrors.

    Raises:
        DagsterDbtError: The options contradict each other, the path holds no dbt project, or the URL is none.
    """

    init: bool = Field(
        default=False, description="Create a new dbt project beside the Dagster code."
    )
    project_path: str | None = Field(
        default=None,
        description="Path of an existing dbt project; with --git-url, its path within the repository.",
    )
    git_url: str | None = Field(
        default=None, description="URL of a Git repository that holds the dbt project."
    )

    @model_validator(mode="after")
    def _one_usable_source(self) -> Self:
        if self.init and (self.project_path or self.git_url):
            raise DagsterDbtError(
                "`--init true` creates a new dbt project, so it can't be combined with --project-path or"
                " --git-url.",
                hint="Leave out one of them.",
            )
        if self.git_url:
            _check_url(self.git_url)
        elif self.project_path:
            _existing_project(self.project_path)
        return self


class DbtProjectComponentScaffolder(Scaffolder[DbtScaffoldParams]):
    """Writes defs.yaml and, with --init, a small dbt project that works out of the box."""

    @classmethod
    def get_scaffold_params(cls) -> type[DbtScaffoldParams]:
        return DbtScaffoldParams

    def scaffold(self, request: ScaffoldRequest[DbtScaffoldParams]) -> None:
        """Writes the files.

        Raises:
            DagsterDbtError: The path contains no dbt project, or the folder for a new one already exists.
        """
        try:
            self._write(request)
        except DagsterDbtError:
            _remove_empty(request.target_path)
            raise

    def _write(self, request: ScaffoldRequest[DbtScaffoldParams]) -> None:
        params = request.params
        root = request.project_root or request.target_path
        project: Any
        if params.init:
            project = _root_relative(_make_project(root, request.target_path.name), root)
        elif params.git_url:
            project = {"repo_url": params.git_url}
            if params.project_path:
                project["repo_relative_path"] = params.project_path
        elif params.project_path:
            project = _root_relative(_existing_project(params.project_path), root)
        else:
            project = "{{ context.project_root }}/dbt_project_folder"
            click.echo(
                "Set `project` in defs.yaml to the folder of your dbt project. Or start again with"
                " --project-path PATH, --git-url URL, or --init true for a new dbt project."
            )
        if request.scaffold_format == "yaml" and not request.append:
            text = render("component/defs.yaml.jinja", type_name=request.type_name, project=project)
            (request.target_path / "defs.yaml").write_text(text)
        else:
            scaffold_component(request, {"project": project})


def _existing_project(path: str) -> Path:
    folder = Path(path).resolve()
    if not (folder / "dbt_project.yml").is_file():
        raise DagsterDbtError(
            f"No dbt_project.yml in {str(folder)!r}.",
            where="--project-path",
            hint="Pass the folder of an existing dbt project, relative to the current folder, or use"
            " `--init true` to create one.",
        )
    return folder


def _check_url(url: str) -> None:
    try:
        parse_git_url(url)
    except GitInputError as error:
        raise DagsterDbtError(error.message, where="--git-url", hint=error.hint) from None


def _remove_empty(folder: Path) -> None:
    """Removes the folder that `dg` created for a component that could not be written."""
    with contextlib.suppress(OSError):  # it isn't empty
        folder.rmdir()


def _make_project(root: Path, component_name: str) -> Path:
    name = re.sub(r"\W", "_", component_name).strip("_").lower() or "dbt_project"
    if name[0].isdigit():
        name = f"dbt_{name}"
    folder = root / f"{name}_dbt"
    if folder.exists():
        raise DagsterDbtError(
            f"{str(folder)!r} already exists.",
            where="--init",
            hint=f"Choose another component name, or use `--project-path {folder.name}`.",
        )
    adapter = "duckdb" if find_spec("dbt.adapters.duckdb") is not None else "postgres"
    for path, text in rendered_files("init", name=name, adapter=adapter):
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text)
    click.echo(f"Created dbt project {name} ({adapter}) in {folder}.")
    return folder


def _root_relative(folder: Path, root: Path) -> str:
    relative = os.path.relpath(folder, root.resolve()).replace(os.sep, "/")
    return "{{ context.project_root }}/" + relative
