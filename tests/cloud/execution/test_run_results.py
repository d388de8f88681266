"""Reading of run_results.json as the ends of nodes."""

import json
from datetime import datetime, timezone

import pytest

from dbt_component.cloud.execution.run_results import read_run_results
from dbt_component.errors import DbtCloudAnswerError
from tests.cloud.execution.troubled_project import FinishedCommand


def test_every_node_of_a_build_is_read_with_its_status(troubled_build: FinishedCommand) -> None:
    found = read_run_results(troubled_build.run_results)
    raw = troubled_build.results
    assert {node.unique_id: node.status for node in found.nodes} == {
        unique_id: result["status"] for unique_id, result in raw.items()
    }
    assert {"success", "error", "skipped", "pass", "fail", "warn"} == {
        n.status for n in found.nodes
    }
    assert found.command == "build"
    assert found.generated_at is not None and found.generated_at.tzinfo is timezone.utc
    assert {node.invocation_id for node in found.nodes} == {found.invocation_id}


def test_a_node_has_its_times_in_utc_without_a_zone(troubled_build: FinishedCommand) -> None:
    found = read_run_results(troubled_build.run_results)
    (built,) = [n for n in found.nodes if n.unique_id == "model.troubled.orders"]
    assert built.started_at and built.finished_at and built.started_at < built.finished_at
    assert datetime.fromisoformat(built.started_at).tzinfo is None
    assert built.execution_time_seconds > 0 and (built.thread or "").startswith("Thread-")
    assert (built.resource_type, built.compiled_code, built.relation_name) == ("model", None, None)


def test_what_failed_has_its_message_and_sql(troubled_build: FinishedCommand) -> None:
    nodes = {n.unique_id: n for n in read_run_results(troubled_build.run_results).nodes}
    broken = nodes["model.troubled.broken"]
    assert "no_such_column" in (broken.message or "") and "no_such_column" in (
        broken.compiled_code or ""
    )
    warned = nodes["test.troubled.not_null_orders_amount.106140f9fd"]
    assert (warned.failures, warned.message) == (1, "Got 1 result, configured to warn if != 0")
    unit = nodes["unit_test.troubled.copied.view_is_a_copy"]
    assert unit.failures is None  # a unit test counts no rows
    assert "differs from" in (unit.message or "") and "\x1b" not in (unit.message or "")


def test_fields_that_another_engine_omits_or_leaves_null_get_defaults() -> None:
    results = [
        {
            "unique_id": "model.p.a",
            "status": "Success",
            "thread_id": None,
            "timing": None,
            "new": 1,
        },
        {"unique_id": "test.p.t.1", "status": "pass", "execution_time": None, "failures": None},
    ]
    found = read_run_results(json.dumps({"results": results, "metadata": {"x": 1}}).encode())
    assert [(n.unique_id, n.status, n.execution_time_seconds) for n in found.nodes] == [
        ("model.p.a", "success", 0.0),
        ("test.p.t.1", "pass", 0.0),
    ]
    assert (found.invocation_id, found.generated_at, found.command) == (None, None, "")


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"<html>",
        b'{"results": [{"unique_id": "model.p.a"',
        b'{"results": null}',
        b"[]",
        b"\xff",
    ],
)
def test_anything_else_is_an_answer_that_is_not_of_the_documented_form(content: bytes) -> None:
    with pytest.raises(DbtCloudAnswerError, match=r"run_results\.json is not in dbt's format"):
        read_run_results(content, where="run 7, step 4")


def test_two_word_commands_have_their_full_name() -> None:
    content = {"results": [], "args": {"which": "generate"}}
    assert read_run_results(json.dumps(content).encode()).command == "docs generate"
