"""Components of one Dagster project that define the same things are refused with the files of both."""

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
from dagster.components.core.defs_module import ComponentPath

from dbt_component.component.claims import Claim, Claims
from dbt_component.errors import DagsterDbtError, DuplicateAssetKeyError
from tests.dg_project import DgProject, run, specs_of

pytestmark = pytest.mark.usefixtures("shared_states")

OTHER = "{{ context.project_root }}/other/shop"


@pytest.fixture
def two_projects(dg_project: DgProject, prepared: None) -> DgProject:
    """Two dbt projects of one name in one Dagster project."""
    shutil.copytree(dg_project.dbt_folder, dg_project.root / "other" / "shop")
    return dg_project


def load_error(project: DgProject) -> DagsterDbtError:
    with pytest.raises(Exception) as caught:
        project.load()
    error = caught.value
    assert isinstance(error, DagsterDbtError), caught.value
    return error


def op_names(defs: dg.Definitions) -> set[str]:
    return {item.op.name for item in defs.assets or () if isinstance(item, dg.AssetsDefinition)}


def test_two_projects_of_one_name_and_the_same_keys_are_refused(two_projects: DgProject) -> None:
    first = two_projects.write_component("first")
    second = two_projects.write_component("second", project=OTHER)
    error = load_error(two_projects)
    assert isinstance(error, DuplicateAssetKeyError)
    assert error.message.startswith("Two components define the same assets: 'customers', ")
    assert error.where == f"{first} and {second}"
    assert "translation: {key_prefix: …}" in str(error.hint)


def test_two_projects_of_one_name_with_their_own_keys_are_accepted(two_projects: DgProject) -> None:
    two_projects.write_component("first")
    two_projects.write_component("second", project=OTHER, translation={"key_prefix": "second"})
    defs = two_projects.load()
    names = op_names(defs)
    assert len(names) == 2
    assert "shop" in names
    job = defs.resolve_implicit_global_asset_job_def()
    assert {node.name for node in job.nodes} == names


def test_two_ops_of_one_name_are_refused(two_projects: DgProject) -> None:
    first = two_projects.write_component("first", op={"name": "dbt"})
    second = two_projects.write_component(
        "second", project=OTHER, translation={"key_prefix": "second"}, op={"name": "dbt"}
    )
    error = load_error(two_projects)
    assert error.message == "Two components have an op of the same name: 'dbt'."
    assert error.where == f"{first} and {second}"
    assert "`op: {name: …}`" in str(error.hint)


def test_the_documents_of_one_file_are_told_apart(two_projects: DgProject) -> None:
    path = two_projects.write_component("first")
    text = path.read_text()
    path.write_text(f"{text}---\n{text.replace('/shop', '/other/shop')}")
    assert load_error(two_projects).where == f"{path} and {path} (document 2)"


def test_a_subclass_may_rename_what_it_has_built(two_projects: DgProject) -> None:
    module = two_projects.defs_folder.parent / "renaming.py"
    module.write_text(
        "import dagster as dg\n"
        "from dbt_component import DbtProjectComponent\n"
        "class Renaming(DbtProjectComponent):\n"
        "    def build_defs(self, context):\n"
        "        (assets,) = super().build_defs(context).assets\n"
        "        renamed = {key: key.with_prefix('renamed') for key in assets.keys}\n"
        "        return dg.Definitions([assets.with_attributes(asset_key_replacements=renamed)])\n"
    )
    two_projects.write_component("first")
    path = two_projects.write_component("second", project=OTHER)
    path.write_text(
        path.read_text().replace(
            "dbt_component.DbtProjectComponent", f"{two_projects.module}.renaming.Renaming"
        )
    )
    specs = specs_of(two_projects.load())
    assert {"customers", "renamed/customers"} <= specs.keys()


def test_a_component_that_was_unloaded_has_no_claim(two_projects: DgProject) -> None:
    places = [
        two_projects.write_component("first").parent,
        two_projects.write_component("second", project=OTHER).parent,
    ]
    tree = two_projects.tree()
    first, second = [tree.load_component(place) for place in places]
    one, other = [
        Claim(ComponentPath.from_path(place, 0), {dg.AssetKey("a")}, set(), set())
        for place in places
    ]
    claims = Claims()
    claims.add(tree, first, one)
    with pytest.raises(DuplicateAssetKeyError):
        claims.add(tree, second, other)
    tree.state_tracker.invalidate_by_defs_state_key("DbtProjectComponent[shop]")
    claims.add(tree, second, other)


@pytest.fixture
def one_project(dg_project: DgProject, in_dev: None) -> Iterator[DgProject]:
    yield dg_project


@pytest.mark.server
def test_components_on_one_project_with_disjoint_selections_run_in_one_job(
    one_project: DgProject, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SHOP_DATABASE", str(tmp_path / "shop.duckdb"))
    later: dict[str, Any] = {"select": "+tag:daily", "exclude": "resource_type:seed tag:staging"}
    one_project.write_component(
        "first", select="resource_type:seed tag:staging", exclude="loose_test"
    )
    one_project.write_component("second", **later)
    defs = one_project.load()
    assert len(op_names(defs)) == 2
    outcome = run(defs)
    assert outcome.success, outcome.failure
    assert {"raw_orders", "stg_orders", "customers"} <= set(outcome.materialized)


@pytest.mark.server
def test_overlapping_selections_on_one_project_are_refused(one_project: DgProject) -> None:
    one_project.write_component("first", select="tag:staging")
    one_project.write_component("second", select="stg_orders+")
    error = load_error(one_project)
    assert error.message == "Two components define the same assets: 'stg_orders'."
    assert "with `select` or `exclude`" in str(error.hint)


def test_two_components_of_one_selection_are_refused_with_a_remedy_that_works(
    dg_project: DgProject, prepared: None
) -> None:
    first = dg_project.write_component("first")
    second = dg_project.write_component("second")
    error = load_error(dg_project)
    assert "the same selection of the same dbt project" in error.message
    assert error.where in (f"{first} and {second}", f"{second} and {first}")
    assert "translation: {key_prefix: …}" in str(error.hint)
    dg_project.write_component(
        "second", translation={"key_prefix": "second"}, defs_state={"key": "second"}
    )
    assert "second/customers" in specs_of(dg_project.load())
