"""Reading of run_results.json and sources.json."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from dbt_component.dbt_process.artifacts import (
    FreshnessCriteria,
    FreshnessLimit,
    read_run_results,
    read_sources,
)
from dbt_component.errors import DagsterDbtError
from tests.dg_project import PROJECTS

# One import of dbt for several commands.
COMMANDS = """
from dbt.cli.main import dbtRunner

for argv in (["seed"], ["run", "--select", "stg_orders", "broken"], ["source", "freshness"]):
    dbtRunner().invoke(["--quiet", *argv])
"""
FRESHNESS = """
sources:
  - name: watched
    schema: main
    tables:
      - name: raw_customers
        loaded_at_field: "timestamp '2020-01-01'"
        freshness: {warn_after: {count: 12, period: hour}}
"""


@pytest.fixture(scope="module")
def target(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The target folder of a project after a run with one failure and `dbt source freshness`."""
    folder = tmp_path_factory.mktemp("artifacts") / "shop"
    shutil.copytree(PROJECTS / "shop", folder)
    (folder / "models/watched.yml").write_text(FRESHNESS)
    (folder / "models/broken.sql").write_text("select * from nowhere")
    subprocess.run([sys.executable, "-c", COMMANDS], cwd=folder, capture_output=True, check=True)
    return folder / "target"


def test_the_nodes_of_a_run_are_read_with_their_times_and_messages(target: Path) -> None:
    found = read_run_results(target)
    results = {result.unique_id: result for result in found.results}
    assert {name: result.status for name, result in results.items()} == {
        "model.shop.stg_orders": "success",
        "model.shop.broken": "error",
    }
    built = results["model.shop.stg_orders"]
    assert [timing.name for timing in built.timing or []] == ["compile", "execute"]
    assert (built.execution_time or 0) > 0 and (found.elapsed_time or 0) > 0
    assert built.relation_name == '"shop"."main"."stg_orders"'
    assert "raw_orders" in (built.compiled_code or "")
    assert "nowhere" in (results["model.shop.broken"].message or "")
    assert found.metadata.invocation_id and found.metadata.dbt_version
    assert (found.args or {})["which"] == "run"


def test_the_freshness_of_sources_is_read_with_its_limits(target: Path) -> None:
    (result,) = read_sources(target / "sources.json").results
    assert (result.unique_id, result.status) == ("source.shop.watched.raw_customers", "warn")
    assert (result.max_loaded_at or "").startswith("2020-01-01T00:00:00")
    assert (result.max_loaded_at_time_ago_in_s or 0) > 365 * 24 * 3600
    assert result.criteria == FreshnessCriteria(
        warn_after=FreshnessLimit(count=12, period="hour"), error_after=FreshnessLimit()
    )


def test_missing_fields_get_defaults_and_unknown_ones_are_ignored(tmp_path: Path) -> None:
    (tmp_path / "run_results.json").write_text(
        json.dumps({"results": [{"unique_id": "model.a.b", "status": "success", "new": 1}]})
    )
    (result,) = read_run_results(tmp_path).results
    assert (result.timing, result.message, result.adapter_response) == ([], None, {})
    (tmp_path / "sources.json").write_text(
        json.dumps(
            {"results": [{"unique_id": "source.a.b.c", "error": "gone", "status": "runtime error"}]}
        )
    )
    (source,) = read_sources(tmp_path).results
    assert (source.error, source.max_loaded_at, source.criteria.warn_after) == ("gone", None, None)


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (None, "dbt wrote no run_results.json."),
        (b"", "is not in dbt's format"),
        (b'{"results": [{"unique_id"', "is not in dbt's format"),
        (b'{"results": "\xff"}', "is not in dbt's format"),
        (b'{"results": [{"status": "success"}]}', "missing required field `unique_id`"),
        (b"[]", "Expected `object`, got `array`"),
    ],
)
def test_the_error_for_an_unreadable_artifact_contains_its_path(
    tmp_path: Path, content: bytes | None, expected: str
) -> None:
    path = tmp_path / "run_results.json"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(DagsterDbtError) as caught:
        read_run_results(path)
    assert expected in str(caught.value)
    assert str(path) in str(caught.value)
