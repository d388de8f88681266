"""The test project as Python definitions get it: with a manifest.json in its target folder."""

import pytest

from dbt_component import DbtProject
from dbt_component.project.state import StateFile
from tests.dg_project import DgProject


@pytest.fixture
def shop(dg_project: DgProject, shop_state: StateFile) -> DbtProject:
    """The test project with a manifest.json in its target folder, but not prepared."""
    target = dg_project.dbt_folder / "target"
    target.mkdir()
    (target / "manifest.json").write_bytes(shop_state.read_manifest_json())
    return DbtProject(dg_project.dbt_folder)
