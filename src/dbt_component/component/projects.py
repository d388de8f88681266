"""The dbt components of a Dagster project, and their dbt projects."""

from collections.abc import Iterator
from pathlib import Path

import dagster as dg

from dbt_component.component.component import DbtProjectComponent
from dbt_component.project.project import DbtProject


def get_projects_from_dbt_component(components: Path) -> list[DbtProject]:
    """The project of each DbtProjectComponent, in the order of the component tree.

    Args:
        components: A folder in the Dagster project.

    Raises:
        DagsterDbtError: The project of a component has neither a folder nor a state on this machine.
    """
    return [component.dbt_project for component in components_of(components)]


def components_of(folder: Path) -> Iterator[DbtProjectComponent]:
    """Yields the dbt components of the dg project that contains ``folder``."""
    tree = dg.ComponentTree.for_project(folder.resolve())
    for component in tree.get_all_components(of_type=DbtProjectComponent):
        component.bind_to_project(tree.project_root)
        yield component
