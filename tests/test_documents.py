"""README.md and docs/: every block of YAML loads, every block of Python runs, every key and hook is listed."""

import inspect
import json
import re
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
import yaml
from dagster._core.storage.defs_state.blob_storage_state_storage import UPathDefsStateStorage
from upath import UPath

import dbt_component
from dbt_component import DbtCloudComponent
from dbt_component.component.component import DbtProjectComponent
from dbt_component.component.scaffolder import DbtScaffoldParams
from dbt_component.dbt_process.engine import NEWEST_TESTED
from dbt_component.project.state import StateFile
from tests.component.conftest import prepared as prepared
from tests.dg_project import DgProject, checks_of, run, specs_of

ROOT = Path(__file__).parents[1]
# These have tests of their own.
ELSEWHERE = {"python.md", "dbt-cloud.md"}
DOCUMENTS = [
    ROOT / "README.md",
    *sorted(path for path in (ROOT / "docs").glob("*.md") if path.name not in ELSEWHERE),
]
_BLOCK = re.compile(r"^```(\w+)\n(.*?)^```", re.MULTILINE | re.DOTALL)


def blocks(language: str) -> list[Any]:
    return [
        pytest.param(text, id=f"{document.name}-{number}")
        for document in DOCUMENTS
        for number, (kind, text) in enumerate(_BLOCK.findall(document.read_text()))
        if kind == language
    ]


def subclassing() -> list[str]:
    return [
        text
        for kind, text in _BLOCK.findall((ROOT / "docs" / "subclassing.md").read_text())
        if kind == "python"
    ]


