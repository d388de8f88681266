"""The files of a project are those that dbt reads, and no others."""

import os
from pathlib import Path

import pytest

from dbt_component.project.files import iterate_project_files
from dbt_component.project.project_yml import read_project_yml


@pytest.fixture
def project_dir(tmp_path: Path) -> Path:
    folder = tmp_path / "project"
    write(folder, "dbt_project.yml", "name: p\nmodel-paths: [models]\n")
    return folder


def write(folder: Path, relative: str, text: str = "") -> Path:
    path = folder / relative
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def files_of(folder: Path) -> set[str]:
    return {path for path, _ in iterate_project_files(folder, read_project_yml(folder))}


def test_root_files_resource_folders_and_packages_are_included(project_dir: Path) -> None:
    wanted = {
        "packages.yml",
        "models/marts/a.sql",
        "macros/m.sql",
        "dbt_packages/other/dbt_project.yml",
        "dbt_packages/other/anything/x.txt",
    }
    for path in wanted:
        write(project_dir, path)
    assert files_of(project_dir) == wanted | {"dbt_project.yml"}


@pytest.mark.parametrize(
    "path",
    [
        "README.md",
        "target/manifest.json",
        "models/.git/a.sql",
        "models/__pycache__/a.py",
        "dbt_packages/other/target/a.sql",
        "models/shop.duckdb",
        "models/a.log",
        ".git/config",
        "other/a.sql",
        "../outside/a.sql",
    ],
)
def test_what_dbt_does_not_read_is_left_out(project_dir: Path, path: str) -> None:
    write(project_dir, path)
    assert files_of(project_dir) == {"dbt_project.yml"}


@pytest.mark.parametrize("path", ["models/target/a.sql", "models/logs/venv/a.py"])
def test_a_folder_of_models_may_have_any_name(project_dir: Path, path: str) -> None:
    write(project_dir, path)
    assert files_of(project_dir) == {"dbt_project.yml", path}


@pytest.mark.parametrize(
    "field",
    [
        "model-paths",
        "seed-paths",
        "test-paths",
        "analysis-paths",
        "macro-paths",
        "snapshot-paths",
        "docs-paths",
        "asset-paths",
        "source-paths",
        "data-paths",
    ],
)
def test_files_outside_of_the_folder_are_the_projects_too(project_dir: Path, field: str) -> None:
    (project_dir / "dbt_project.yml").write_text(f"name: p\n{field}: [own, ../shared/here]\n")
    write(project_dir, "own/a.sql")
    write(project_dir, "../shared/here/deep/a.sql")
    write(project_dir, "../shared/b.sql")
    assert files_of(project_dir) == {"dbt_project.yml", "own/a.sql", "../shared/here/deep/a.sql"}


def test_packages_may_be_installed_outside(project_dir: Path) -> None:
    (project_dir / "dbt_project.yml").write_text("name: p\npackages-install-path: ../installed\n")
    write(project_dir, "../installed/other/macros/a.sql")
    assert files_of(project_dir) == {"dbt_project.yml", "../installed/other/macros/a.sql"}


def test_an_absolute_folder_gives_absolute_paths(project_dir: Path, tmp_path: Path) -> None:
    shared = tmp_path / "shared"
    (project_dir / "dbt_project.yml").write_text(f"name: p\nmodel-paths: [{shared}]\n")
    write(shared, "a.sql")
    assert files_of(project_dir) == {"dbt_project.yml", f"{shared}/a.sql"}


@pytest.mark.parametrize(("folder", "prefix"), [(".", ""), ("..", "../project/")])
def test_of_a_folder_that_holds_all_else_only_resources_count(
    project_dir: Path, folder: str, prefix: str
) -> None:
    (project_dir / "dbt_project.yml").write_text(f"name: p\nmodel-paths: ['{folder}', models]\n")
    for path in ("models/a.sql", "b.sql"):
        write(project_dir, path)
    for path in ("state", "shop.duckdb", "target/c.sql", ".venv/d.py", "profiles.yml"):
        write(project_dir, path)
    expected = {"dbt_project.yml", "models/a.sql", f"{prefix}b.sql"}
    if prefix:
        expected |= {"../project/dbt_project.yml", "../project/models/a.sql"}
    assert files_of(project_dir) == expected


def test_links_to_folders_are_followed_in_packages_only(project_dir: Path, tmp_path: Path) -> None:
    write(tmp_path, "shared/dbt_project.yml")
    write(project_dir, "models/a.sql")
    (project_dir / "dbt_packages").mkdir()
    os.symlink(tmp_path / "shared", project_dir / "dbt_packages/shared")
    os.symlink(tmp_path / "shared", project_dir / "models/shared")
    assert files_of(project_dir) == {
        "dbt_project.yml",
        "models/a.sql",
        "dbt_packages/shared/dbt_project.yml",
    }


def test_a_link_that_leads_back_ends(project_dir: Path) -> None:
    write(project_dir, "dbt_packages/other/a.sql")
    os.symlink(project_dir / "dbt_packages", project_dir / "dbt_packages/other/again")
    assert "dbt_packages/other/a.sql" in files_of(project_dir)


def test_a_folder_in_another_is_walked_once(project_dir: Path) -> None:
    (project_dir / "dbt_project.yml").write_text("name: p\nmodel-paths: [models, models/marts]\n")
    write(project_dir, "models/marts/a.sql")
    found = [p for p, _ in iterate_project_files(project_dir, read_project_yml(project_dir))]
    assert sorted(found) == ["dbt_project.yml", "models/marts/a.sql"]
