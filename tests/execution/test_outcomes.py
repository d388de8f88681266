"""What a node's end means."""

import pytest

from dbt_component.dbt_process.commands import COMMANDS
from dbt_component.dbt_process.events import NodeFinished
from dbt_component.execution.outcomes import Built, Checked, NotBuilt, outcome_of
from dbt_component.project.state import StateFile

MODEL = "model.shop.customers"


def id_of_a_test(state: StateFile) -> str:
    return next(t.unique_id for t in state.index.tests if t.name == "totals_match")


@pytest.mark.parametrize("status", ["success", "no-op", "reused", "warn"])
def test_a_model_that_is_up_to_date_is_built(shop_state: StateFile, status: str) -> None:
    outcome = outcome_of(shop_state.index, NodeFinished(MODEL, status), command=COMMANDS["build"])
    assert isinstance(outcome, Built)


@pytest.mark.parametrize("status", ["error", "skipped", "partial success", "fail", "runtime error"])
def test_a_model_that_failed_is_not_built_and_says_why(shop_state: StateFile, status: str) -> None:
    finished = NodeFinished(MODEL, status, message="no such column")
    outcome = outcome_of(shop_state.index, finished, command=COMMANDS["run"])
    assert isinstance(outcome, NotBuilt)
    assert outcome.message == "no such column"
    outcome = outcome_of(
        shop_state.index, finished, command=COMMANDS["run"], skip_reason="its parent failed"
    )
    assert isinstance(outcome, NotBuilt)
    assert outcome.message == "its parent failed"


@pytest.mark.parametrize(
    ("status", "passed", "is_warning"),
    [
        ("pass", True, False),
        ("success", True, False),
        ("no-op", True, False),
        ("reused", True, False),
        ("warn", False, True),
        ("fail", False, False),
        ("error", False, False),
    ],
)
def test_a_test_is_checked(
    shop_state: StateFile, status: str, passed: bool, is_warning: bool
) -> None:
    finished = NodeFinished(id_of_a_test(shop_state), status)
    outcome = outcome_of(shop_state.index, finished, command=COMMANDS["test"])
    assert isinstance(outcome, Checked)
    assert (outcome.passed, outcome.is_warning) == (passed, is_warning)


def test_what_was_not_evaluated_or_not_built_has_no_outcome(shop_state: StateFile) -> None:
    index = shop_state.index
    build, compile_ = COMMANDS["build"], COMMANDS["compile"]
    assert (
        outcome_of(index, NodeFinished(id_of_a_test(shop_state), "skipped"), command=build) is None
    )
    assert (
        outcome_of(index, NodeFinished(id_of_a_test(shop_state), "success"), command=compile_)
        is None
    )
    assert outcome_of(index, NodeFinished(MODEL, "success"), command=compile_) is None
    assert outcome_of(index, NodeFinished("model.other.x", "success"), command=build) is None
    ephemeral = [node for node in index.nodes if node.is_ephemeral]
    assert ephemeral
    assert outcome_of(index, NodeFinished(ephemeral[0].unique_id, "success"), command=build) is None