@pytest.fixture
def fitting(
    dg_project: DgProject,
    shop_state_path: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[DgProject]:
    """A dg project with the folders, profile and variables that the documents' examples name."""
    transform = dg_project.root / "transform"
    shutil.copytree(dg_project.dbt_folder, transform)
    profiles = dg_project.defs_folder / "profiles"
    profiles.mkdir()
    text = (transform / "profiles.yml").read_text()
    (profiles / "profiles.yml").write_text(text.replace("shop:", "warehouse:", 1))
    _write_production(dg_project.root / "production", shop_state_path)
    monkeypatch.setenv("DBT_TARGET", "dev")
    monkeypatch.setenv("DBT_REPO_TOKEN", "token")
    (tmp_path / "instance").mkdir()
    with dg.DagsterInstance.local_temp(str(tmp_path / "instance")) as instance:
        dg_project.storage = UPathDefsStateStorage(UPath(tmp_path / "states"))
        dg_project.storage.register_instance(instance)
        yield dg_project


def _write_production(folder: Path, state_path: Path) -> None:
    """Writes the manifest.json of a production that lacks one model of the project."""
    state = StateFile(state_path)
    manifest = json.loads(state.read_manifest_json())
    state.close()
    del manifest["nodes"]["model.shop.customers"]
    folder.mkdir()
    (folder / "manifest.json").write_text(json.dumps(manifest))


@pytest.mark.parametrize("text", blocks("yaml"))
def test_every_block_of_yaml_is_a_component_or_an_instance_that_loads(
    text: str, fitting: DgProject, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    content = yaml.safe_load(text)
    if "defs_state_storage" in content:
        storage = content["defs_state_storage"]
        storage["config"]["base_path"] = str(tmp_path / "bucket")
        (tmp_path / "home").mkdir()
        (tmp_path / "home" / "dagster.yaml").write_text(yaml.safe_dump(content))
        with dg.DagsterInstance.from_config(str(tmp_path / "home")) as instance:
            assert isinstance(instance.defs_state_storage, UPathDefsStateStorage)
        return
    if "type" in content:
        dbt = Path(sys.executable).parent / "dbt"
        fitting.write_yaml(text.replace("/opt/dbt/bin/dbt", str(dbt)))
        fitting.refresh()
    else:  # the attributes that a topic is about; their repository does not exist
        assert list(content) == ["attributes"]
        request.getfixturevalue("prepared")
        fitting.write_yaml(f"type: dbt_component.DbtProjectComponent\n{text}")
    assert specs_of(fitting.load())


def test_the_commented_alternatives_in_the_readme_are_valid_too() -> None:
    _, _, section = (ROOT / "README.md").read_text().partition("## The YAML, by example")
    block = section.partition("```yaml\n")[2].partition("```")[0]
    alternatives = re.findall(r"^  # (\w+:.*(?:\n  #   .*)*)", block, re.MULTILINE)
    keys = []
    for text in alternatives:
        attributes = yaml.safe_load(text.replace("\n  # ", "\n"))
        DbtProjectComponent.model().model_validate({"project": "a", **attributes})
        keys += attributes
    assert keys == ["project", "watch", "selector", "translation"]


@pytest.mark.parametrize("text", blocks("python"))
def test_every_block_of_python_is_a_component_or_a_module_beside_one_that_loads(
    text: str, dg_project: DgProject, prepared: None
) -> None:
    if "(DbtProjectComponent)" in text:
        write_subclass(dg_project, text)
    else:
        dg_project.write_component("transform")
        (dg_project.defs_folder / "beside.py").write_text(text)
    assert specs_of(dg_project.load())


def write_subclass(project: DgProject, text: str, **attributes: Any) -> DgProject:
    folder = project.defs_folder / "transform"
    folder.mkdir(exist_ok=True)
    (folder / "own.py").write_text(text)
    name = re.findall(r"^class (\w+)\(DbtProjectComponent\)", text, re.MULTILINE)[0]
    attributes["project"] = "{{ context.project_root }}/shop"
    project.write_yaml(
        yaml.safe_dump(
            {"type": f"{project.module}.defs.transform.own.{name}", "attributes": attributes}
        )
    )
    return project


def test_the_example_of_specs_changes_assets_and_checks(
    dg_project: DgProject, prepared: None
) -> None:
    defs = write_subclass(dg_project, subclassing()[0], team="finance").load()
    assert specs_of(defs)["customers"].owners == [
        "finance@example.com",
        "team:finance",
    ]
    assert specs_of(defs)["customers"].metadata["path"] == "models/marts/customers.sql"
    assert checks_of(defs) and not any(":not_null" in key for key in checks_of(defs))


@pytest.mark.server
def test_the_examples_of_runs_change_the_command_and_do_something_afterwards(
    dg_project: DgProject, in_dev: None
) -> None:
    defs = write_subclass(dg_project, subclassing()[1]).load()
    op = "shop"
    config = {"ops": {op: {"config": {"full_refresh": True}}}}
    outcome = run(defs, dg.AssetSelection.assets("raw_orders"), run_config=config)
    assert outcome.success, outcome.failure
    other = DgProject(dg_project.root.parent / "other")
    other.copy_dbt_project()
    defs = write_subclass(other, subclassing()[2]).load()
    outcome = run(defs, dg.AssetSelection.assets("raw_orders"))
    assert outcome.success, outcome.failure


def test_every_hook_is_listed_with_its_parameters() -> None:
    rows = dict(
        re.findall(
            r"^\| `(\w+)` \| (.*?) \| [^|]*\|$",
            (ROOT / "docs" / "subclassing.md").read_text(),
            re.MULTILINE,
        )
    )
    for name, signature in rows.items():
        hook = inspect.getattr_static(DbtProjectComponent, name)
        if isinstance(hook, property):
            assert "property" in signature
            continue
        listed = signature.partition("(")[2].partition(")")[0]
        names = [part.partition(":")[0].strip() for part in listed.split(",")]
        assert names == list(inspect.signature(hook).parameters), name
    overridable = {"get_asset_spec", "get_asset_check_spec", "get_resource_props"}
    assert rows.keys() == overridable | {"get_cli_args", "execute", "op_config_schema"}


def schema_keys(component: Any) -> set[str]:
    """All keys of a component's schema; those of mappings and lists of mappings with dots."""
    schema = component.model().model_json_schema()
    found: set[str] = set()

    def mappings(field: Any) -> list[Any]:
        if "$ref" in field:
            field = schema["$defs"][field["$ref"].rpartition("/")[2]]
            return [field] if "properties" in field else []
        parts = [field[name] for name in ("then", "else", "items") if name in field]
        return [mapping for part in parts for mapping in mappings(part)]

    for key, field in schema["properties"].items():
        found.add(key)
        found |= {f"{key}.{name}" for m in mappings(field) for name in m["properties"]}
    return found


def test_the_reference_lists_every_key_and_no_other() -> None:
    text, _, _ = (ROOT / "docs" / "reference.md").read_text().partition("\n## The command line\n")
    listed = re.findall(r"^\| `([\w.]+)` \| \S", text, re.MULTILINE)
    assert len(listed) == len(set(listed))
    assert set(listed) == schema_keys(DbtProjectComponent) | schema_keys(DbtCloudComponent)


def test_the_guide_for_moving_mentions_every_name() -> None:
    text = (ROOT / "docs" / "moving-from-dagster-dbt.md").read_text()
    mentioned = set(re.findall(r"`(\w+)`", text))
    assert set(dbt_component.__all__) - mentioned == set()


def test_the_options_of_scaffold_in_the_documents_exist() -> None:
    text = "\n".join(document.read_text() for document in DOCUMENTS)
    used = {
        option.replace("-", "_")
        for command in re.findall(r"dg scaffold defs .*", text)
        for option in re.findall(r"--([\w-]+)", command)
    }
    assert used == set(DbtScaffoldParams.model_fields)


def test_the_package_requires_the_dbt_that_is_tested() -> None:
    major, minor = NEWEST_TESTED
    pyproject = (ROOT / "pyproject.toml").read_text()
    assert f'  "dbt-core>=1.8,<{major}.{minor + 1}",\n' in pyproject
    readme = (ROOT / "README.md").read_text()
    assert f"needs dbt-core 1.8 to {major}.{minor};" in readme
    constraints = (ROOT / "constraints.txt").read_text()
    assert f"<{major}.{minor + 1}" in constraints
