"""References to the files of assets."""

import os
from pathlib import Path
from typing import Any

import pytest

from dbt_component.definitions.file_references import file_references
from dbt_component.manifest.manifest import Manifest
from dbt_component.manifest.origin import Origin
from dbt_component.manifest.read import read_manifest
from dbt_component.project.project import DbtProject
from tests.dg_project import DgProject
from tests.manifest_entries import manifest_of, model


def references(
    file: str, project: DbtProject | None = None, origin: Origin | None = None, **fields: Any
) -> list[str]:
    """The links and paths of a model in ``file``."""
    read = read_manifest(manifest_of(model("a", original_file_path=file, **fields)))
    manifest = Manifest(read.index, read.entries, origin=origin)
    found = file_references({}, manifest, manifest.index.nodes[0], project)
    listed = found["dagster/code_references"].code_references if found else []
    return [getattr(each, "url", None) or each.file_path for each in listed]


@pytest.mark.parametrize("project_dir", ["shop", "elsewhere/../shop", "linked/../shop"])
def test_paths_are_absolute_and_without_dots(
    dg_project: DgProject, monkeypatch: pytest.MonkeyPatch, project_dir: str
) -> None:
    root = dg_project.root
    (root / "elsewhere").mkdir()
    (root / "apart" / "deep").mkdir(parents=True)
    (root / "apart" / "shop").symlink_to(root / "shop")
    (root / "linked").symlink_to(root / "apart" / "deep")
    monkeypatch.chdir(root)
    project = DbtProject(Path(project_dir))
    assert references("models/a.sql", project) == [str(root / "shop/models/a.sql")]
    assert references("../shared/a.sql", project) == [str(root / "shared/a.sql")]
    assert references("models/a.sql", project, package_name="other") == [
        str(root / "shop/dbt_packages/other/models/a.sql")
    ]


def test_a_link_stays_in_a_path_that_has_no_dots(dg_project: DgProject) -> None:
    (dg_project.root / "current").symlink_to(dg_project.dbt_folder)
    project = DbtProject(dg_project.root / "current")
    assert references("models/a.sql", project) == [
        os.path.join(dg_project.root, "current", "models/a.sql")
    ]


@pytest.mark.parametrize(
    ("folder", "file", "expected"),
    [
        ("", "models/a.sql", "models/a.sql"),
        ("dbt/shop", "../shared/a.sql", "dbt/shared/a.sql"),
        ("", "../shared/a.sql", None),
    ],
)
def test_a_link_leads_to_a_file_of_the_repository_or_there_is_none(
    folder: str, file: str, expected: str | None
) -> None:
    origin = Origin("https://github.com/my-org/analytics", "0" * 40, folder=folder)
    link = f"https://github.com/my-org/analytics/blob/{'0' * 40}/{expected}"
    assert references(file, origin=origin) == ([link] if expected else [])
