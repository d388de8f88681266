"""Decides whether the platform runs failed nodes of a step again."""

from collections.abc import Iterable

from dbt_component.dbt_process.events import NodeFinished
from dbt_component.definitions.listing import counted, listed
from dbt_component.execution.error_class import class_of_message, class_of_node
from dbt_component.execution.retry_policy import DbtRetryPolicy

_MAX_LISTED = 5


class PlatformRetry:
    """A retry policy of a step whose nodes run on the platform.

    The platform's own retry runs everything again that failed or was skipped, so one error of a kind that the policy
    names is enough, whatever else failed.

    Args:
        policy: The policy.
        adapter: Type of the project's adapter.
    """

    def __init__(self, policy: DbtRetryPolicy, *, adapter: str) -> None:
        self._policy = policy
        self._adapter = adapter
        self._attempts = 1

    def reason(self, failed: Iterable[NodeFinished]) -> str | None:
        """Why the nodes run once more; ``None`` if they do not.

        Args:
            failed: The nodes that failed.
        """
        if self._attempts >= self._policy.attempts:
            return None
        of_kind = {
            finished.unique_id: kind
            for finished in failed
            if (kind := class_of_node(finished, adapter=self._adapter)) in self._policy.kinds
        }
        if not of_kind:
            return None
        kinds = ", ".join(sorted({kind.value for kind in of_kind.values() if kind is not None}))
        return (
            f"{counted(len(of_kind), 'node')} failed with errors of kind {kinds}:"
            f" {listed(of_kind, limit=_MAX_LISTED)}"
        )

    def reason_for_all(self, error: str | None) -> str | None:
        """Why a run that reported no node is started once more; ``None`` if it is not.

        Args:
            error: What it failed with.
        """
        if error is None or self._attempts >= self._policy.attempts:
            return None
        kind = class_of_message(error, adapter=self._adapter)
        return (
            f"dbt failed with an error of kind {kind.value}" if kind in self._policy.kinds else None
        )

    def begin(self) -> float:
        """Counts the next attempt, and returns the seconds to wait before it."""
        self._attempts += 1
        return self._policy.delay_before(self._attempts)
