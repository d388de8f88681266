"""The dbt components of a Dagster project, and their dbt projects."""

from collections.abc import Iterator
from pathlib import Path
from typing import TypeVar

import dagster as dg
from pydantic import ValidationError

from dbt_component.component.component import DbtProjectComponent
from dbt_component.component.state_component import DbtStateComponent
from dbt_component.errors import DagsterDbtError, DefinitionError
from dbt_component.project.project import DbtProject

T = TypeVar("T", bound=DbtStateComponent)


def get_projects_from_dbt_component(components: Path) -> list[DbtProject]:
    """The project of each DbtProjectComponent, in the order of the component tree.

    Args:
        components: A folder in the Dagster project.

    Raises:
        DagsterDbtError: The project of a component has neither a folder nor a state on this machine.
    """
    return [component.dbt_project for component in components_of(components)]


def components_of(folder: Path) -> Iterator[DbtProjectComponent]:
    """Yields the components of dbt projects on this machine or in Git; see ``components_of_type``."""
    yield from components_of_type(folder, DbtProjectComponent)


def all_components_of(folder: Path) -> Iterator[DbtStateComponent]:
    """Yields the components of all dbt projects, wherever dbt runs; see ``components_of_type``."""
    yield from components_of_type(folder, DbtStateComponent)  # type: ignore[type-abstract]


def components_of_type(folder: Path, kind: type[T]) -> Iterator[T]:
    """Yields the components of a type in the dg project that contains ``folder``.

    Raises:
        DagsterDbtError: A defs.yaml is wrong. Errors of the project's Python code are raised as they are.
    """
    tree = dg.ComponentTree.for_project(folder.resolve())
    try:
        components = tree.get_all_components(of_type=kind)
    except Exception as error:
        for cause in _causes_of(error):
            if isinstance(cause, DagsterDbtError):
                raise cause from None
            if isinstance(cause, ValidationError):
                raise DefinitionError(
                    f"A defs.yaml of the project is wrong: {cause}", hint="Run `dg check yaml`."
                ) from None
        raise
    for component in components:
        component.bind_to_project(tree.project_root)
        yield component


def _causes_of(error: BaseException) -> Iterator[BaseException]:
    """The error, and those that led to it."""
    found: BaseException | None = error
    while found is not None:
        yield found
        found = found.__cause__ or found.__context__
