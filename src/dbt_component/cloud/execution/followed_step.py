"""Follows one dbt command of a run on the platform: its log, then its results."""

import sys
from collections.abc import Iterator

from dbt_component.cloud.client.client import DbtCloudClient
from dbt_component.cloud.client.run_status import RunStatus
from dbt_component.cloud.client.run_step import CloudRunStep
from dbt_component.cloud.execution.node_log import NodeLog
from dbt_component.cloud.execution.run_results import RunResults, read_run_results
from dbt_component.cloud.execution.step_reports import NodeLogged, StepEnded, StepReport
from dbt_component.dbt_process.artifacts import RUN_RESULTS
from dbt_component.dbt_process.events import NodeFinished
from dbt_component.errors import DbtCloudAnswerError

_MAX_LOG_CHARACTERS = 4_000_000
"""No complete log larger than this is asked for to close a gap."""


class FollowedStep:
    """One dbt command of a run.

    Args:
        client: The account.
        run_id: The run.
        index: The place of the step in the run.
    """

    def __init__(self, client: DbtCloudClient, run_id: int, index: int) -> None:
        self.step: CloudRunStep | None = None
        self.is_over = False
        """Whether ``StepEnded`` has been reported."""
        self._client = client
        self._run_id = run_id
        self.index = index
        self._log = NodeLog()
        self._logged: list[NodeFinished] = []
        self._printed = ""
        self._log_size = 0
        self._has_read_all = False

    @property
    def needs_complete_log(self) -> bool:
        """Whether the end of the log no longer reaches back to what is known, and all of it is not too large."""
        can_help = not self.is_over and not self._has_read_all
        return can_help and self._log.has_gap and self._log_size < _MAX_LOG_CHARACTERS

    def read(self, step: CloudRunStep, *, is_complete_log: bool = False) -> Iterator[StepReport]:
        """Reads the present state of the step: what is new in its log.

        Args:
            step: The step with its logs.
            is_complete_log: Whether its debug log is all of it, not the end only.
        """
        self.step = step
        self._print(step.logs)
        self._has_read_all = is_complete_log
        if is_complete_log:
            self._log_size = len(step.debug_logs)
        for finished in self._log.read(step.debug_logs, is_whole=is_complete_log):
            self._logged.append(finished)
            yield NodeLogged(finished)

    def fetch_results(self, known: frozenset[str]) -> StepEnded | None:
        """The end of the step with its results; ``None`` if they are not there yet, or not as dbt writes them.

        Among the artifacts of a step is the file of an earlier one if it wrote none itself.

        Args:
            known: The ids of the commands of earlier steps.

        Raises:
            DbtCloudError: The platform can't be asked.
        """
        assert self.step is not None, "the step was read before"
        where = f"{RUN_RESULTS} of run {self._run_id}, step {self.index}"
        try:
            content = self._client.artifact(self._run_id, RUN_RESULTS, step=self.index)
            results = None if content is None else read_run_results(content, where=where)
        except DbtCloudAnswerError:
            return None
        if results is None or not self._is_own(results, known):
            return None
        self.is_over = True
        self._log.invocation_id = results.invocation_id
        return StepEnded(self.step, results.nodes, has_results=True)

    def end_without_results(self) -> StepEnded:
        """The end of a step that has no results: the nodes of its log."""
        assert self.step is not None, "the step was read before"
        self.is_over = True
        return StepEnded(self.step, self._logged, has_results=False)

    @property
    def invocation_id(self) -> str | None:
        """The id of the command, as far as it is known."""
        return self._log.invocation_id

    @property
    def may_have_results(self) -> bool:
        """Whether the step ran nodes, as far as its status and log tell."""
        assert self.step is not None, "the step was read before"
        return self.step.status is RunStatus.SUCCESS or bool(self._logged)

    def _is_own(self, results: RunResults, known: frozenset[str]) -> bool:
        if self._log.invocation_id is not None and results.invocation_id is not None:
            return results.invocation_id == self._log.invocation_id
        return results.invocation_id not in known

    def _print(self, text: str) -> None:
        """Passes on what is new on the step's console, as dbt in this process would print it."""
        has_more = text.startswith(self._printed)
        new = text[len(self._printed) :] if has_more else text
        if new and (has_more or text not in self._printed):
            sys.stdout.write(new)
            sys.stdout.flush()
            self._printed = text
