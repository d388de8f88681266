"""Decides whether a command needs another attempt, and over which nodes."""

import os
from collections.abc import Callable, Sequence
from dataclasses import replace

from dbt_component.dbt_process.arguments import as_test, parse_arguments
from dbt_component.definitions.listing import counted
from dbt_component.execution.account import Account
from dbt_component.execution.attempt import Attempt
from dbt_component.execution.node_retry import NodeRetry
from dbt_component.execution.plan import Mode, RunPlan


def next_attempt(
    account: Account, attempts: Sequence[Attempt], node_retry: NodeRetry | None = None
) -> RunPlan | None:
    """The plan of the next attempt; ``None`` if no reason calls for one.

    Args:
        account: The nodes that the attempts reported.
        attempts: All attempts, oldest first; at least one, and all have ended.
        node_retry: The retry policy, if there is one.
    """
    if node_retry is not None:
        plan = node_retry.next_plan(account, attempts)
        if plan is not None:
            return plan
    for reason in REASONS:
        plan = reason(account, attempts)
        if plan is not None:
            return plan
    return None


def nodes_that_a_slice_left_out(account: Account, attempts: Sequence[Attempt]) -> RunPlan | None:
    """Runs nodes that did not report again, from the complete project.

    There is no such attempt if a node failed or the run was interrupted, since dbt then leaves out other nodes
    on purpose. Nor is there one if dbt broke down after it had started nodes: they may have had effects, so
    running them again is the user's decision. With ``--favor-state`` there is none after nodes were started: the
    next attempt does not select what they built, so dbt would read it from the other environment.
    """
    last = attempts[-1]
    missing = account.missing
    if not missing or last.plan.mode is Mode.PARSE:
        return None
    if account.has_failures or (last.result is not None and last.result.interrupted):
        return None
    options = last.plan.arguments.state_options.with_environment(os.environ)
    if last.started and (last.broke_down or options.favor_state):
        return None
    error = last.result.error if last.result is not None else None
    return replace(
        last.plan,
        selected=missing,
        expected=missing,
        mode=Mode.PARSE,
        reason="nodes did not report",
        delay_seconds=None,
        retry_reason=f"{len(missing)} of {counted(len(last.plan.expected), 'node')} did not report"
        f" ({error or 'no error'}); running again without the slice",
    )


def unit_tests_that_build_left_out(account: Account, attempts: Sequence[Attempt]) -> RunPlan | None:
    """Runs unit tests with `dbt test`, since `dbt build` runs only those whose model it builds too.

    A unit test whose model was to be built is missing for another reason, such as `--fail-fast`.
    """
    last = attempts[-1]
    missing = account.missing
    is_build = last.plan.arguments.command.name == "build"
    if not is_build or last.broke_down or not all(i.startswith("unit_test.") for i in missing):
        return None
    if not missing or (last.result is not None and last.result.interrupted):
        return None
    if account.has_failures:
        missing = frozenset(i for i in missing if not _is_model_expected(i, account.expected))
        if not missing:
            return None
    argv = as_test(last.plan.argv)
    return replace(
        last.plan,
        arguments=parse_arguments(argv),
        argv=argv,
        selected=missing,
        expected=missing,
        delay_seconds=None,
        retry_reason="`dbt build` runs a unit test only with its model; `dbt test` runs"
        f" {counted(len(missing), 'unit test')}",
    )


def _is_model_expected(unit_test_id: str, expected: frozenset[str]) -> bool:
    """Whether the model of ``unit_test.package.model.name`` is among ``expected``, in any version."""
    model_id = "model." + ".".join(unit_test_id.split(".")[1:3])
    return any(i == model_id or i.startswith(f"{model_id}.v") for i in expected)


Reason = Callable[[Account, Sequence[Attempt]], RunPlan | None]
REASONS: tuple[Reason, ...] = (unit_tests_that_build_left_out, nodes_that_a_slice_left_out)
"""The reasons for another attempt, in order; the first that returns a plan wins."""
