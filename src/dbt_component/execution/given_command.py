"""Runs a dbt command as it was given, and reports the nodes that end."""

import logging
from collections.abc import Generator, Iterator

from dbt_component.dbt_process.arguments import option_values
from dbt_component.dbt_process.artifacts import read_run_results
from dbt_component.dbt_process.commands import COMMANDS, DbtCommand
from dbt_component.dbt_process.events import NodeFinished, RawEvent
from dbt_component.errors import DagsterDbtError, DefinitionError
from dbt_component.execution.account import Account
from dbt_component.execution.attempt import Attempt
from dbt_component.execution.failure import DagsterDbtCliRuntimeError
from dbt_component.execution.node_reports import node_reports
from dbt_component.execution.outcome_events import DagsterEvent
from dbt_component.execution.plan import write_request
from dbt_component.execution.rendering import Rendering
from dbt_component.execution.report_wishes import ReportWishes
from dbt_component.execution.run_folder import naming_run_folder

_logger = logging.getLogger("dbt_component")


class GivenCommand:
    """A command that chooses its nodes itself.

    Args:
        attempt: The command.
        rendering: How its nodes appear in Dagster.
    """

    def __init__(self, attempt: Attempt, rendering: Rendering) -> None:
        self._attempt = attempt
        self._rendering = rendering
        self._effect = _effect_of(attempt)
        context = rendering.context
        self._log: logging.Logger = _logger if context is None else context.log

    def run(
        self, account: Account, wishes: ReportWishes
    ) -> Generator[NodeFinished | RawEvent, None, DagsterDbtCliRuntimeError | None]:
        """Runs dbt and yields each node that ends, as dbt reports it, and dbt's own events if they are wanted.

        Returns:
            The error of the command as a whole.
        """
        attempt = self._attempt
        try:
            with naming_run_folder(attempt.target_path):
                request = write_request(attempt.plan, None, attempt.target_path, wishes=wishes)
            yield from node_reports(attempt, request, account, self._log)
        finally:
            attempt.stop()
        return account.failure(attempt.end)

    def require_keys(self) -> None:
        """Refuses to render the nodes of a command that builds or tests if their keys are unknown.

        Raises:
            DefinitionError: There is no manifest.
        """
        if (self._effect.builds or self._effect.tests) and not self._rendering.has_manifest:
            command = self._attempt.plan.dbt_command
            raise DefinitionError(
                f"`{command}` runs outside of dbt definitions and without a manifest, so it is unknown which assets its"
                " nodes are.",
                where="DbtCliInvocation.stream",
                hint="Pass `manifest` to `cli`, or the `context` of a dbt asset; or use `wait()` or"
                " `stream_raw_events()`, which need neither.",
            )

    def warn_if_nothing_is_built(self) -> None:
        """Warns in the log of the op or asset that the command builds nothing."""
        if self._rendering.context is not None and not (self._effect.builds or self._effect.tests):
            self._log.warning(
                "`%s` builds nothing: no asset is materialized.", self._attempt.plan.dbt_command
            )

    def render(self, finished: NodeFinished) -> Iterator[DagsterEvent]:
        """The Dagster events of a node's end."""
        yield from self._rendering.render(finished, self._effect, log_path=self._attempt.log_path)


def _effect_of(attempt: Attempt) -> DbtCommand:
    """The command, or the one that `dbt retry` is about to repeat: that of the results in its folder."""
    command = attempt.plan.arguments.command
    if command.name != "retry":
        return command
    states = option_values(attempt.plan.argv, "--state")
    folder = attempt.plan.project.run_dir / states[-1] if states else attempt.target_path
    try:
        which = str((read_run_results(folder).args or {}).get("which") or "")
    except DagsterDbtError:  # dbt itself says that there is nothing to retry
        return command
    return COMMANDS.get(which, command)
