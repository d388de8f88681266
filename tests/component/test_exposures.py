"""``exposures: true``: what a project makes of its models, in the asset graph."""

import shutil
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
from dagster._core.definitions.metadata.source_code import CodeReferencesMetadataValue

from dbt_component.errors import DuplicateAssetKeyError
from tests.dg_project import PROJECTS, DgProject, run, specs_of

pytestmark = pytest.mark.usefixtures("in_dev", "shared_states")
PROJECT = "{{ context.project_root }}/metrics"
LEADING = {"semantic_models/orders_semantics", "metrics/revenue", "metrics/revenue_twice"}


@pytest.fixture
def project(tmp_path: Path) -> DgProject:
    project = DgProject(tmp_path / "dg")
    shutil.copytree(PROJECTS / "metrics", project.root / "metrics")
    return project


def load(project: DgProject, **attributes: Any) -> dict[str, dg.AssetSpec]:
    project.write_component(project=PROJECT, **attributes)
    return specs_of(project.load())


def deps_of(spec: dg.AssetSpec) -> set[str]:
    return {dep.asset_key.to_user_string() for dep in spec.deps}


def test_exposures_and_what_leads_to_them_are_external_assets(project: DgProject) -> None:
    project.write_component(project=PROJECT, exposures=True)
    defs = project.load()
    specs = specs_of(defs)
    found = {"exposures/board", "apps/notebook", "saved_queries/by_day"} | LEADING
    assert specs.keys() == {"orders", "days", "web/visits"} | found  # the source, as a dependency
    assert {key: deps_of(specs[key]) for key in found} == {
        "semantic_models/orders_semantics": {"orders"},
        "metrics/revenue": {"semantic_models/orders_semantics"},
        "metrics/revenue_twice": {"metrics/revenue"},
        "saved_queries/by_day": {"metrics/revenue_twice"},
        "exposures/board": {
            "orders",
            "web/visits",
            "metrics/revenue",
        },  # orders, through ephemerals
        "apps/notebook": {"orders"},
    }
    graph = defs.resolve_asset_graph()
    assert {key.to_user_string() for key in graph.executable_asset_keys} == {"orders", "days"}
    outcome = run(defs, dg.AssetSelection.assets("orders", "days"))
    assert outcome.success, outcome.failure


def test_they_show_what_dbt_says_of_them(project: DgProject) -> None:
    settings = {"enable_code_references": True}
    specs = load(project, exposures=True, translation_settings=settings)
    board, notebook = specs["exposures/board"], specs["apps/notebook"]
    assert board.description == "What the board sees."
    assert board.kinds == {"dbt", "exposure"}
    assert board.owners == ["ada@example.com"]
    assert "weekly" in board.tags
    metadata = board.metadata
    assert metadata["url"] == dg.MetadataValue.url("https://bi.example.com/board")
    shown = {key: metadata[key] for key in ("type", "maturity", "label", "owner")}
    assert shown == {"type": "dashboard", "maturity": "high", "label": "The board", "owner": "Ada"}
    assert metadata["dagster_dbt/unique_id"] == "exposure.metrics.board"
    assert "dagster/table_name" not in metadata and "dagster/storage_kind" not in metadata
    references = metadata["dagster/code_references"]
    assert isinstance(references, CodeReferencesMetadataValue)
    path = str(project.root / "metrics" / "models" / "models.yml")
    assert path in [getattr(r, "file_path", None) for r in references.code_references]
    # meta.dagster wins; an address that is none is metadata.
    assert (notebook.group_name, notebook.owners) == ("apps", ["team:science"])
    assert notebook.metadata["owner_email"] == "no address"
    revenue = specs["metrics/revenue"]
    assert revenue.kinds == {"dbt", "metric"}
    assert (revenue.group_name, revenue.owners) == ("finance", ["finance@example.com"])
    assert revenue.metadata["type"] == "simple" and revenue.metadata["label"] == "Revenue"
    assert specs["saved_queries/by_day"].kinds == {"dbt", "saved_query"}


