"""A dbt that is driven by its command line is believed only where its log and its results agree."""

import json
from pathlib import Path
from typing import Any

import pytest

from dbt_component.dbt_process.child.drive_command import find_contradiction, read_results


def result(unique_id: str, status: str, message: str = "") -> dict[str, Any]:
    return {"unique_id": unique_id, "status": status, "message": message}


@pytest.mark.parametrize(
    ("logged", "results", "named"),
    [
        ({"model.a": "success"}, [result("model.a", "success")], None),
        ({"model.a": "error"}, [result("model.a", "error")], None),
        ({"model.a": "success"}, [result("model.a", "error")], "model.a (success, but error)"),
        ({"test.a": "pass"}, [result("test.b", "pass")], "test.a (pass, but not in the results)"),
        ({"operation.a": "success"}, [], None),  # only some versions list hooks
        ({"model.ephemeral": "success"}, [], None),
        ({"a": "success"}, [result("a", "skipped", "Skipping due to fail_fast")], None),
    ],
)
def test_a_log_contradicts_results_that_say_less_good(
    logged: dict[str, str], results: list[dict[str, Any]], named: str | None
) -> None:
    found = find_contradiction(logged, results, ephemeral=["model.ephemeral"])
    assert found is None if named is None else named in str(found)


def test_results_of_another_invocation_are_not_read(tmp_path: Path) -> None:
    path = tmp_path / "run_results.json"
    results = [{"unique_id": "model.a", "status": "Success"}]
    path.write_text(json.dumps({"metadata": {"invocation_id": "one"}, "results": results}))
    nodes, error = read_results(str(path), "one")
    assert [node["unique_id"] for node in nodes] == ["model.a"] and error is None
    nodes, error = read_results(str(path), "two")
    assert nodes == [] and "is of invocation one of dbt" in str(error)
    assert read_results(str(tmp_path / "none.json"), "one") == ([], None)
