"""The dbt projects of the components of a Dagster project."""

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
    found = dg.ComponentTree.for_project(components).get_all_components(of_type=DbtProjectComponent)
    return [component.dbt_project for component in found]
