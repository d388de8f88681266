"""docs/dbt-cloud.md: every block of YAML and Python works against the stand-in platform, every key has its line."""

import re
from pathlib import Path

import pytest

from dbt_component import DbtCloudComponent, DbtProjectComponent
from tests.cloud.component.conftest import CloudProject
from tests.cloud.component.conftest import cloud_project as cloud_project
from tests.dg_project import specs_of

pytestmark = pytest.mark.server
PAGE = (Path(__file__).parents[2] / "docs" / "dbt-cloud.md").read_text()


def blocks(language: str) -> list[str]:
    found: list[str] = re.findall(rf"^```{language}\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
    assert found
    return found


@pytest.mark.parametrize("number", range(len(blocks("yaml"))))
def test_every_block_of_yaml_is_a_component_that_loads(
    cloud_project: CloudProject, number: int
) -> None:
    project = cloud_project.project
    project.write_yaml(blocks("yaml")[number])
    project.refresh()
    assert "product_sales" in specs_of(project.load())


def test_every_block_of_python_is_a_module_that_loads(cloud_project: CloudProject) -> None:
    for text in blocks("python"):
        found: dict[str, object] = {}
        exec(text, found)
        assert {"defs", "bakery", "sensor"} <= found.keys()


def test_every_key_has_its_line_in_the_table() -> None:
    _, _, section = PAGE.partition("## What differs from a local project")
    table = section.partition("\n## ")[0]
    keys = set(re.findall(r"`(\w+)`", "\n".join(re.findall(r"^\| (.*?) \|", table, re.MULTILINE))))
    everywhere = set(DbtProjectComponent.model().model_fields)
    assert everywhere - {"project"} == keys
    own = set(DbtCloudComponent.model().model_fields) - everywhere
    assert all(f"`{key}" in PAGE or f"{key}:" in PAGE for key in own)
