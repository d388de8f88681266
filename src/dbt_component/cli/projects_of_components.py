"""The dbt projects of the components of a dg project, for their preparation."""

from pathlib import Path

from dbt_component.component.component import DbtProjectComponent
from dbt_component.component.projects import components_of
from dbt_component.errors import ProjectError
from dbt_component.project.asked_selections import AskedSelections
from dbt_component.project.prepared_files import state_beside
from dbt_component.project.project import DbtProject


def projects_of_components(folder: Path) -> list[DbtProject]:
    """The project of each DbtProjectComponent; its preparation will resolve the component's selections.

    Args:
        folder: A folder in the dg project.

    Raises:
        ProjectError: There is no such component, or the project of one has no folder here because it is in Git.
    """
    projects = [_project_of(component) for component in components_of(folder)]
    if not projects:
        raise ProjectError(
            "There is no DbtProjectComponent in this dg project.",
            where=str(folder.resolve()),
            hint="Name a folder of the dg project, or use `--file` for a Python file with a DbtProject.",
        )
    return projects


def _project_of(component: DbtProjectComponent) -> DbtProject:
    project = component.project_source.find_folder()
    if project is None:
        raise ProjectError(
            f"The dbt project of component {component.defs_state_config.key!r} has no folder on this machine.",
            hint="A project in Git is prepared by `dg utils refresh-defs-state`, whose state contains a copy of it.",
        )
    asked = AskedSelections.beside(state_beside(project.manifest_path))
    for criteria in (component.criteria, *(s.criteria for s in component.schedules or ())):
        asked.announce(criteria)
    return project
