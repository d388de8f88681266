"""When a command gets another attempt, and over which nodes."""

from collections.abc import Sequence
from pathlib import Path

import pytest

from dbt_component.dbt_process.arguments import parse_arguments
from dbt_component.dbt_process.engine import Engine
from dbt_component.dbt_process.events import InvocationResult, NodeFinished
from dbt_component.execution.account import Account
from dbt_component.execution.attempt import Attempt
from dbt_component.execution.plan import Mode, RunPlan
from dbt_component.execution.retry import next_attempt
from dbt_component.project.project import DbtProject
from tests.dg_project import PROJECTS

BOTH = frozenset({"model.shop.a", "model.shop.b"})


def attempt(
    *,
    result: InvocationResult | None,
    mode: Mode = Mode.SLICE,
    started: bool = False,
    argv: Sequence[str] = ("build",),
) -> Attempt:
    plan = RunPlan(
        project=DbtProject(PROJECTS / "shop"),
        engine=Engine(python="python", versions={}),
        arguments=parse_arguments(argv),
        argv=list(argv),
        mode=mode,
        selected=BOTH,
        expected=BOTH,
    )
    made = Attempt(plan, Path("target"))
    made.result = result
    if started:
        made.started.add("model.shop.a")
    return made


def account(**statuses: str) -> Account:
    made = Account(BOTH)
    for name, status in statuses.items():
        made.record(NodeFinished(f"model.shop.{name}", status))
    return made


FINE = InvocationResult(success=True)
BROKEN = InvocationResult(success=False, error="KeyError: 'macro.x'")


@pytest.mark.parametrize(
    ("known", "last", "missing"),
    [
        (account(a="success"), attempt(result=FINE), {"model.shop.b"}),
        (
            account(a="success"),
            attempt(result=FINE, started=True, argv=["build", "--defer"]),
            {"model.shop.b"},
        ),
        (account(), attempt(result=BROKEN), set(BOTH)),
        (account(), attempt(result=None), set(BOTH)),
        (account(a="success"), attempt(result=FINE, mode=Mode.CUT), {"model.shop.b"}),
    ],
)
def test_nodes_that_a_slice_left_out_are_run_from_the_whole_project(
    known: Account, last: Attempt, missing: set[str]
) -> None:
    plan = next_attempt(known, [last])
    assert plan is not None
    assert plan.mode is Mode.PARSE
    assert plan.selected == plan.expected == missing
    assert f"{len(missing)} of 2 nodes did not report" in (plan.retry_reason or "")


def test_unit_tests_that_build_leaves_out_are_run_by_dbt_test() -> None:
    unit_test = "unit_test.shop.daily_orders.orders_are_counted_by_day"
    argv = ["--no-use-colors", "build", "-f", "--threads", "2", "--vars", "{a: 1}"]
    last = attempt(result=FINE, argv=argv)
    known = Account(frozenset({unit_test}))
    plan = next_attempt(known, [last])
    assert plan is not None
    assert plan.argv == ["--no-use-colors", "test", "--threads", "2", "--vars", "{a: 1}"]
    assert plan.mode is last.plan.mode
    assert plan.expected == {unit_test}
    known.record(NodeFinished(unit_test, "pass"))
    assert next_attempt(known, [last, Attempt(plan, Path("target-2"))]) is None


@pytest.mark.parametrize(
    ("known", "last"),
    [
        (account(a="success", b="success"), attempt(result=FINE)),
        (account(a="error"), attempt(result=FINE)),
        (account(a="success"), attempt(result=FINE, mode=Mode.PARSE)),
        (account(), attempt(result=InvocationResult(success=False, interrupted=True))),
        (account(), attempt(result=BROKEN, started=True)),
        # The next attempt would read what this one built from the other environment.
        (
            account(a="success"),
            attempt(result=FINE, started=True, argv=["build", "--defer", "--favor-state"]),
        ),
    ],
    ids=[
        "all reported",
        "one failed",
        "was not sliced",
        "interrupted",
        "broke down on the way",
        "favors another environment",
    ],
)
def test_there_is_no_other_attempt(known: Account, last: Attempt) -> None:
    assert next_attempt(known, [last]) is None


def test_after_a_failure_only_unit_tests_without_their_model_are_run_by_dbt_test() -> None:
    """With `--fail-fast`, dbt leaves out the others on purpose."""
    with_model, alone = "unit_test.shop.a.counts", "unit_test.shop.b.counts"
    models = {"model.shop.a", "model.shop.before"}
    last = attempt(result=FINE, argv=["build", "--fail-fast"])
    for missing, expected in (({with_model, alone}, {alone}), ({with_model}, None)):
        known = Account(frozenset({*models, *missing}))
        known.record(NodeFinished("model.shop.before", "error"))
        known.record(NodeFinished("model.shop.a", "skipped"))
        plan = next_attempt(known, [last])
        assert (None if plan is None else plan.expected) == expected
