"""Every expected node is accounted for, and the error names those that are not fine."""

from pathlib import Path

import pytest

from dbt_component.dbt_process.arguments import parse_arguments
from dbt_component.dbt_process.engine import Engine
from dbt_component.dbt_process.events import InvocationResult, NodeFinished, NodeOutcome
from dbt_component.execution.account import Account
from dbt_component.execution.attempt import Attempt
from dbt_component.execution.plan import RunPlan
from dbt_component.execution.skip_causes import SkipCauses
from dbt_component.project.project import DbtProject
from dbt_component.project.state import StateFile
from tests.dg_project import PROJECTS


@pytest.fixture
def attempt(tmp_path: Path) -> Attempt:
    plan = RunPlan(
        project=DbtProject(PROJECTS / "shop"),
        engine=Engine(python="python", versions={}),
        arguments=parse_arguments(["build"]),
        argv=["build", "--full-refresh"],
    )
    made = Attempt(plan, tmp_path / "target")
    made.result = InvocationResult(success=True)
    return made


def account(*expected: str, **statuses: str) -> Account:
    made = Account(frozenset(expected))
    for name, status in statuses.items():
        made.record(NodeFinished(name, status, message=f"message of {name}"))
    return made


@pytest.mark.parametrize("status", ["success", "pass", "warn", "no-op", "reused"])
def test_a_node_that_is_fine_is_no_failure(attempt: Attempt, status: str) -> None:
    assert account("a", a=status).failure(attempt.end) is None


def test_a_node_that_never_reported_is_a_failure_although_dbt_succeeded(attempt: Attempt) -> None:
    error = account("a", "b", a="success").failure(attempt.end)
    assert error is not None
    assert "`dbt build --full-refresh`: 0 of 2 nodes failed, 0 were skipped, 1 never" in str(error)
    assert "Never reported: b." in str(error)
    assert error.metadata["missing_nodes"].value == ["b"]


def test_failed_and_skipped_nodes_are_named_with_the_message_of_the_failure(
    attempt: Attempt,
) -> None:
    error = account("a", "b", "c", a="error", b="skipped", c="success").failure(attempt.end)
    assert error is not None
    assert "a (error):\n  message of a" in str(error)
    assert "Skipped (message of b): b" in str(error)
    assert str(attempt.target_path) in str(error)


def test_a_dbt_that_breaks_down_is_a_failure_with_its_message(attempt: Attempt) -> None:
    attempt.result = InvocationResult(success=False, error="Runtime Error: no profile")
    assert "no profile" in str(account().failure(attempt.end))
    attempt.result = None
    attempt.exit_code = -9
    attempt.errors = ["out of memory"]
    text = str(account().failure(attempt.end))
    assert "exit code -9 and no result" in text and "out of memory" in text
    attempt.result = InvocationResult(success=False)
    assert "out of memory" in str(account().failure(attempt.end))


def test_nodes_of_the_final_result_without_an_event_are_reported_late(attempt: Attempt) -> None:
    known = account("a", "b", a="error")
    result = InvocationResult(
        success=False,
        nodes=[NodeOutcome("a", "error"), NodeOutcome("b", "skipped", message="a failed")],
    )
    late = list(known.unreported(result))
    assert [finished.unique_id for finished in late] == ["b"]
    known.record(late[0])
    assert known.skip_reason(late[0]) == "a failed"
    assert known.missing == frozenset()


def test_skipped_nodes_are_listed_by_the_nodes_that_made_dbt_skip_them(
    attempt: Attempt, shop_state: StateFile
) -> None:
    ids = [f"model.shop.{name}" for name in ("stg_customers", "customers", "from_source")]
    known = Account(frozenset(ids), SkipCauses(shop_state.index))
    known.record(NodeFinished(ids[0], "error", message="no such table"))
    known.record(NodeFinished(ids[1], "skipped"))
    known.record(NodeFinished(ids[2], "skipped", message="Skipping due to fail_fast"))
    text = str(known.failure(attempt.end))
    assert "1 of 3 nodes failed, 2 were skipped." in text
    assert "\nSkipped (model.shop.stg_customers failed): model.shop.customers\n" in text
    assert "\nSkipped (Skipping due to fail_fast): model.shop.from_source\n" in text


def test_hooks_are_not_counted_as_nodes(attempt: Attempt) -> None:
    known = account("a", a="success")
    known.record(NodeFinished("operation.shop.shop-on-run-start-0", "success"))
    known.record(NodeFinished("operation.shop.shop-on-run-end-0", "error", message="no such table"))
    text = str(known.failure(attempt.end))
    assert "0 of 1 node failed, 0 were skipped, 1 hook failed." in text
    assert "operation.shop.shop-on-run-end-0 (error):\n  no such table" in text


def test_of_many_failed_nodes_the_first_have_all_of_their_message_and_the_next_a_line(
    attempt: Attempt,
) -> None:
    names = [f"model.shop.m{number:02}" for number in range(30)]
    made = Account(frozenset(names))
    for name in names:
        message = (
            f"Database Error in model {name[-3:]} (models/{name[-3:]}.sql)\n"
            f'  relation "{name}" does not exist\n  LINE 1: select\n  compiled code at target/{name}.sql'
        )
        made.record(NodeFinished(name, "error", message=message))
    error = made.failure(attempt.end)
    assert error is not None
    lines = str(error).splitlines()
    assert sum(line.startswith("  LINE 1") or line == "    LINE 1: select" for line in lines) == 5
    assert 'model.shop.m05 (error): relation "model.shop.m05" does not exist' in lines
    assert 'model.shop.m19 (error): relation "model.shop.m19" does not exist' in lines
    assert "… and 10 more." in lines and "m20" not in str(error)
    assert len(lines) < 60
