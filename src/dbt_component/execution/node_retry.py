"""Decides which nodes of a step run again after errors that a retry policy names."""

import os
from collections.abc import Sequence
from dataclasses import replace

from dbt_component.dbt_process.child.child_statuses import SKIPPED
from dbt_component.dbt_process.events import NodeFinished
from dbt_component.definitions.listing import counted, listed
from dbt_component.execution.account import Account
from dbt_component.execution.attempt import Attempt
from dbt_component.execution.error_class import ErrorClass, class_of_message, class_of_node
from dbt_component.execution.plan import RunPlan
from dbt_component.execution.retry_policy import DbtRetryPolicy

_MAX_LISTED = 5


class NodeRetry:
    """A retry policy, applied to the nodes of one command.

    With ``--favor-state`` nothing runs again: another attempt does not select what the first one built, so dbt would
    read it from the other environment.

    Args:
        policy: The policy.
        adapter: Type of the project's adapter.
        plan: The command's first plan.
    """

    def __init__(self, policy: DbtRetryPolicy, *, adapter: str, plan: RunPlan) -> None:
        self._policy = policy
        self._adapter = adapter
        options = plan.arguments.state_options.with_environment(os.environ)
        self._is_possible = not options.favor_state

    def may_repeat(
        self, finished: NodeFinished, account: Account, attempts: Sequence[Attempt]
    ) -> bool:
        """Whether a node that has just ended will run again when the attempt ends."""
        return self._has_attempts_left(attempts) and self._is_repeatable(finished, account)

    def next_plan(self, account: Account, attempts: Sequence[Attempt]) -> RunPlan | None:
        """The plan of another attempt over the nodes that failed in this way; ``None`` if there are none.

        If dbt itself failed with such an error, as when the database can't be reached, all nodes that did not report
        run again.
        """
        last = attempts[-1]
        if not self._has_attempts_left(attempts):
            return None
        if last.result is not None and last.result.interrupted:
            return None
        again = {
            finished.unique_id
            for finished in account.finished
            if finished.unique_id in account.expected and self._is_repeatable(finished, account)
        }
        kinds = {self._class_of(finished) for finished in account.finished}
        reasons = sorted(error.value for error in self._policy.kinds if error in kinds)
        breakdown = self._breakdown_of(last)
        if breakdown is not None:
            again |= account.missing
            reasons = [breakdown.value]
        if not again:
            return None
        number = 1 + sum(attempt.plan.delay_seconds is not None for attempt in attempts) + 1
        delay = self._policy.delay_before(number)
        failed = [unique_id for unique_id in sorted(again) if not account.is_skipped(unique_id)]
        return replace(
            last.plan,
            selected=frozenset(again),
            expected=frozenset(again),
            delay_seconds=delay,
            retry_reason=f"{counted(len(again), 'node')} once more in {delay:.1f} s after errors of kind"
            f" {', '.join(reasons)}: {listed(failed, limit=_MAX_LISTED)}",
        )

    def _has_attempts_left(self, attempts: Sequence[Attempt]) -> bool:
        repeated = sum(attempt.plan.delay_seconds is not None for attempt in attempts)
        return self._is_possible and 1 + repeated < self._policy.attempts

    def _is_repeatable(self, finished: NodeFinished, account: Account) -> bool:
        if finished.status != SKIPPED:
            return self._class_of(finished) in self._policy.kinds
        causes = account.skip_causes(finished)
        return bool(causes) and all(self._class_of(cause) in self._policy.kinds for cause in causes)

    def _class_of(self, finished: NodeFinished) -> ErrorClass | None:
        return class_of_node(finished, adapter=self._adapter)

    def _breakdown_of(self, attempt: Attempt) -> ErrorClass | None:
        """The kind of error that dbt itself failed with, if the policy names it."""
        if not attempt.broke_down:
            return None
        if attempt.result is None:
            error = ErrorClass.CRASH
        else:
            error = class_of_message(attempt.result.error or "", adapter=self._adapter)
        return error if error in self._policy.kinds else None
