from dbt_component import get_projects_from_dbt_component
from tests.dg_project import DgProject


def test_the_projects_of_all_components_are_found_from_any_folder(dg_project: DgProject) -> None:
    folder = str(dg_project.dbt_folder)
    dg_project.write_component("one")
    dg_project.write_component("two", project={"project_dir": folder, "target": "dev"}, select="a")
    projects = get_projects_from_dbt_component(dg_project.root)
    assert [(project.name, project.target) for project in projects] == [
        ("shop", None),
        ("shop", "dev"),
    ]
    assert get_projects_from_dbt_component(dg_project.defs_folder) == projects