@pytest.mark.parametrize(
    ("select", "expected"),
    [
        ("orders", set()),
        ("+exposure:notebook", {"apps/notebook"}),
        ("orders exposure:board", {"exposures/board", *(LEADING - {"metrics/revenue_twice"})}),
        ("orders saved_query:by_day", {"saved_queries/by_day", *LEADING}),
        ("orders metric:revenue", set()),
    ],
)
def test_only_what_dbt_selects_and_what_leads_there_is_shown(
    project: DgProject, select: str, expected: set[str]
) -> None:
    specs = load(project, exposures=True, select=select)
    assert specs.keys() - {"web/visits"} == {"orders"} | expected


def test_without_the_key_nothing_changes(project: DgProject) -> None:
    assert load(project).keys() == {"orders", "days"}
    assert load(project, exposures=False).keys() == {"orders", "days"}


def test_translation_and_overrides_apply_as_to_all_nodes(project: DgProject) -> None:
    translation = {
        "key_prefix": ["bi"],
        "group_name": "{{ 'uses' if node.resource_type == 'exposure' else spec.group_name }}",
        "metadata": {"kind": "{{ node.type | default('none') }}"},
        "automation_condition": "{{ dg.AutomationCondition.eager() }}",
    }
    specs = load(project, exposures=True, translation=translation)
    board = specs["bi/exposures/board"]
    assert deps_of(board) == {"bi/orders", "bi/web/visits", "bi/metrics/revenue"}
    assert (board.group_name, board.metadata["kind"]) == ("uses", "dashboard")
    assert board.automation_condition is None
    assert specs["bi/orders"].automation_condition is not None
    folder = project.defs_folder / "transform"
    (folder / "own.py").write_text(
        "from dataclasses import dataclass\n"
        "from dbt_component import DbtProjectComponent\n\n\n"
        "@dataclass\n"
        "class Own(DbtProjectComponent):\n"
        "    def get_asset_spec(self, manifest, unique_id, project):\n"
        "        spec = super().get_asset_spec(manifest, unique_id, project)\n"
        "        return spec.replace_attributes(key=spec.key.with_prefix('own'))\n"
    )
    project.write_yaml(
        f"type: {project.module}.defs.transform.own.Own\n"
        f"attributes: {{project: '{PROJECT}', exposures: true, translation: {{key_prefix: bi}}}}\n"
    )
    board = specs_of(project.load())["bi/own/exposures/board"]
    assert deps_of(board) == {"bi/own/orders", "bi/own/web/visits", "bi/own/metrics/revenue"}


def test_shared_keys_are_refused_with_all_nodes(project: DgProject) -> None:
    key = "{{ 'orders' if node.name in ('board', 'orders', 'revenue') else spec.key }}"
    with pytest.raises(Exception) as caught:
        load(project, exposures=True, translation={"key": key})
    assert isinstance(caught.value, DuplicateAssetKeyError)
    for unique_id in ("exposure.metrics.board", "metric.metrics.revenue", "model.metrics.orders"):
        assert f"- {unique_id} (models/" in caught.value.message
    load(project, translation={"key": key})  # nothing else has that key
    first = project.write_component("transform", project=PROJECT, exposures=True)
    second = project.write_component(
        "second", project=PROJECT, select="exposure:board", exposures=True, op={"name": "b"}
    )
    with pytest.raises(DuplicateAssetKeyError, match="'exposures/board'") as shared:
        project.load()
    assert shared.value.where == f"{second} and {first}"


def test_a_python_asset_behind_a_metric_is_downstream_of_a_job(project: DgProject) -> None:
    (project.defs_folder / "own.py").write_text(
        "import dagster as dg\n\n\n"
        "@dg.asset(deps=[dg.AssetKey(['metrics', 'revenue'])])\n"
        "def forecast(): ...\n"
    )
    jobs = [{"name": "orders", "select": "orders", "include_downstream": True}]
    project.write_component(project=PROJECT, exposures=True, jobs=jobs)
    job = project.load().resolve_job_def("orders")
    keys = {key.to_user_string() for key in job.asset_layer.executable_asset_keys}
    assert keys == {"orders", "forecast"}
