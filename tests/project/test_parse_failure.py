"""dbt's own messages: each project here is prepared by the real dbt."""

from dataclasses import replace
from pathlib import Path

import pytest

from dbt_component.errors import PrepareError
from dbt_component.project.project import DbtProject
from dbt_component.project.refresh import refresh_from_folder
from dbt_component.project.refresh_request import RefreshRequest
from tests.dg_project import DgProject


@pytest.fixture
def shop(dg_project: DgProject) -> DbtProject:
    return DbtProject(dg_project.dbt_folder)


def error_of(project: DbtProject, folder: Path) -> PrepareError:
    with pytest.raises(PrepareError) as caught:
        refresh_from_folder(project, RefreshRequest(folder / "state", selections=[]))
    assert "Traceback" not in str(caught.value)
    return caught.value


def test_a_missing_target_names_the_others(shop: DbtProject, tmp_path: Path) -> None:
    error = error_of(replace(shop, target="prodd"), tmp_path)
    assert error.message.startswith("`dbt parse --target prodd` failed: The profile 'shop'")
    assert "'prodd'" in error.message and "dev - other" in error.message
    assert error.key == "project.target"
    assert error.where == str(shop.project_dir / "profiles.yml")
    assert error.hint is not None and "one of these targets" in error.hint


def test_a_missing_profile_names_the_others(shop: DbtProject, tmp_path: Path) -> None:
    error = error_of(replace(shop, profile="shopp"), tmp_path)
    assert "'shopp'" in error.message and error.key == "project.profile"
    assert error.hint is not None and "which holds 'shop'" in error.hint


def test_a_missing_profile_of_dbt_project_yml_names_that_file(
    shop: DbtProject, tmp_path: Path
) -> None:
    file = shop.project_dir / "dbt_project.yml"
    file.write_text(file.read_text().replace("profile: shop", "profile: shopp"))
    error = error_of(DbtProject(shop.project_dir), tmp_path)
    assert "'shopp'" in error.message and error.key == "project"
    assert error.hint is not None and "in dbt_project.yml" in error.hint


def test_a_missing_variable_is_named_with_the_remedy(shop: DbtProject, tmp_path: Path) -> None:
    file = shop.project_dir / "profiles.yml"
    file.write_text(file.read_text().replace("'SHOP_DATABASE', 'shop.duckdb'", "'NOT_SET'"))
    error = error_of(shop, tmp_path)
    assert error.message.endswith("Env var required but not provided: 'NOT_SET'")
    assert error.hint is not None and "Set the environment variable NOT_SET" in error.hint


def test_failing_deps_are_named_alone_with_their_file(shop: DbtProject, tmp_path: Path) -> None:
    (shop.project_dir / "packages.yml").write_text(
        f"packages:\n  - git: file://{tmp_path}/none\n    revision: main\n"
    )
    error = error_of(shop, tmp_path)
    assert error.message.startswith("`dbt deps` failed: ")
    assert "dbt parse" not in error.message
    assert error.where == str(shop.project_dir / "packages.yml")


def test_a_wrong_command_is_suggested_a_right_one(shop: DbtProject, tmp_path: Path) -> None:
    error = error_of(replace(shop, prepare_project_cli_args=["pars"]), tmp_path)
    assert error.key == "project.prepare_project_cli_args"
    assert error.hint == "Did you mean `parse`?"


def test_an_error_in_a_model_is_dbts_own_message(shop: DbtProject, tmp_path: Path) -> None:
    (shop.project_dir / "models" / "x.sql").write_text("select * from {{ ref('nope') }}")
    error = error_of(shop, tmp_path)
    assert "'model.shop.x' (models/x.sql) depends on a node named 'nope'" in error.message
    assert error.hint is not None and "`dbt parse` in its folder" in error.hint
